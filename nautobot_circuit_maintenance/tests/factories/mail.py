"""Messages, and a mailbox without a server."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mail.senders import is_listed
from nautobot_circuit_maintenance.mailboxes.base import Batch, FetchRequest, Mailbox

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=timezone.utc)
"""When the providers of the tests send their first message."""

START = NOON + timedelta(days=10)
"""When the maintenances of the tests start."""


@dataclass(frozen=True)
class Bcop:
    """A notification as an iCalendar event after BCOP maintnote; a test sets only the fields that it is about."""

    maintenance_id: str = "M-1"
    status: str = "CONFIRMED"
    circuits: Sequence[tuple[str, str]] = (("C-1", "OUTAGE"),)
    issued: datetime = NOON
    start: datetime = START
    end: datetime | None = None
    sequence: int = 0
    summary: str = "Fibre work"
    uid: str = ""
    """Empty: one made of maintenance ID and sequence."""
    other_ids: Sequence[str] = ()

    def __str__(self) -> str:
        """Return the event."""
        end = self.end or self.start + timedelta(hours=4)
        circuits = [f"X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT={impact}:{cid}" for cid, impact in self.circuits]
        return "\r\n".join(
            (
                "BEGIN:VEVENT",
                f"UID:{self.uid or f'{self.maintenance_id}-{self.sequence}'}",
                f"SUMMARY:{self.summary}",
                f"DTSTAMP:{self.issued:%Y%m%dT%H%M%SZ}",
                f"DTSTART:{self.start:%Y%m%dT%H%M%SZ}",
                f"DTEND:{end:%Y%m%dT%H%M%SZ}",
                f"SEQUENCE:{self.sequence}",
                "ORGANIZER;CN=NOC:mailto:noc@isp.example",
                "X-MAINTNOTE-PROVIDER:isp.example",
                "X-MAINTNOTE-ACCOUNT:4711",
                # Where an event has one circuit, the library reads this and not the circuit's own parameter.
                f"X-MAINTNOTE-IMPACT:{self.circuits[0][1] if self.circuits else 'OUTAGE'}",
                f"X-MAINTNOTE-MAINTENANCE-ID:{self.maintenance_id}",
                *(f"X-MAINTNOTE-MAINTENANCE-ID:{other}" for other in self.other_ids),
                *circuits,
                *([f"X-MAINTNOTE-STATUS:{self.status}"] if self.status else []),
                "END:VEVENT",
            )
        )


def mail(  # pylint: disable=too-many-arguments  # all have defaults
    *events: Bcop,
    sender: str = "noc@isp.example",
    subject: str = "Planned work",
    message_id: str = "",
    sent: datetime | None = None,
    text: str = "Dear customer, see the calendar.",
) -> bytes:
    """Return a message with these events in a calendar part; without events it is one that no parser reads."""
    sent = sent or (events[0].issued if events else NOON)
    identity = message_id or f"{subject}-{sent.timestamp()}-{'-'.join(e.maintenance_id for e in events)}@isp.example"
    head = [
        f"From: ISP NOC <{sender}>",
        "To: operations@customer.example",
        f"Subject: {subject}",
        f"Date: {format_datetime(sent)}",
        f"Message-ID: <{identity.replace(' ', '_')}>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="part"',
        "",
        "--part",
        "Content-Type: text/plain; charset=utf-8",
        "",
        text,
    ]
    calendar = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ISP//Maintenance//EN", *map(str, events), "END:VCALENDAR"]
    if events:
        head += ["--part", "Content-Type: text/calendar; charset=utf-8", "", *calendar]
    return "\r\n".join([*head, "--part--", ""]).encode()


def message(raw: bytes, received_at: datetime | None = None) -> MailMessage:
    """Return a message as a mailbox delivers it, received when it was sent."""
    read = MailMessage.from_bytes(raw, received_at=received_at or NOON)
    return read if received_at or not read.sent_at else MailMessage.from_bytes(raw, received_at=read.sent_at)


@dataclass
class FakeMailbox(Mailbox):
    """Delivers its messages in small batches; the cursor counts them."""

    messages: list[MailMessage] = field(default_factory=list)
    batch_size: int = 2
    breaks_after: int | None = None
    """Batches after which the connection is lost; None if it never is."""
    requests: list[FetchRequest] = field(default_factory=list)

    @classmethod
    @contextmanager
    def open(cls, settings, *, max_message_size: int) -> Iterator["FakeMailbox"]:
        """Open an empty mailbox."""
        yield cls()

    @classmethod
    def of(cls, mails: Iterable[bytes | MailMessage]) -> "FakeMailbox":
        """Return a mailbox with these messages."""
        return cls([each if isinstance(each, MailMessage) else message(each) for each in mails])

    def fetch(self, request: FetchRequest) -> Iterator[Batch]:
        """Yield what is after the cursor, or everything if a sender is new."""
        self.requests.append(request)
        first = 0 if request.new_senders else request.cursor.get("count", 0)
        waiting = self.messages[first:]
        for number, start in enumerate(range(0, max(len(waiting), 1), self.batch_size)):
            if number == self.breaks_after:
                raise MailboxError("FAKE-01", "The connection was lost.")
            part = waiting[start : start + self.batch_size]
            known = tuple(each for each in part if is_listed(each.sender, request.senders))
            is_last = start + self.batch_size >= len(waiting)
            yield Batch(
                messages=known,
                cursor={"count": first + start + len(part)},
                unknown_senders=tuple(each.sender for each in part if each not in known),
                searched=request.new_senders if is_last else frozenset(),
            )
