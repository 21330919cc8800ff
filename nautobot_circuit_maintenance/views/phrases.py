"""Phrases as HTML: with badges, and with windows in the user's time zone."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from nautobot_circuit_maintenance.domain.phrases import Part, PartKind, Phrase, Topic
from nautobot_circuit_maintenance.models import Note
from nautobot_circuit_maintenance.ui import formatting

_ARROW = format_html(
    ' <span class="mdi mdi-arrow-right" title="{0}"></span><span class="visually-hidden">{0}</span> ', "to"
)


def shown(phrases: Iterable[Phrase]) -> list[SafeString]:
    """Return the phrases as HTML."""
    return [_phrase(phrase) for phrase in phrases]


def note_link(note: Note) -> SafeString:
    """Show the level of a note, and its title as a link."""
    link = format_html('<a href="{}">{}</a>', note.get_absolute_url(), note.title)
    return format_html("{} note {}", formatting.badge(note.level), link)


def _phrase(phrase: Phrase) -> SafeString:
    html = format_html_join("", "{}", ((_part(part),) for part in phrase.parts))
    return format_html('<span class="text-secondary">{}</span>', html) if phrase.topic is Topic.DESCRIPTION else html


def _part(part: Part) -> str:
    if part.window:
        return formatting.window(*part.window)
    if part.kind in (PartKind.STATUS, PartKind.IMPACT):
        return formatting.badge(part.text)
    return _ARROW if part.kind is PartKind.ARROW else part.text
