"""The windows of a period, for the calendar."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import MaintenanceWindow
from nautobot_circuit_maintenance.models.querysets import OVER, CircuitMaintenanceQuerySet
from nautobot_circuit_maintenance.models.severity import impact_of_severity

MOST = 10_000
"""Windows that are shown at once."""


class CalendarWindow(NamedTuple):
    """One window with what its color and its summary need."""

    maintenance: UUID
    start: datetime
    end: datetime
    name: str
    provider: str | None
    status: str
    impact: str
    """The worst impact of the maintenance, as far as the user may view it; empty if there is none."""
    is_over: bool
    """Whether it is cancelled, completed or past."""
    is_acknowledged: bool
    seen: datetime
    """When the maintenance was last updated."""


def read_windows(
    visibility: Visibility, maintenances: CircuitMaintenanceQuerySet, since: datetime, until: datetime, now: datetime
) -> Iterator[CalendarWindow]:
    """Yield the windows of these maintenances in a period by start, in two queries."""
    chosen = maintenances.order_by()
    windows = MaintenanceWindow.objects.overlapping(since, until).filter(maintenance__in=chosen.values("pk"))
    rows = windows.order_by("start_time").values_list(
        "maintenance",
        "start_time",
        "end_time",
        *(
            f"maintenance__{name}"
            for name in ("name", "provider__name", "status", "ack", "last_updated", "replaced_by")
        ),
    )
    found: list[Any] = list(rows[:MOST])
    worst = dict(visibility.impacts.filter(maintenance__in=windows.order_by().values("maintenance")).severities())
    for pk, start, end, name, provider, status, ack, seen, replaced_by in found:
        is_over = status in OVER or replaced_by is not None or end < now
        impact = impact_of_severity(worst.get(pk, 0))
        yield CalendarWindow(pk, start, end, name, provider, status, impact, is_over, ack, seen)
