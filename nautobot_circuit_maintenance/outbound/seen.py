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

ANOTHER = "another maintenance"
"""The name of a maintenance that may not be viewed, where it is known that there is one."""


@dataclass(frozen=True)
class Seen:
    """A maintenance with the rows of its windows: an event of the clock is about a row."""

    state: MaintenanceState
    windows: tuple[MaintenanceWindow, ...]
    created: datetime | None
    unacknowledged_at: datetime | None = None
    """When an acknowledgement was last removed."""
    hidden: frozenset[str] = frozenset()
    """IDs of affected circuits that may not be viewed, in lower case."""


@dataclass(frozen=True)
class _Circuits:
    """What the owner may see of circuits, by primary key."""

    visible: frozenset[UUID]
    sites: Mapping[UUID, tuple[str, ...]]
    tenants: Mapping[UUID, str]


@dataclass(frozen=True)
class _About:
    """What is needed to describe maintenances."""

    circuits: _Circuits
    names: Mapping[UUID, str]
    """Of maintenances that replace others."""
    hidden: Mapping[UUID, Collection[str]]
    link: Callable[[str], str]


def see(maintenances: Collection[UUID], visibility: Visibility) -> dict[UUID, Seen]:
    """Return those of these maintenances that may be viewed, with their visible impacts and circuits; six to eight queries."""
    rows = list(visibility.maintenances.filter(pk__in=maintenances).select_related("provider"))
    windows: defaultdict[UUID, list[MaintenanceWindow]] = defaultdict(list)
    for window in MaintenanceWindow.objects.filter(maintenance__in=maintenances).order_by("start_time", "end_time"):
        windows[window.maintenance_id].append(window)
    impacts: defaultdict[UUID, list[CircuitImpact]] = defaultdict(list)
    found = visibility.impacts.filter(maintenance__in=maintenances).order_by("cid", "pk").prefetch_related("windows")
    for impact in found:
        impacts[impact.maintenance_id].append(impact)
    circuits = _circuits({each.circuit_id for own in impacts.values() for each in own if each.circuit_id}, visibility)
    hidden = _hidden(maintenances, impacts, circuits, visibility)
    names = _names({row.replaced_by_id for row in rows if row.replaced_by_id}, visibility)
    about = _About(circuits, names, hidden, linking())
    return {row.pk: _seen(row, windows[row.pk], impacts[row.pk], about) for row in rows}


def _names(maintenances: Collection[UUID], visibility: Visibility) -> dict[UUID, str]:
    """Return the names of those of these maintenances that may be viewed."""
    if not maintenances:
        return {}
    return {row.pk: str(row) for row in visibility.maintenances.filter(pk__in=maintenances).select_related("provider")}


def _hidden(
    maintenances: Collection[UUID],
    impacts: Mapping[UUID, Iterable[CircuitImpact]],
    circuits: _Circuits,
    visibility: Visibility,
) -> dict[UUID, set[str]]:
    """Return the IDs of circuits that may not be viewed; nothing is asked for someone who may view all."""
    if visibility.sees_all_impacts() and not visibility.circuits.query.where:
        return {}
    shown = {each.pk for own in impacts.values() for each in own if _may_view(each, circuits)}
    found: defaultdict[UUID, set[str]] = defaultdict(set)
    rows: Any = CircuitImpact.objects.filter(maintenance__in=maintenances).exclude(pk__in=shown).order_by()
    for maintenance, cid in rows.values_list("maintenance", "cid"):
        found[maintenance].add(cid.casefold())
    return found


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
    row: CircuitMaintenance, windows: Iterable[MaintenanceWindow], impacts: Iterable[CircuitImpact], about: _About
) -> Seen:
    rows = tuple(windows)
    state = MaintenanceState(
        id=str(row.pk),
        name=row.name,
        provider=row.provider.name if row.provider else "",
        status=row.status,
        windows=_spans(rows),
        circuits=tuple(
            _circuit(each, about) for each in impacts if _may_view(each, about.circuits) and each.is_affected
        ),
        replaced_by=about.names.get(row.replaced_by_id, ANOTHER) if row.replaced_by_id else "",
        description=row.description,
        ticket=row.ticket,
        acknowledged=row.ack,
        revision=row.revision,
        changed_at=row.last_updated,
        url=about.link(row.get_absolute_url()),
    )
    return Seen(state, rows, row.created, row.unacknowledged_at, frozenset(about.hidden.get(row.pk, ())))


def _may_view(impact: CircuitImpact, circuits: _Circuits) -> bool:
    """Return whether the circuit of an impact may be viewed, or there is none."""
    return impact.circuit_id is None or impact.circuit_id in circuits.visible


def _circuit(impact: CircuitImpact, about: _About) -> CircuitState:
    key, circuits = impact.circuit_id, about.circuits
    return CircuitState(
        cid=impact.cid,
        impact=impact.impact,
        windows=None if impact.in_all_windows else _spans(impact.windows.all()),
        sites=circuits.sites.get(key, ()) if key else (),
        tenant=circuits.tenants.get(key, "") if key else "",
        url=about.link(Circuit(pk=key).get_absolute_url()) if key else "",
        id=str(key or ""),
    )


def _spans(windows: Iterable[Any]) -> tuple[Span, ...]:
    return tuple(sorted((each.start_time, each.end_time) for each in windows))


@dataclass(frozen=True)
class Still:
    """What may be viewed now of what was sent last: read once for any number of conversations."""

    circuits: _Circuits
    existing: frozenset[UUID]
    """Circuits that were not deleted in Nautobot since."""
    are_impacts_visible: bool

    def left_of(self, state: MaintenanceState, hidden: Collection[str]) -> MaintenanceState:
        """Return a state that was sent last without what may not be viewed any more: that changed nothing, and is not named again.

        The IDs of circuits that are hidden in any case are in lower case. A circuit that was deleted in Nautobot stays as it
        was sent: its impact can still be viewed.
        """
        return replace(
            state, circuits=self._circuits(each for each in state.circuits if each.cid.casefold() not in hidden)
        )

    def gone(self, state: MaintenanceState) -> MaintenanceState:
        """Return what is left to say of a maintenance that was deleted, of what may be viewed now."""
        known = (each for each in state.circuits if not each.id or UUID(each.id) in self.existing)
        return replace(state, exists=False, circuits=self._circuits(known))

    def _circuits(self, circuits: Iterable[CircuitState]) -> tuple[CircuitState, ...]:
        if not self.are_impacts_visible:
            return ()
        return tuple(self._circuit(each) for each in circuits if not self._is_hidden(each))

    def _is_hidden(self, circuit: CircuitState) -> bool:
        key = UUID(circuit.id) if circuit.id else None
        return key in self.existing and key not in self.circuits.visible

    def _circuit(self, circuit: CircuitState) -> CircuitState:
        """Return a circuit with the sites and the tenant that may be viewed now."""
        if not circuit.id or UUID(circuit.id) not in self.existing:
            return circuit
        key = UUID(circuit.id)
        return replace(circuit, sites=self.circuits.sites.get(key, ()), tenant=self.circuits.tenants.get(key, ""))


def still_visible(states: Iterable[MaintenanceState], visibility: Visibility) -> Still:
    """Return what may be viewed now of the circuits in these states; up to four queries."""
    keys = {UUID(each.id) for state in states for each in state.circuits if each.id}
    circuits = _circuits(keys, visibility)
    existing = Circuit.objects.filter(pk__in=keys).order_by().values_list("pk", flat=True) if keys else ()
    return Still(circuits, frozenset(existing), not visibility.impacts.query.is_empty())
