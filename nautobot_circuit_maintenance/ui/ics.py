"""A maintenance as a calendar file (RFC 5545), for the calendar of a person."""

from collections.abc import Iterator

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.outbound.calendars import CANCELLED, CONFIRMED, CalendarEntry, calendar, vevent


def as_ics(maintenance: CircuitMaintenance, address: str) -> bytes:
    """Return an event for each window; ``address`` is that of the page."""
    return calendar(map(vevent, _entries(maintenance, address)))


def _entries(maintenance: CircuitMaintenance, address: str) -> Iterator[CalendarEntry]:
    for window in maintenance.windows.all():
        yield CalendarEntry(
            uid=f"{window.pk}@nautobot-circuit-maintenance",
            sequence=maintenance.revision,
            changed_at=maintenance.last_updated or maintenance.created or window.start_time,
            start=window.start_time,
            end=window.end_time,
            summary=f"{maintenance} {maintenance.status}",
            description=maintenance.description,
            url=address,
            status=CANCELLED if maintenance.status == Status.CANCELLED else CONFIRMED,
        )
