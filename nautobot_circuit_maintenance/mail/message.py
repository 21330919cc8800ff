"""One message as delivered, and what identifies it."""

import email.parser
import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.mail.authentication import authentication_results
from nautobot_circuit_maintenance.mail.headers import (
    COLUMN_LENGTH,
    HeaderSection,
    decoded_header,
    sender_address,
    sent_date,
    split_header,
)


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
    authentication_results: tuple[str, ...] = ()
    """The Authentication-Results fields, topmost first."""

    @classmethod
    def from_bytes(cls, raw: bytes, *, received_at: datetime, source_header: str = "From") -> "MailMessage":
        """Read a whole message; never raises, whatever the bytes are."""
        header, body = split_header(raw)
        return cls._build(header, raw, len(raw), received_at, source_header, _normalised(body))

    @classmethod
    def oversize(cls, header: bytes, *, size: int, received_at: datetime, source_header: str = "From") -> "MailMessage":
        """Read the headers of a message that is too large to be fetched; its size stands for its body."""
        return cls._build(split_header(header)[0], None, size, received_at, source_header, str(size).encode())

    @classmethod
    def _build(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # private: the two ways in share it
        cls, header: bytes, raw: bytes | None, size: int, received_at: datetime, source_header: str, body: bytes
    ) -> "MailMessage":
        message = email.parser.BytesHeaderParser(HeaderSection).parsebytes(header)
        return cls(
            raw=raw,
            size=size,
            received_at=received_at,
            sender=sender_address(message, source_header),
            subject=decoded_header(message, "Subject")[:COLUMN_LENGTH],
            message_id=storable(" ".join(str(message.get("Message-ID", "")).split()))[:COLUMN_LENGTH],
            sent_at=sent_date(message),
            fingerprint=_fingerprint(message, _normalised(message.rest) + body),
            authentication_results=authentication_results(message),
        )


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
