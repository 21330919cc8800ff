"""The parts of a message as readers take them: their contents by type.

Built here because the parser library's own reader fails on messages without Subject or Date, on Latin-1 and on parts
without content, and because it chooses between two parts of one type at random (PYTHONHASHSEED).
"""

import codecs
import email
import email.policy
import email.utils
import itertools
from collections.abc import Collection, Iterator, Mapping
from email.message import Message
from typing import Any

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.domain.updates import Provenance
from nautobot_circuit_maintenance.mail.headers import decode_words

Parts = Mapping[str, tuple[bytes, ...]]
"""The distinct contents of a message by type, in the order of the message; none is empty."""

UNREAD = "attached-message"
"""The key that marks an attached message that was not read."""

_CALENDAR = "text/calendar"
_EVENT, _ZONE, _END_OF_ZONE = b"BEGIN:VEVENT", b"BEGIN:VTIMEZONE", b"END:VTIMEZONE"
_HTML = "text/html"
# Other text stays as it is: the one CSV format that the library reads (Colt) is UTF-16, whatever its headers claim.
_DECODED = (_CALENDAR, _HTML, "text/plain")
_MAX_PARTS = 1_000
# The library's regular expressions need quadratic time for a subject: 16 kB cost Colt's 6 s.
_MAX_SUBJECT_LENGTH = 2_000
_MAX_FIELD_LENGTH = 2_000
# Encodings of Python that are not charsets of mail; with the first two, 1 MB takes minutes.
_NOT_CHARSETS = ("idna", "punycode", "raw-unicode-escape", "unicode-escape")


class ShortFields(email.policy.Compat32):
    """Reads header fields up to a limit.

    Python takes quadratic time for the parameters of a field (1 MB: minutes), and a NUL in one raises ValueError.
    """

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Return the beginning of a field, without NUL characters."""
        return super().header_fetch_parse(name, value[:_MAX_FIELD_LENGTH].replace("\0", ""))


def mail_parts(raw: bytes, provenance: Provenance, *, reads_attached: bool = True) -> Parts:
    """Return the parts of a message with its subject and date, and ``UNREAD`` if an attached message was not read.

    Raises ParseError if the parts are nested too deeply.
    """
    try:
        message = email.message_from_bytes(raw, policy=ShortFields())
        walk = message.walk() if reads_attached else _without_attached(message)
        contents = [_content(part) for part in itertools.islice(walk, _MAX_PARTS)]
    except RecursionError as error:
        raise ParseError("READ-16", "Message parts are nested too deeply.") from error
    parts: dict[str, tuple[bytes, ...]] = {}
    for kind, content in contents:
        if content.strip() and content not in parts.get(kind, ()):
            parts[kind] = (*parts.get(kind, ()), content)
    if not reads_attached and any(kind.startswith("message/") for kind, _ in contents):
        parts[UNREAD] = (b"yes",)
    return {**parts, "email-header-subject": (_subject(message),), "email-header-date": (_date(provenance),)}


def _without_attached(part: Message) -> Iterator[Message]:
    """Walk through a message without entering attached messages."""
    yield part
    if part.is_multipart() and part.get_content_maintype() != "message":
        for each in part.get_payload():
            if isinstance(each, Message):  # Always; the type stubs do not know.
                yield from _without_attached(each)


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


def _content(part: Message) -> tuple[str, bytes]:
    """Return the type of a part and its content; empty for containers and images."""
    kind = part.get_content_type()
    if part.is_multipart() or part.get_content_maintype() in ("multipart", "image"):
        return kind, b""
    # A str only without decode=True, None only for containers; the type stubs do not know.
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    if kind not in _DECODED or not content.strip():
        return kind, content
    text = decoded(content, part.get_content_charset()).removeprefix("\ufeff").encode("utf-8", "replace")
    # With the mark, neither the library nor its HTML reader guesses the encoding, which took two thirds of their time.
    return kind, codecs.BOM_UTF8 + text if kind == _HTML else text


def decoded(content: bytes, charset: str | None) -> str:
    """Decode a part by its charset parameter, then by UTF-8, then by Windows-1252."""
    for candidate in (charset or "utf-8", "utf-8"):
        try:
            if codecs.lookup(candidate).name not in _NOT_CHARSETS:
                return content.decode(candidate)
        except (LookupError, ValueError):
            # LookupError: unknown charset; ValueError: undecodable bytes, or an invalid name.
            continue
    return content.decode("windows-1252", "replace")


def _subject(message: Message) -> bytes:
    """Return the subject decoded and unfolded, with its spaces: some parsers cut the summary out of it."""
    value = decode_words(str(message.get("Subject", ""))[:_MAX_SUBJECT_LENGTH])
    text = storable(value).replace("\r", "").replace("\n", "").replace("\t", " ")
    # Never empty: the library's filters guess the encoding, and for an empty subject they guess None.
    return (text or " ").encode()


def _date(provenance: Provenance) -> bytes:
    """Return the Date field, or the time of receipt if it is missing or unreadable (RFC 5322 section 3.3)."""
    return email.utils.format_datetime(provenance.sent_at or provenance.received_at).encode()
