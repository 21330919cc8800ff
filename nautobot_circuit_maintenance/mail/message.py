"""One message as delivered, and what identifies it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from nautobot_circuit_maintenance.mail.authentication import authentication_results
from nautobot_circuit_maintenance.mail.headers import (
    COLUMN_LENGTH,
    HeaderSection,
    decoded_header,
    message_id,
    parse_header,
    received_date,
    sender_address,
    sent_date,
    split_message,
    stated_date,
)


@dataclass(frozen=True)
class MailMessage:
    """One RFC 5322 message as delivered; every value but ``raw`` is ready to be stored."""

    raw: bytes | None
    """The exact bytes; None for a message over the size limit, of which only the headers were read."""
    size: int
    """Bytes of the whole message."""
    received_at: datetime
    """When the server received it, aware."""
    sender: str
    """Address in lower case; empty unless the header has exactly one."""
    subject: str
    """Decoded, on one line, at most ``COLUMN_LENGTH`` characters."""
    message_id: str
    """As in the header, angle brackets included; empty if there is none."""
    sent_at: datetime | None
    """The Date header in UTC; None if it is missing, not a date, or without an offset."""
    fingerprint: str
    """SHA-256 in hexadecimal digits of what the author wrote: the same in every mailbox."""
    authentication_results: tuple[str, ...] = ()
    """The Authentication-Results fields, topmost first."""
    server_id: str = ""
    """Identifies the message in its mailbox: "UIDVALIDITY/UID" for IMAP, the message id for Gmail; empty from a file."""
    is_rewritten: bool = False
    """Whether its server generates the bytes for each request: they may differ, so a known message is not recognized by them."""

    @classmethod
    def from_bytes(
        cls, raw: bytes, *, received_at: datetime | None = None, source_header: str | Sequence[str] = "From"
    ) -> "MailMessage":
        """Read a whole message; never raises, whatever the bytes are.

        Without a time of receipt, the message's own dates count, but not if they are in the future.
        """
        header, body = split_message(raw)
        return cls(
            raw=raw,
            size=len(raw),
            fingerprint=_fingerprint(header, _normalized(body)),
            received_at=received_at or _own_date(header),
            **_fields(header, source_header),
        )

    @classmethod
    def oversize(
        cls,
        start: bytes,
        *,
        size: int,
        received_at: datetime | None = None,
        source_header: str | Sequence[str] = "From",
    ) -> "MailMessage":
        """Read the header of a message that is too large to be fetched; its size stands for its body."""
        header = parse_header(start)
        return cls(
            raw=None,
            size=size,
            fingerprint=_fingerprint(header, str(size).encode()),
            received_at=received_at or _own_date(header),
            **_fields(header, source_header),
        )


def _fields(header: HeaderSection, source_header: str | Sequence[str]) -> dict[str, Any]:
    """Return the values of a message that are read from its header."""
    return {
        "sender": sender_address(header, source_header),
        "subject": decoded_header(header, "Subject")[:COLUMN_LENGTH],
        "message_id": message_id(header),
        "sent_at": sent_date(header),
        "authentication_results": authentication_results(header),
    }


def _own_date(header: HeaderSection) -> datetime:
    """Return when the message was received according to itself."""
    now = datetime.now(timezone.utc)
    return min(received_date(header) or stated_date(header) or now, now)


def _normalized(body: bytes) -> bytes:
    """Make copies of one body equal that servers store with different line endings or a final empty line.

    A CR alone is not a line ending (RFC 5322 section 2.3): no server converts it, and calendars cannot be read with it.
    """
    return body.replace(b"\r\n", b"\n").rstrip(b"\n")


def _fingerprint(header: HeaderSection, body: bytes) -> str:
    """Hash what the author wrote, without trace fields, so that a message is the same through two mailboxes.

    Content-Type is hashed too; otherwise an attacker could preempt a message with an unparsable variant.
    """
    digest = hashlib.sha256()
    for name in ("Message-ID", "From", "Date", "Subject", "Content-Type", "Content-Transfer-Encoding"):
        for value in header.get_all(name, []):
            unfolded = " ".join(str(value).split())
            digest.update(f"{name}: {unfolded}\n".encode("utf-8", "surrogateescape"))
    digest.update(b"\n" + _normalized(header.rest) + body)
    return digest.hexdigest()
