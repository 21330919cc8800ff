"""Which circuits are worked on when: for what acts on circuits and not on maintenances, such as silences and jobs."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitImpactChoices
from nautobot_circuit_maintenance.models import CircuitImpact, MaintenanceWindow
from nautobot_circuit_maintenance.models.querysets import CircuitImpactQuerySet, CircuitMaintenanceQuerySet


class Work(NamedTuple):
    """One circuit in one window in which it is affected, by more than NO-IMPACT."""

    maintenance: UUID
    window: UUID
    start: datetime
    end: datetime
    circuit: UUID


def work_on(
    maintenances: CircuitMaintenanceQuerySet, visibility: Visibility, *, since: datetime, until: datetime
) -> list[Work]:
    """Return the work of those of these maintenances that are not over, in windows that share time with this range.

    Impacts and circuits that may not be viewed are left out. Takes three queries, two if there are no such windows.
    """
    spans = MaintenanceWindow.objects.overlapping(since, until).filter(maintenance__in=maintenances.open().values("pk"))
    rows_of_windows = spans.values_list("pk", "maintenance", "start_time", "end_time")
    windows = {pk: (maintenance, start, end) for pk, maintenance, start, end in rows_of_windows}
    if not windows:
        return []
    by_maintenance: dict[UUID, list[UUID]] = defaultdict(list)
    for pk, (maintenance, _start, _end) in windows.items():
        by_maintenance[maintenance].append(pk)
    impacts = _impacts(visibility).filter(maintenance__in=list(by_maintenance))
    rows = list(impacts.values_list("pk", "maintenance", "circuit", "in_all_windows"))
    own = _own_windows([pk for pk, _maintenance, _circuit, is_in_all in rows if not is_in_all], list(windows))
    found = {
        Work(maintenance, window, windows[window][1], windows[window][2], circuit)
        for pk, maintenance, circuit, is_in_all in rows
        for window in (by_maintenance[maintenance] if is_in_all else own[pk])
    }
    return sorted(found, key=lambda each: (each.start, str(each.window), str(each.circuit)))


def _impacts(visibility: Visibility) -> CircuitImpactQuerySet:
    """Return the impacts on circuits that may be viewed."""
    impacts: CircuitImpactQuerySet = visibility.impacts.filter(circuit__isnull=False).exclude(
        impact=CircuitImpactChoices.NO_IMPACT
    )
    circuits = visibility.circuits
    return impacts.filter(circuit__in=circuits.values("pk")) if circuits.query.where else impacts


def _own_windows(impacts: list[UUID], windows: list[UUID]) -> dict[UUID, list[UUID]]:
    """Return those of these windows in which each of these impacts is, where that is not in all."""
    own: dict[UUID, list[UUID]] = defaultdict(list)
    for impact, window in _pairs(impacts, windows):
        own[impact].append(window)
    return own


def _pairs(impacts: list[UUID], windows: list[UUID]) -> Iterator[Any]:
    if impacts:
        through: Any = CircuitImpact.windows.through
        rows = through.objects.filter(circuitimpact__in=impacts, maintenancewindow__in=windows)
        yield from rows.values_list("circuitimpact", "maintenancewindow")
