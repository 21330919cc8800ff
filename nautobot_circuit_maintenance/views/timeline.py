"""The timeline of a maintenance in words: what each notification changed, who acknowledged, what people noted and edited."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from nautobot.apps.ui import Panel

from nautobot_circuit_maintenance.analysis.evidence import Evidence
from nautobot_circuit_maintenance.analysis.manual_changes import Edit, read_edits
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.timeline import Difference, TimelineEntry, collapse_repeats
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, Window
from nautobot_circuit_maintenance.models import CircuitMaintenance, Note, Notification, ParsedNotification
from nautobot_circuit_maintenance.ui import formatting

_SHOWN = 5
_ARROW = format_html(
    ' <span class="mdi mdi-arrow-right" title="{0}"></span><span class="visually-hidden">{0}</span> ', "to"
)


@dataclass(frozen=True)
class Line:
    """One thing that happened."""

    at: datetime
    icon: str
    what: SafeString
    changes: Sequence[SafeString] = ()
    reason: str = ""
    """Why it counts less; empty for what counts."""
    links: Sequence[SafeString] = field(default=())
    """The notifications that were folded into this line."""


class TimelinePanel(Panel):
    """What happened, newest first, as far as the user may see it."""

    body_content_template_path = "nautobot_circuit_maintenance/inc/timeline.html"

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Tell the story."""
        visibility = Visibility.of(context["request"].user)
        lines = lines_of(context["object"], context["evidence"], visibility)
        return {**super().get_extra_context(context), "timeline": lines}


def lines_of(maintenance: CircuitMaintenance, evidence: Evidence, visibility: Visibility) -> list[Line]:
    """Return what happened to a maintenance, newest first."""
    lines = [
        *_notifications(maintenance, evidence, visibility),
        *_acknowledgement(maintenance),
        *_notes(maintenance, visibility),
        *_edits(maintenance, visibility),
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _notifications(maintenance: CircuitMaintenance, evidence: Evidence, visibility: Visibility) -> Iterator[Line]:
    seen = visibility.parsed_notifications.filter(maintenance=maintenance)
    visible = set(seen.values_list("fingerprint", flat=True))
    if not visible:
        return
    mails = visibility.notifications.filter(parsed_notifications__maintenance=maintenance)
    readable = set(mails.values_list("pk", flat=True))
    links = {row.fingerprint: _link(row, readable) for row in evidence.rows if row.fingerprint in visible}
    shown = [step for step in evidence.steps if step.update.provenance.fingerprint in visible]
    for group in collapse_repeats(shown):
        yield _line(group, links)


def _link(row: ParsedNotification, readable: set[Any]) -> SafeString:
    """Link to the mail, or to what it said where the user may not see the mail or it is gone."""
    target = Notification(pk=row.notification_id) if row.notification_id in readable else row
    return format_html('<a href="{}">{}</a>', target.get_absolute_url(), row.subject or "(no subject)")


def _line(group: tuple[TimelineEntry, ...], links: dict[str, SafeString]) -> Line:
    step = group[0]
    mails = [links[each.update.provenance.fingerprint] for each in group]
    if len(group) > 1:
        what = format_html("{} notifications that changed nothing", len(group))
    else:
        what = format_html("{}, {}", mails[0], _times(step))
    return Line(
        at=step.issued_at,
        icon="mdi-email-outline",
        what=what,
        changes=() if step.is_repeat else tuple(changes_of(step)),
        reason=_reason(step, len(group)),
        links=mails if len(group) > 1 else (),
    )


def _times(step: TimelineEntry) -> SafeString:
    received = step.update.provenance.received_at
    if received - step.issued_at < timedelta(minutes=1):
        return format_html("issued and received {}", formatting.inline_datetime(received))
    return format_html(
        "issued {}, received {}", formatting.inline_datetime(step.issued_at), formatting.inline_datetime(received)
    )


def _reason(step: TimelineEntry, count: int) -> str:
    if step.is_late:
        return "They arrived after a newer one." if count > 1 else "It arrived after a newer one."
    return "It changed nothing." if step.is_repeat and count == 1 else ""


def changes_of(difference: Difference) -> Iterator[SafeString]:
    """Yield what notifications changed, one thing after another."""
    if difference.is_first:
        yield format_html("announced as {}", formatting.badge(difference.after.status))
    else:
        yield from _status(difference)
    yield from _windows(difference)
    yield from _circuits(difference)
    if not difference.is_first:
        yield from _description(difference)


def changes_by_hand(edit: Edit) -> Iterator[SafeString]:
    """Yield what a person changed, one thing after another; nothing where that is not on record."""
    if edit.difference:
        yield from _status(edit.difference)
        yield from _windows(edit.difference)
        yield from _description(edit.difference)
    for name, (before, after) in edit.fields.items():
        yield _field(name, before, after)


def note_link(note: Note) -> SafeString:
    """Show a note's level and title."""
    link = format_html('<a href="{}">{}</a>', note.get_absolute_url(), note.title)
    return format_html("{} note {}", formatting.badge(note.level), link)


def _field(name: str, before: Any, after: Any) -> SafeString:
    if name == "ack":
        return format_html("{}", "acknowledged" if after else "acknowledgement withdrawn")
    if isinstance(before, str) and isinstance(after, str):
        return format_html("{} {}{}{}", name, before or "none", _ARROW, after or "none")
    return format_html("{} changed", name.replace("_", " "))


def _status(difference: Difference) -> Iterator[SafeString]:
    before, after = difference.before.status, difference.after.status
    if before != after:
        yield format_html("{}{}{}", formatting.badge(before), _ARROW, formatting.badge(after))


def _description(difference: Difference) -> Iterator[SafeString]:
    if difference.before.description != difference.after.description:
        yield format_html('<span class="text-secondary">{} changed</span>', "description")


def _windows(difference: Difference) -> Iterator[SafeString]:
    if difference.moved_by:
        several = "windows" if len(difference.after.windows) > 1 else "window"
        spans = _spans(difference.windows_new)
        yield format_html("{} moved {}{}{}", several, formatting.shift_text(difference.moved_by), _ARROW, spans)
        return
    if difference.windows_gone:
        yield format_html("no longer planned: {}", _spans(difference.windows_gone))
    if difference.windows_new:
        several = "windows" if len(difference.windows_new) > 1 else "window"
        yield format_html("{} {}", several, _spans(difference.windows_new))


def _spans(windows: Sequence[Window]) -> SafeString:
    return _first((formatting.window(*each) for each in windows), len(windows))


def _circuits(difference: Difference) -> Iterator[SafeString]:
    if difference.circuits_new:
        words = (_word(word) for word in difference.circuits_new)
        count = len(difference.circuits_new)
        yield format_html(
            "{} {}: {}", _circuits_named(count), "hit" if difference.is_first else "added", _first(words, count)
        )
    if difference.circuits_gone:
        count = len(difference.circuits_gone)
        yield format_html("{} removed: {}", _circuits_named(count), _first(difference.circuits_gone, count))
    if difference.circuits_turned:
        turned = (_turned(word, impact) for word, impact in difference.circuits_turned)
        yield format_html("impact of {}", _first(turned, len(difference.circuits_turned)))


def _circuits_named(count: int) -> str:
    return "circuit" if count == 1 else f"{count} circuits"


def _word(word: AnnouncedImpact) -> SafeString:
    return format_html("{} {}", word.cid, formatting.badge(word.impact))


def _turned(word: AnnouncedImpact, impact: str) -> SafeString:
    return format_html("{}: {}{}{}", word.cid, formatting.badge(word.impact), _ARROW, formatting.badge(impact))


def _first(parts: Iterable[Any], count: int) -> SafeString:
    """Join the first of these, and count the others."""
    shown = format_html_join(", ", "{}", ((part,) for place, part in enumerate(parts) if place < _SHOWN))
    return format_html("{} and {} more", shown, count - _SHOWN) if count > _SHOWN else shown


def _acknowledgement(maintenance: CircuitMaintenance) -> Iterator[Line]:
    if maintenance.ack and maintenance.acknowledged_at:
        at, who = maintenance.acknowledged_at, maintenance.acknowledged_by or "somebody"
        yield Line(
            at,
            "mdi-check-bold text-success",
            format_html("acknowledged by {}, {}", who, formatting.inline_datetime(at)),
        )


def _notes(maintenance: CircuitMaintenance, visibility: Visibility) -> Iterator[Line]:
    for note in visibility.notes.filter(maintenance=maintenance):
        at = note.created or note.last_updated
        what = format_html("{}, {}", note_link(note), formatting.inline_datetime(at))
        yield Line(at, "mdi-note-text-outline", what)


def _edits(maintenance: CircuitMaintenance, visibility: Visibility) -> Iterator[Line]:
    for edit in read_edits(visibility, CircuitMaintenance.objects.filter(pk=maintenance.pk).order_by()):
        done = "added by hand" if edit.is_new else "edited"
        what = format_html("{} by {}, {}", done, edit.who, formatting.inline_datetime(edit.at))
        yield Line(edit.at, "mdi-plus" if edit.is_new else "mdi-pencil", what, tuple(changes_by_hand(edit)))
