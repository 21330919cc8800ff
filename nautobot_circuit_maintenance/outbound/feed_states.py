"""The maintenances of a calendar feed as its owner may see them now, read by columns: thousands of them in one request.

They have what a calendar says of them, as ``seen.see()`` would have it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitImpact, MaintenanceWindow
from nautobot_circuit_maintenance.outbound.seen import ANOTHER, sites_of
from nautobot_circuit_maintenance.outbound.state import CircuitState, MaintenanceState, Span

_COLUMNS = (
    *("pk", "name", "provider__name", "status", "replaced_by"),
    *("description", "ticket", "ack", "revision", "last_updated"),
)
_ANY = UUID(int=0)


def states_of(maintenances: QuerySet[Any], visibility: Visibility, *, base: str) -> Iterator[MaintenanceState]:
    """Yield the states of these maintenances, in no order; ``base`` comes before their addresses. Takes six queries."""
    keys = maintenances.order_by().values("pk")
    windows: dict[UUID, list[Span]] = defaultdict(list)
    spans: dict[UUID, Span] = {}
    rows: Any = MaintenanceWindow.objects.filter(maintenance__in=keys).order_by("start_time", "end_time")
    for pk, maintenance, start, end in rows.values_list("pk", "maintenance", "start_time", "end_time"):
        spans[pk] = (start, end)
        windows[maintenance].append((start, end))
    circuits = _circuits(keys, visibility, spans)
    address = base + reverse("plugins:nautobot_circuit_maintenance:circuitmaintenance", args=[_ANY])
    for row in maintenances.order_by().values_list(*_COLUMNS):
        pk, name, provider, status, replaced_by, description, ticket, ack, revision, changed_at = row
        yield MaintenanceState(
            id=str(pk),
            name=name,
            provider=provider or "",
            status=status,
            windows=tuple(windows.get(pk, ())),
            circuits=tuple(circuits.get(pk, ())),
            replaced_by=ANOTHER if replaced_by else "",
            description=description,
            ticket=ticket,
            acknowledged=ack,
            revision=revision,
            changed_at=changed_at,
            url=address.replace(str(_ANY), str(pk)),
        )


def _circuits(keys: Any, visibility: Visibility, spans: Mapping[UUID, Span]) -> dict[UUID, list[CircuitState]]:
    """Return the circuits of each maintenance that are affected in some window and may be viewed, or are unknown."""
    impacts: Any = visibility.impacts.filter(maintenance__in=keys).order_by("cid", "pk")
    rows = list(impacts.values_list("pk", "maintenance", "cid", "impact", "circuit", "in_all_windows"))
    linked = {row[4] for row in rows if row[4]}
    visible = set(visibility.circuits.filter(pk__in=linked).values_list("pk", flat=True)) if linked else set()
    sites = sites_of(visible, visibility)
    own = _own_windows([row[0] for row in rows if not row[5]], spans)
    found: dict[UUID, list[CircuitState]] = defaultdict(list)
    for pk, maintenance, cid, impact, circuit, is_in_all in rows:
        is_visible = circuit is None or circuit in visible
        if is_visible and (is_in_all or own[pk]):
            in_windows = None if is_in_all else tuple(sorted(own[pk]))
            found[maintenance].append(CircuitState(cid, impact, in_windows, sites.get(circuit, ())))
    return found


def _own_windows(impacts: list[UUID], spans: Mapping[UUID, Span]) -> dict[UUID, list[Span]]:
    """Return the windows of those impacts that are not in all of their maintenance's."""
    own: dict[UUID, list[Span]] = defaultdict(list)
    through: Any = CircuitImpact.windows.through
    rows = through.objects.filter(circuitimpact__in=impacts) if impacts else through.objects.none()
    for impact, window in rows.values_list("circuitimpact", "maintenancewindow"):
        if window in spans:
            own[impact].append(spans[window])
    return own
