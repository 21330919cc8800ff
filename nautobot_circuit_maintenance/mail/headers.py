"""Header fields of a message: found, decoded and bounded (RFC 5322, RFC 2047)."""

import email.errors
import email.header
import email.parser
import email.utils
import re
from datetime import datetime, timezone
from email.message import Message
from typing import Any

from nautobot_circuit_maintenance.domain.text import storable

COLUMN_LENGTH = 255
"""Characters that the display columns and ids of a notification hold; the raw bytes keep everything."""

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_ADDR_SPEC = re.compile(r"[^\s\x00-\x1f\x7f@<>\"(),:;\[\]\\]+@[^\s\x00-\x1f\x7f@<>\"(),:;\[\]\\]+")
# A longer header is no title for a person and no address; reading it whole would cost time that a sender chooses.
_LONGEST_HEADER = 4_000
# Whoever fetches has no limits as a parse has: 25 MB of header lines took 9 seconds, or 770 MB.
_LONGEST_HEADER_SECTION = 1024**2
_WHOLE_FIELDS = re.compile(rb"(?s).*\n(?=[^ \t])")


def decoded_header(message: Message, name: str) -> str:
    """Return a header field as readable text, RFC 2047 words decoded; empty where it is missing."""
    value = str(message.get(name, ""))[:_LONGEST_HEADER]
    try:
        text = str(email.header.make_header(email.header.decode_header(value)))
    except (LookupError, ValueError, email.errors.MessageError):
        # An unknown charset is a LookupError, undecodable bytes a ValueError: the undecoded words are still a title.
        text = value
    return storable(" ".join(text.split()))


def sent_date(message: Message) -> datetime | None:
    """Return the Date header in UTC, or None where it is missing or no date (RFC 5322 section 3.6.1)."""
    try:
        sent = email.utils.parsedate_to_datetime(str(message["Date"]))
        aware = sent if sent.tzinfo else sent.replace(tzinfo=timezone.utc)
        return aware.astimezone(timezone.utc)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def sender_address(message: Message, source_header: str = "From") -> str:
    """Return the addr-spec of the sender header in lower case; empty unless there is exactly one field with one.

    The display name never counts, and encoded words are not decoded first: what they hide is display, not address.
    Several fields of that name leave it open who wrote (RFC 5322 section 3.6 allows one), and so do several addresses:
    of ``noc@isp.net <evil@elsewhere>`` some readers take the first and some the second.
    """
    fields = message.get_all(source_header, [])
    if len(fields) != 1 or len(str(fields[0])) > _LONGEST_HEADER:
        return ""
    try:
        # An empty place at the end names nobody; Pythons that are strict about it would find no address at all.
        found = email.utils.getaddresses([" ".join(str(fields[0]).split()).rstrip(", ")])
    except RecursionError:  # Comments in comments, groups in groups.
        return ""
    # Some programs write the address as the display name too, unquoted: noc@isp.net <noc@isp.net>.
    addresses = {address.lower() for _, address in found if "@" in address}
    address = addresses.pop() if len(addresses) == 1 else ""
    fits = len(address) <= COLUMN_LENGTH and _ADDR_SPEC.fullmatch(address)
    return storable(address) if fits else ""


class HeaderSection(Message):
    """Header fields, and what stands behind a line that is none: to whoever reads the mail, text begins there."""

    rest = b""

    def set_payload(self, payload: Any, charset: Any = None) -> None:
        """Keep the bytes as they are; Python would decode them."""
        self.rest = str(payload).encode("ascii", "surrogateescape")


def header_of(raw: bytes) -> Message:
    """Return the header fields of a message, without its body."""
    return email.parser.BytesHeaderParser().parsebytes(split_header(raw)[0])


def split_header(raw: bytes) -> tuple[bytes, bytes]:
    """Split a message at its first empty line (RFC 5322 section 2.1).

    Of a longer header section than any mail has, the fields count that end within the limit; the rest is body.
    """
    found = _HEADER_END.search(raw, 0, _LONGEST_HEADER_SECTION)
    end = found.end() if found else len(raw)
    if end > _LONGEST_HEADER_SECTION:
        whole = _WHOLE_FIELDS.match(raw, 0, _LONGEST_HEADER_SECTION)
        end = whole.end() if whole else 0
    return raw[:end], raw[end:]
