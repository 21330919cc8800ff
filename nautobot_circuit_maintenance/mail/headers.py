"""Header fields of a message: found, decoded and bounded (RFC 5322, RFC 2047)."""

import email.parser
import email.utils
import re
from collections.abc import Sequence
from datetime import datetime, timezone
from email.message import Message
from typing import Any

from nautobot_circuit_maintenance.domain.calendar import is_in_calendar
from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.mail.charsets import decode_words, raw_field
from nautobot_circuit_maintenance.mail.lines import one_line_each
from nautobot_circuit_maintenance.mail.senders import names_of
from nautobot_circuit_maintenance.mail.start import message_bytes

COLUMN_LENGTH = 255
"""Characters that the display columns and ids of a notification hold; the raw bytes keep everything."""

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_ADDR_SPEC = re.compile(r"[^\s\x00-\x1f\x7f@<>\"(),:;\[\]\\]+@[^\s\x00-\x1f\x7f@<>\"(),:;\[\]\\]+")
# A longer field is neither a readable title nor an address; decoding all of it would cost time that a sender chooses.
_MAX_FIELD_LENGTH = 4_000
MAX_HEADER_BYTES = 1024**2
"""Bytes of a header that are read. Fetching runs without the parser's limits; a 25 MB header took 9 s and 770 MB."""
_UTC = re.compile(r"\s-0000\s*(?:\([^()]*\)\s*)*\Z")
# Newer Pythons find no address where a name or comment has an unquoted comma. Several addresses are refused here anyway.
_AS_WRITTEN: dict[str, Any] = {"strict": False} if hasattr(email.utils, "supports_strict_parsing") else {}
_WHOLE_FIELDS = re.compile(rb"(?s).*\n(?=[^ \t])")


def decoded_header(message: Message, name: str) -> str:
    """Return a header field as readable text on one line; empty if it is missing."""
    value = decode_words(raw_field(message, name)[:_MAX_FIELD_LENGTH])
    return storable(" ".join(value.split()))


def message_id(header: Message) -> str:
    """Return the Message-ID as it is stored, angle brackets included; empty if there is none."""
    return storable(" ".join(str(header.get("Message-ID", "")).split()))[:COLUMN_LENGTH]


def sent_date(header: Message) -> datetime | None:
    """Return the Date field in UTC, None if it is missing, not a date, or without an offset (RFC 5322 section 3.6.1)."""
    value = str(header["Date"])
    return _parse_date(value) if _has_offset(value) else None


def stated_date(header: Message) -> datetime | None:
    """Return the Date field, taken as UTC if it states no offset."""
    return _parse_date(str(header["Date"]))


def received_date(header: Message) -> datetime | None:
    """Return when the last server received the message: the date in the first Received field (RFC 5321 section 4.4)."""
    return _parse_date(str(header["Received"]).rpartition(";")[2].strip())


def _parse_date(value: str) -> datetime | None:
    """Return a date in UTC, None if it is not one that can be shown; without an offset, it is taken as UTC."""
    try:
        date = email.utils.parsedate_to_datetime(value)
        aware = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
        moment = aware.astimezone(timezone.utc)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if is_in_calendar(moment) else None


def _has_offset(value: str) -> bool:
    """Return whether a date states its offset from UTC; -0000 does: it is UTC (RFC 5322 section 3.3)."""
    if _UTC.search(value):
        return True
    try:
        return email.utils.parsedate_to_datetime(value).tzinfo is not None
    except (ValueError, TypeError, IndexError, OverflowError):
        return False


def sender_address(message: Message, source_header: str | Sequence[str] = "From") -> str:
    """Return the addr-spec of the sender header in lower case; empty unless there is exactly one field with one.

    Of several headers, the first that is present counts, even if it has no address: another one would be a guess.

    The display name never counts, and encoded words are not decoded first: they belong to the display name. Several
    fields of that name are ambiguous (RFC 5322 section 3.6 allows one), and so are several addresses: of
    ``noc@isp.net <evil@elsewhere>`` some programs use the first and some the second.
    """
    fields = next(filter(None, (message.get_all(name) for name in names_of(source_header))), [])
    if len(fields) != 1 or len(str(fields[0])) > _MAX_FIELD_LENGTH:
        return ""
    try:
        # An empty element at the end is harmless; Python versions that are strict about it would find no address at all.
        found = email.utils.getaddresses([" ".join(str(fields[0]).split()).rstrip(", ")], **_AS_WRITTEN)
    except RecursionError:  # Comments in comments, groups in groups.
        return ""
    # Some programs write the address as the display name too, unquoted: noc@isp.net <noc@isp.net>.
    addresses = {_unquoted(address.lower()) for _, address in found if "@" in address}
    address = addresses.pop() if len(addresses) == 1 else ""
    fits = len(address) <= COLUMN_LENGTH and _ADDR_SPEC.fullmatch(address)
    return storable(address) if fits else ""


def _unquoted(address: str) -> str:
    """Return an address without the quotes that Outlook puts around one that is used as the display name."""
    return address[1:-1] if address[0] == address[-1] == "'" else address


class HeaderSection(Message):
    """Keeps what follows a malformed header line, which mail clients show as body."""

    rest = b""

    def set_payload(self, payload: Any, charset: Any = None) -> None:
        """Keep the bytes as they are; Python would decode them."""
        self.rest = str(payload).encode("ascii", "surrogateescape")


def parse_header(raw: bytes) -> HeaderSection:
    """Return the header of a message, without its body."""
    return split_message(raw)[0]


def split_message(raw: bytes) -> tuple[HeaderSection, bytes]:
    """Return the header of a message, parsed, and the body behind it; what stands before the header is left out."""
    start, body = _split(message_bytes(raw))
    return email.parser.BytesHeaderParser(HeaderSection).parsebytes(one_line_each(start)), body


def whole_message(raw: bytes) -> bytes:
    """Return a message from its header on, whose header lines end where ``split_message`` ends them."""
    start, body = _split(message_bytes(raw))
    return one_line_each(start) + body


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """Split a message at its first empty line (RFC 5322 section 2.1).

    Of a header longer than ``MAX_HEADER_BYTES``, the fields that end within the limit count; the rest is body.
    """
    found = _HEADER_END.search(raw, 0, MAX_HEADER_BYTES)
    end = found.end() if found else len(raw)
    if end > MAX_HEADER_BYTES:
        whole = _WHOLE_FIELDS.match(raw, 0, MAX_HEADER_BYTES)
        end = whole.end() if whole else 0
    return raw[:end], raw[end:]
