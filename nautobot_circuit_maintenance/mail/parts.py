"""The content of a message as readers take it: its parts by type, and the texts in which a calendar may be.

Built here because the parser library's own reader fails on messages without Subject or Date, on Latin-1 and on parts
without content, and because it chooses between two parts of one type at random (PYTHONHASHSEED).
"""

import codecs
import email.utils
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from typing import NamedTuple

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.domain.updates import Provenance
from nautobot_circuit_maintenance.mail.automatic import automatic_reply, own_notice
from nautobot_circuit_maintenance.mail.charsets import decode_words, decoded, raw_field
from nautobot_circuit_maintenance.mail.containers import Obstacle
from nautobot_circuit_maintenance.mail.leaves import Leaf, leaves, parsed
from nautobot_circuit_maintenance.mail.quotes import is_reply, newest_text
from nautobot_circuit_maintenance.mail.quotes_html import newest_html
from nautobot_circuit_maintenance.mail.rendering import html_to_text
from nautobot_circuit_maintenance.mail.text import unflowed

Parts = Mapping[str, tuple[bytes, ...]]
"""The distinct contents of a message by type, in the order of the message; none is empty."""

_CALENDAR = "text/calendar"
_EVENT, _ZONE, _END_OF_ZONE = b"BEGIN:VEVENT", b"BEGIN:VTIMEZONE", b"END:VTIMEZONE"
_HTML, _PLAIN = "text/html", "text/plain"
# Other text stays as it is: the one CSV format that the library reads (Colt) is UTF-16, whatever its headers claim.
_DECODED = (_CALENDAR, _HTML, _PLAIN)
_MAX_SUBJECT_LENGTH = 300
"""Regular expressions of the library need cubic time for a subject: 2,000 "[" cost Seaborn's 8 s. Real ones have up to 160."""
_MAX_FIELD_LENGTH = 2_000
_CALENDAR_START = b"BEGIN:VCALENDAR"
_FIRST_LINE = re.compile(r"^\ufeff?BEGIN:VCALENDAR[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_FOLD_IN_HTML = re.compile(
    r"(?:(?:<br\s{0,3}/?>)?\r?\n|</(?:p|div)>\s{0,9}<(?:p|div)[^>]{0,99}>)(?:[ \t]|&nbsp;)", re.IGNORECASE
)
# Some programs fold between the bytes of a character (RFC 5545 section 3.1), which is none until they are joined.
_FOLD_IN_CHARACTER = re.compile(rb"(?<=[\x80-\xff])\r?\n[ \t](?=[\x80-\xff])")


class Envelope(NamedTuple):
    """What the part that holds a calendar says about it."""

    method: str = ""
    """In capitals; empty if nothing is said."""
    sent_at: datetime | None = None
    """The Date of the attached message that the calendar came in; None if it is the message's own."""


@dataclass(frozen=True)
class MailContent:
    """What a message contains."""

    parts: Parts
    """With its subject and date; without the calendars that are among ``calendars``."""
    calendars: tuple[str, ...]
    """The texts that contain a calendar, whatever the type of their part is."""
    envelopes: Mapping[str, Envelope]
    """By the text of a calendar."""
    obstacles: tuple[Obstacle, ...]
    """Containers that could not be opened."""
    automatic: str
    """Why it is an automatic reply; empty if it is none."""
    is_reply: bool
    has_unread_message: bool
    """Whether an attached message was left out."""
    subject: str
    own: str = ""
    """Why it is an email of the app itself; empty if it is none."""

    def newest(self) -> Parts:
        """Return the parts without what their text quotes; the same parts if nothing is quoted."""
        newest = {_HTML: newest_html, _PLAIN: newest_text}
        return {
            kind: (
                tuple(_rewritten(each, newest[kind], self.is_reply) for each in contents)
                if kind in newest
                else contents
            )
            for kind, contents in self.parts.items()
        }

    def mentions(self, text: str) -> bool:
        """Return whether any part contains this text, in any case."""
        wanted = text.upper().encode()
        return any(wanted in content.upper() for contents in self.parts.values() for content in contents)


def mail_content(raw: bytes, provenance: Provenance, *, reads_attached: bool = True) -> MailContent:
    """Return the content of a message; raises ParseError if its parts are nested too deeply."""
    try:
        message = parsed(raw)
        found = leaves(message, reads_attached=reads_attached)
    except RecursionError as error:
        raise ParseError("READ-16", "Message parts are nested too deeply.") from error
    parts: dict[str, tuple[bytes, ...]] = {}
    calendars: dict[str, Envelope] = {}
    for leaf in found.found:
        if text := _calendar_text(leaf):
            calendars.setdefault(text, Envelope(leaf.method, leaf.attached_at))
        content = _library_content(leaf)
        if content.strip() and content not in parts.get(leaf.kind, ()):
            parts[leaf.kind] = (*parts.get(leaf.kind, ()), content)
    subject = _subject(message)
    # Never empty: the library's filters guess the encoding, and for an empty subject they guess None.
    header = {"email-header-subject": ((subject or " ").encode(),), "email-header-date": (_date(provenance),)}
    return MailContent(
        {**parts, **header},
        tuple(calendars),
        calendars,
        tuple(found.obstacles),
        automatic_reply(message),
        is_reply=is_reply(subject, answers=bool(raw_field(message, "In-Reply-To") or raw_field(message, "References"))),
        has_unread_message=found.has_unread_message,
        subject=subject,
        own=own_notice(message),
    )


def _calendar_text(leaf: Leaf) -> str:
    """Return the text of a part that contains a calendar; else nothing."""
    if _CALENDAR_START not in leaf.content[:50_000_000].replace(b"\0", b"").upper():
        return ""
    text = storable(decoded(_FOLD_IN_CHARACTER.sub(b"", leaf.content), leaf.charset))
    is_preformatted = "<pre" in text.lower()
    if leaf.kind != _HTML or (_FIRST_LINE.search(text) and not is_preformatted):
        return text
    # Gateways make HTML of a calendar: a line becomes a paragraph, and blanks at its start are lost.
    text = _FOLD_IN_HTML.sub("", text)
    return html_to_text(text.replace("\n", "<br>") if is_preformatted else text)


def one_calendar_each(parts: Parts) -> list[Parts]:
    """Return the parts once per calendar, each with only that one: each may announce a maintenance of its own."""
    return [{**parts, _CALENDAR: (_zones_first(calendar),)} for calendar in parts.get(_CALENDAR, ())] or [parts]


def _zones_first(calendar: bytes) -> bytes:
    """Move time zones before the events; RFC 5545 section 3.6 allows any order, the library does not."""
    if not 0 <= calendar.find(_EVENT) < calendar.rfind(_ZONE):
        return calendar
    zones: list[bytes] = []
    others: list[bytes] = []
    is_zone = False
    for line in calendar.splitlines(keepends=True):
        is_zone = is_zone or line.startswith(_ZONE)
        (zones if is_zone else others).append(line)
        is_zone = is_zone and not line.startswith(_END_OF_ZONE)
    place = next((index for index, line in enumerate(others) if line.startswith(_EVENT)), len(others))
    return b"".join((*others[:place], *zones, *others[place:]))


def one_of_each_type(parts: Parts, choices: Collection[str]) -> Iterator[dict[str, bytes]]:
    """Yield the first part of each type, then each alternative of the given types."""
    first = {kind: contents[0] for kind, contents in sorted(parts.items())}
    yield first
    for kind in sorted(set(choices) & parts.keys()):
        for other in parts[kind][1:]:
            yield {**first, kind: other}


def _library_content(leaf: Leaf) -> bytes:
    """Return the content of a part as the library takes it."""
    if leaf.kind not in _DECODED:
        return leaf.content
    text = decoded(leaf.content, leaf.charset).removeprefix("\ufeff")
    if leaf.kind == _PLAIN and leaf.is_flowed:
        text = unflowed(text, deletes_space=leaf.deletes_space)
    content = text.encode("utf-8", "replace")
    # With the mark, neither the library nor its HTML reader guesses the encoding, which took two thirds of their time.
    return codecs.BOM_UTF8 + content if leaf.kind == _HTML else content


def _rewritten(content: bytes, rewrite: Callable[..., str], is_reply_message: bool) -> bytes:
    """Return an encoded text rewritten; byte for byte the same if that changes nothing."""
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    found = rewrite(text, is_reply=is_reply_message)
    if found == text:
        return content
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    return mark + found.encode("utf-8", "replace")


def _subject(message: Message) -> str:
    """Return the subject decoded and unfolded, with its spaces: some parsers cut the summary out of it."""
    value = decode_words(raw_field(message, "Subject")[:_MAX_FIELD_LENGTH])
    return storable(value).replace("\r", "").replace("\n", "").replace("\t", " ")[:_MAX_SUBJECT_LENGTH]


def _date(provenance: Provenance) -> bytes:
    """Return the Date field, or the time of receipt if it is missing or unreadable (RFC 5322 section 3.3)."""
    return email.utils.format_datetime(provenance.sent_at or provenance.received_at).encode()
