"""The values that travel between the steps: frozen, standard library only."""

import email.errors
import email.header
import email.parser
import email.utils
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from email.message import Message
from enum import Enum
from typing import Any, NamedTuple

COLUMN_LENGTH = 255
"""Characters that the display columns and ids of a notification hold; the raw bytes keep everything."""

PIPELINE = "Handle Circuit Maintenance Notifications"
"""The context that stands in the change records of what notifications changed, and in no others."""

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_ADDR_SPEC = re.compile(r"[^\s\x00-\x1f\x7f@<>\"(),:;\[\]\\]+@[^\s\x00-\x1f\x7f@<>\"(),:;\[\]\\]+")
# A longer header is no title for a person and no address; reading it whole would cost time that a sender chooses.
_LONGEST_HEADER = 4_000
# Whoever fetches has no limits as a parse has: 25 MB of header lines took 9 seconds, or 770 MB.
_LONGEST_HEADER_SECTION = 1024**2
_WHOLE_FIELDS = re.compile(rb"(?s).*\n(?=[^ \t])")


class Outcome(str, Enum):
    """What happened to one message in a run."""

    NEW = "new"
    DUPLICATE = "duplicate"
    UNKNOWN_SENDER = "unknown sender"
    PARSED = "parsed"
    IGNORED = "ignored"
    REFUSED = "refused"
    FAILED = "failed"
    WAITING = "waiting"


class Change(str, Enum):
    """What one update did to its maintenance."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    OUTDATED = "outdated"


def storable(text: str) -> str:
    """Return the text as every database stores it: without NUL characters and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def storable_json(value: Any) -> Any:
    """Return a JSON value whose texts are all storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable_json(item) for item in value]
    return value


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


@dataclass(frozen=True)
class MailMessage:
    """One RFC 5322 message as delivered; every value but ``raw`` is ready to be stored."""

    raw: bytes | None
    """The exact bytes; None for a message over the size limit, of which only the headers were read."""
    size: int
    """Bytes of the whole message."""
    received_at: datetime
    """When the server got it, aware."""
    sender: str
    """Address in lower case; empty where the header does not name exactly one."""
    subject: str
    """Decoded, on one line, at most ``COLUMN_LENGTH`` characters."""
    message_id: str
    """As it is written, angle brackets included; empty where there is none."""
    sent_at: datetime | None
    """The Date header in UTC; None where it is missing or no date."""
    fingerprint: str
    """SHA-256 in hexadecimal digits of what the author wrote: the same mail has it in every mailbox."""

    @classmethod
    def from_bytes(cls, raw: bytes, *, received_at: datetime, source_header: str = "From") -> "MailMessage":
        """Read a whole message; never raises, whatever the bytes are."""
        header, body = _split(raw)
        return cls._build(header, raw, len(raw), received_at, source_header, _normalised(body))

    @classmethod
    def oversize(cls, header: bytes, *, size: int, received_at: datetime, source_header: str = "From") -> "MailMessage":
        """Read the headers of a message that is too large to be fetched; its size stands for its body."""
        return cls._build(_split(header)[0], None, size, received_at, source_header, str(size).encode())

    @classmethod
    def _build(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # private: the two ways in share it
        cls, header: bytes, raw: bytes | None, size: int, received_at: datetime, source_header: str, body: bytes
    ) -> "MailMessage":
        message = email.parser.BytesHeaderParser(_HeaderSection).parsebytes(header)
        return cls(
            raw=raw,
            size=size,
            received_at=received_at,
            sender=sender_address(message, source_header),
            subject=decoded_header(message, "Subject")[:COLUMN_LENGTH],
            message_id=storable(" ".join(str(message.get("Message-ID", "")).split()))[:COLUMN_LENGTH],
            sent_at=sent_date(message),
            fingerprint=_fingerprint(message, _normalised(message.rest) + body),
        )


class _HeaderSection(Message):
    """Header fields, and what stands behind a line that is none: to whoever reads the mail, text begins there."""

    rest = b""

    def set_payload(self, payload: Any, charset: Any = None) -> None:
        """Keep the bytes as they are; Python would decode them."""
        self.rest = str(payload).encode("ascii", "surrogateescape")


def header_of(raw: bytes) -> Message:
    """Return the header fields of a message, without its body."""
    return email.parser.BytesHeaderParser().parsebytes(_split(raw)[0])


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """Split a message at its first empty line (RFC 5322 section 2.1).

    Of a longer header section than any mail has, the fields count that end within the limit; the rest is body.
    """
    found = _HEADER_END.search(raw, 0, _LONGEST_HEADER_SECTION)
    end = found.end() if found else len(raw)
    if end > _LONGEST_HEADER_SECTION:
        whole = _WHOLE_FIELDS.match(raw, 0, _LONGEST_HEADER_SECTION)
        end = whole.end() if whole else 0
    return raw[:end], raw[end:]


def _normalised(body: bytes) -> bytes:
    """Make the copies of one body equal that servers store with other line ends or a last empty line.

    A CR alone is no line end (RFC 5322 section 2.3): no server makes one of it, and calendars cannot be read with them.
    """
    return body.replace(b"\r\n", b"\n").rstrip(b"\n")


def _fingerprint(message: Message, body: bytes) -> str:
    """Hash what the author wrote: no trace header counts, so that a mail is the same through two mailboxes.

    What the body is said to be counts: who knows a mail before it arrives could send it as something else, and the
    provider's own would be its duplicate.
    """
    digest = hashlib.sha256()
    for name in ("Message-ID", "From", "Date", "Subject", "Content-Type", "Content-Transfer-Encoding"):
        for value in message.get_all(name, []):
            unfolded = " ".join(str(value).split())
            digest.update(f"{name}: {unfolded}\n".encode("utf-8", "surrogateescape"))
    digest.update(b"\n" + body)
    return digest.hexdigest()


class Window(NamedTuple):
    """A maintenance window in UTC; the end is after the start."""

    start: datetime
    end: datetime


class CircuitWord(NamedTuple):
    """What a provider says about one circuit id."""

    cid: str
    """As the provider writes it."""
    impact: str
    """One of ``CircuitImpactChoices``."""


@dataclass(frozen=True)
class Envelope:
    """When and how a message reached us: what puts the updates of a maintenance in order."""

    received_at: datetime
    """When the mail server got it, aware."""
    sent_at: datetime | None
    """The Date header, aware; None where there is none."""
    fingerprint: str


@dataclass(frozen=True)
class MaintenanceUpdate:
    """What one notification says about one maintenance, before it touches the database.

    ``items`` is the parser library's output as JSON, one item a window (BCOP maintnote 3.6: times in seconds since
    1970, UTC); everything else is read from it.
    """

    maintenance_id: str
    """The provider's name for it; identity together with the provider."""
    status: str
    """One of ``CircuitMaintenanceStatusChoices``, or ``conclude.NO_CHANGE``."""
    description: str
    windows: tuple[Window, ...]
    """In time order; empty where the provider names no time."""
    circuits: tuple[CircuitWord, ...]
    issued_at: datetime
    """When the provider says that it wrote this, in UTC."""
    sequence: int
    """The provider's count; the parser library's guess where the mail has none."""
    envelope: Envelope
    items: tuple[Mapping[str, Any], ...]

    @classmethod
    def from_items(cls, items: Sequence[Mapping[str, Any]], envelope: Envelope) -> "MaintenanceUpdate":
        """Read the items that one message carries about one maintenance id.

        Raises ValueError or OverflowError where a time is none that a calendar has.
        """
        last = items[-1]
        return cls(
            maintenance_id=last["maintenance_id"],
            status=last["status"],
            description=last["summary"],
            windows=_windows(items),
            circuits=tuple(CircuitWord(c["circuit_id"], c["impact"]) for item in items for c in item["circuits"]),
            issued_at=_utc(max(item["stamp"] for item in items)),
            sequence=max(item["sequence"] for item in items),
            envelope=envelope,
            items=tuple(items),
        )


def _windows(items: Sequence[Mapping[str, Any]]) -> tuple[Window, ...]:
    """Return the distinct windows in time order.

    One whose end is not after its start says nothing, nor does the year 1970 that the library gives (to GTT's
    cancellations) where a mail names no time.
    """
    spans = {(item["start"], item["end"]) for item in items if item["end"] > item["start"] > 0}
    return tuple(Window(_utc(start), _utc(end)) for start, end in sorted(spans))


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)
