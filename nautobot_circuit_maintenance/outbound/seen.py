"""Maintenances as the owner of a subscription may see them now: a few queries for any number."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, MaintenanceWindow
from nautobot_circuit_maintenance.outbound.links import linking
from nautobot_circuit_maintenance.outbound.state import CircuitState, MaintenanceState, Span


@dataclass(frozen=True)
class Seen:
    """A maintenance with the rows of its windows: an event of the clock is about a row."""

    state: MaintenanceState
    windows: tuple[MaintenanceWindow, ...]
    created: datetime | None


@dataclass(frozen=True)
class _Circuits:
    """What the owner may see of circuits, by primary key."""

    visible: frozenset[UUID]
    sites: Mapping[UUID, tuple[str, ...]]
    tenants: Mapping[UUID, str]


def see(maintenances: Collection[UUID], visibility: Visibility) -> dict[UUID, Seen]:
    """Return those of these maintenances that may be viewed, with their visible impacts and circuits; six queries."""
    rows = visibility.maintenances.filter(pk__in=maintenances).select_related("provider", "replaced_by__provider")
    windows: defaultdict[UUID, list[MaintenanceWindow]] = defaultdict(list)
    for window in MaintenanceWindow.objects.filter(maintenance__in=maintenances).order_by("start_time", "end_time"):
        windows[window.maintenance_id].append(window)
    impacts: defaultdict[UUID, list[CircuitImpact]] = defaultdict(list)
    found = visibility.impacts.filter(maintenance__in=maintenances).order_by("cid", "pk").prefetch_related("windows")
    for impact in found:
        impacts[impact.maintenance_id].append(impact)
    circuits = _circuits({each.circuit_id for own in impacts.values() for each in own if each.circuit_id}, visibility)
    link = linking()
    return {row.pk: _seen(row, windows[row.pk], impacts[row.pk], circuits, link) for row in rows}


def _circuits(keys: Collection[UUID], visibility: Visibility) -> _Circuits:
    """Return the circuits that may be viewed, with the visible locations of their ends."""
    if not keys:
        return _Circuits(frozenset(), {}, {})
    tenants = dict(visibility.tenants.filter(circuits__in=keys).values_list("circuits", "name").distinct())
    visible = visibility.circuits.filter(pk__in=keys).values_list("pk", flat=True)
    return _Circuits(frozenset(visible), sites_of(keys, visibility), tenants)


def sites_of(circuits: Collection[UUID], visibility: Visibility) -> dict[UUID, tuple[str, ...]]:
    """Return the names of the visible locations of the ends of circuits, each once."""
    if not circuits:
        return {}
    ends = visibility.terminations.filter(circuit__in=circuits, location__in=visibility.locations.values("pk"))
    names: defaultdict[UUID, list[str]] = defaultdict(list)
    for circuit, name in ends.order_by("term_side").values_list("circuit", "location__name"):
        names[circuit].append(name)
    return {circuit: tuple(dict.fromkeys(each)) for circuit, each in names.items()}


def _seen(
    row: CircuitMaintenance,
    windows: Iterable[MaintenanceWindow],
    impacts: Iterable[CircuitImpact],
    circuits: _Circuits,
    link: Callable[[str], str],
) -> Seen:
    rows = tuple(windows)
    state = MaintenanceState(
        id=str(row.pk),
        name=row.name,
        provider=row.provider.name if row.provider else "",
        status=row.status,
        windows=_spans(rows),
        circuits=tuple(_circuit(each, circuits, link) for each in impacts if _is_visible(each, circuits)),
        replaced_by=str(row.replaced_by) if row.replaced_by else "",
        description=row.description,
        ticket=row.ticket,
        acknowledged=row.ack,
        revision=row.revision,
        changed_at=row.last_updated,
        url=link(row.get_absolute_url()),
    )
    return Seen(state, rows, row.created)


def _is_visible(impact: CircuitImpact, circuits: _Circuits) -> bool:
    """Return whether the circuit may be viewed, or there is none; and the circuit is affected in some window."""
    return (impact.circuit_id is None or impact.circuit_id in circuits.visible) and impact.is_affected


def _circuit(impact: CircuitImpact, circuits: _Circuits, link: Callable[[str], str]) -> CircuitState:
    key = impact.circuit_id
    return CircuitState(
        cid=impact.cid,
        impact=impact.impact,
        windows=None if impact.in_all_windows else _spans(impact.windows.all()),
        sites=circuits.sites.get(key, ()) if key else (),
        tenant=circuits.tenants.get(key, "") if key else "",
        url=link(Circuit(pk=key).get_absolute_url()) if key else "",
    )


def _spans(windows: Iterable[Any]) -> tuple[Span, ...]:
    return tuple(sorted((each.start_time, each.end_time) for each in windows))


def gone(state: MaintenanceState) -> MaintenanceState:
    """Return what is left to say of a maintenance that was deleted."""
    return replace(state, exists=False)
