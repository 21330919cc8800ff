"""A maintenance as a calendar file (RFC 5545), for the calendar of a person."""

from collections.abc import Iterator
from datetime import datetime, timezone

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.models import CircuitMaintenance

_LONGEST_LINE = 73
"""Octets of a content line, without the space that continues it (RFC 5545 section 3.1)."""


def as_ics(maintenance: CircuitMaintenance, address: str) -> bytes:
    """Return an event for each window; ``address`` is that of the page."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//nautobot-circuit-maintenance//EN",
        *_events(maintenance, address),
    ]
    return b"".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def _events(maintenance: CircuitMaintenance, address: str) -> Iterator[str]:
    status = "CANCELLED" if maintenance.status == Status.CANCELLED else "CONFIRMED"
    stamp = _utc(maintenance.last_updated or maintenance.created)
    for window in maintenance.windows.all():
        yield from (
            "BEGIN:VEVENT",
            f"UID:{window.pk}@nautobot-circuit-maintenance",
            f"DTSTAMP:{stamp}",
            f"DTSTART:{_utc(window.start_time)}",
            f"DTEND:{_utc(window.end_time)}",
            f"SUMMARY:{_escaped(f'{maintenance} {maintenance.status}')}",
            f"DESCRIPTION:{_escaped(maintenance.description)}",
            f"URL:{address}",
            f"STATUS:{status}",
            "END:VEVENT",
        )


def _utc(moment: datetime | None) -> str:
    return f"{moment.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}" if moment else ""


def _escaped(text: str) -> str:
    """Escape text; anything else at the end of a line would begin a property of the sender's choice."""
    escaped = storable(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(escaped.splitlines())


def _folded(line: str) -> bytes:
    """Return a content line in pieces that are short enough, none of which ends within a character."""
    pieces, rest = [], line
    while rest:
        length = len(rest.encode()[:_LONGEST_LINE].decode(errors="ignore"))
        pieces.append(rest[:length])
        rest = rest[length:]
    return "\r\n ".join(pieces).encode() + b"\r\n"
