"""Builders of messages in formats that the parser library reads."""

from datetime import datetime, timezone
from unittest import TestCase

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Provenance
from nautobot_circuit_maintenance.mail.limits import DEFAULT_LIMITS, Limits
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.reading.parse import parse

RECEIVED = datetime(2026, 3, 2, 12, 0, tzinfo=timezone.utc)
HEADERS = {"From": "noc@example.com", "Subject": "Planned work", "Date": "Mon, 2 Mar 2026 09:30:00 +0000"}


def mail(*parts: tuple[str, str | bytes], **headers: str | None) -> bytes:
    """Build a message of these parts (Content-Type, content), sent as 8-bit; a header that is None is left out."""
    lines = [f"{name}: {value}" for name, value in {**HEADERS, **headers}.items() if value is not None]
    lines += ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="=="', ""]
    message = "\r\n".join(lines).encode("utf-8")
    for content_type, content in parts:
        body = content if isinstance(content, bytes) else content.encode("utf-8")
        message += b"\r\n--==\r\nContent-Type: " + content_type.encode() + b"\r\n\r\n" + body
    return message + b"\r\n--==--\r\n"


def provenance(raw: bytes) -> Provenance:
    """Return the provenance of a message received at noon of 2026-03-02."""
    message = MailMessage.from_bytes(raw, received_at=RECEIVED)
    return Provenance(message.received_at, message.sent_at, message.fingerprint)


def read(raw: bytes, *names: str) -> list[MaintenanceUpdate]:
    """Parse a message as the pipeline does."""
    updates: list[MaintenanceUpdate] = []
    updates += parse(raw, names, provenance(raw)).updates
    return updates


def event(name: str = "CHG-1", *, day: int = 10, circuits: tuple[str, ...] = ("C-1",), **fields: str) -> str:
    """Build a VEVENT of the BCOP maintnote format, two hours from 01:00 UTC of a day in March 2026."""
    lines = {
        "SUMMARY": "Card exchange",
        "DTSTART": f"202603{day:02}T010000Z",
        "DTEND": f"202603{day:02}T030000Z",
        "DTSTAMP": "20260302T090000Z",
        "UID": "1",
        "SEQUENCE": "1",
        "ORGANIZER": "mailto:noc@example.com",
        "X-MAINTNOTE-PROVIDER": "example.com",
        "X-MAINTNOTE-ACCOUNT": "137.035999173",
        "X-MAINTNOTE-MAINTENANCE-ID": name,
        "X-MAINTNOTE-IMPACT": "OUTAGE",
        "X-MAINTNOTE-STATUS": "CONFIRMED",
        **{field.replace("_", "-"): value for field, value in fields.items()},
    }
    properties = [f"{field}:{value}" for field, value in lines.items()]
    properties += [f"X-MAINTNOTE-OBJECT-ID:{circuit}" for circuit in circuits]
    return "\r\n".join(["BEGIN:VEVENT", *properties, "END:VEVENT"])


def calendar(*events: str) -> tuple[str, str]:
    """Build the calendar part of a message."""
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Maint Note//EN\r\n"
    return "text/calendar; charset=utf-8", "\r\n".join([head.rstrip(), *events, "END:VCALENDAR\r\n"])


def windstream(name: str = "WMT-1", *, title: str = "Planned Maintenance Notification", rows: int = 1) -> str:
    """Build the HTML of a notification in Windstream's format: 01:00 to 05:00 in New York, 2026-03-10."""
    row = "<tr>" + "".join(f"<td>{cell}</td>" for cell in ("ACME", "", "C-{}", "", "", "", "", "", "")) + "</tr>"
    return (
        f"<html><body><h1>{title}</h1><div>Glasfaser für Café Zürich</div><table>"
        "<tr><td>Outage</td><td>4 hours</td></tr>"
        f"<tr><td>WMT:</td><td>{name}</td></tr>"
        "<tr><td>Event Start Date &amp; Time:</td><td>03/10/26 01:00 ET</td></tr>"
        "<tr><td>Event End Date &amp; Time:</td><td>03/10/26 05:00 ET</td></tr></table>"
        f"<table class='circuitTable'>{''.join(row.format(number) for number in range(1, rows + 1))}</table>"
        "</body></html>"
    )


def names_in(updates: list[MaintenanceUpdate]) -> list[str]:
    """Return the maintenance IDs of updates."""
    return [update.maintenance_id for update in updates]


class ParseTestCase(TestCase):
    """Returns the reason why a message cannot be read."""

    def reason(self, raw: bytes, *names: str, limits: Limits = DEFAULT_LIMITS) -> str:
        """Return why a message cannot be read, and check that the reason is short and starts with a code."""
        with self.assertRaises(ParseError) as caught:
            parse(raw, names, provenance(raw), limits)
        self.assertLessEqual(len(str(caught.exception)), 1_000)
        self.assertRegex(str(caught.exception), r"^READ-\d\d: [A-Z]")
        return str(caught.exception)
