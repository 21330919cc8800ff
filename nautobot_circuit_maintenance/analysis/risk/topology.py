"""The circuits that count and where they end, as they are recorded: the same for every user."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef
from django.db.models.functions import Cast
from nautobot.circuits.models import Circuit, CircuitTermination
from nautobot.dcim.models import Location, LocationType
from nautobot.extras.models import DynamicGroup, StaticGroupAssociation

from nautobot_circuit_maintenance.analysis.keys import as_text
from nautobot_circuit_maintenance.analysis.redundancy.inventory import (
    Inventory,
    Locality,
    Place,
    PlaceKind,
    Surroundings,
    survey,
)
from nautobot_circuit_maintenance.analysis.redundancy.network import Network, network_of
from nautobot_circuit_maintenance.analysis.redundancy.values import Group, Subject
from nautobot_circuit_maintenance.analysis.risk.counted import Counted, look_up
from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.risk_settings import RiskSettings

GROUP_TAG = "Redundancy group"
"""The tag of dynamic groups of circuits of which one has to stay up."""
_KINDS = (PlaceKind.LOCATION, PlaceKind.PROVIDER_NETWORK, PlaceKind.CLOUD_NETWORK)


@dataclass(frozen=True)
class Recorded:
    """The network as it is recorded."""

    surroundings: Surroundings
    network: Network
    circuits: frozenset[UUID]
    """The circuits that count."""

    @cached_property
    def ends_of_links(self) -> dict[str, set[str]]:
        """The sites and other nodes that each link connects; the keys are text, as where thousands of rows are read."""
        ends: defaultdict[str, set[str]] = defaultdict(set)
        for link in self.surroundings.topology.links:
            ends[str(link.circuit)].update(str(end) for end in (link.near, link.far) if end)
        return dict(ends)


@dataclass(frozen=True)
class _Rows:
    """What was read: anything that changed since is another value. The keys of the first three are text."""

    circuits: list[tuple[Any, ...]]
    ends: list[tuple[Any, ...]]
    localities: list[tuple[Any, ...]]
    types: list[tuple[Any, ...]]
    groups: list[tuple[Any, ...]]


_known: list[tuple[RiskSettings, Counted, _Rows, Recorded]] = []
"""What was last worked out, in this process; used again only for the same rows."""


def read_topology(settings: RiskSettings) -> Recorded:
    """Return the network that counts; raises RiskError if the settings are wrong or select no circuit.

    Takes five queries and those of ``look_up``. All rows are read each time, so nothing is ever out of date; what follows from them
    is worked out again only if they differ from the last ones.
    """
    counted = look_up(settings)
    rows = _read(counted)
    if not rows.circuits:
        hint = "Set 'risk_circuits' to a filter that finds the circuits whose loss matters."
        raise RiskError("RISK-05", "The setting 'risk_circuits' selects no circuit.", hint)
    for known_settings, known_counted, known_rows, recorded in _known:
        if known_rows == rows and known_settings == settings and _same(known_counted, counted):
            return recorded
    recorded = _recorded(counted, rows)
    _known[:] = [(settings, counted, rows, recorded)]
    return recorded


def _same(one: Counted, other: Counted) -> bool:
    return (one.site_types, one.exit_types, one.hubs) == (other.site_types, other.exit_types, other.hubs)


def _read(counted: Counted) -> _Rows:
    terminations = CircuitTermination.objects.filter(circuit__in=counted.circuits.values("pk")).order_by("pk")
    locations = Location.objects.without_tree_fields().order_by("pk")
    return _Rows(
        circuits=list(counted.circuits.order_by("pk").values_list(*_texts("pk", "circuit_type"))),
        ends=list(terminations.values_list(*_texts("circuit", "location", "provider_network", "cloud_network"))),
        localities=list(locations.values_list(*_texts("pk", "parent", "location_type"))),
        types=list(_types()),
        groups=list(_members()),
    )


def _texts(*paths: str) -> Iterator[Cast]:
    return map(as_text, paths)


def _types() -> Iterator[tuple[UUID, bool, bool]]:
    """Yield the location types: whether they are nestable, and whether they may hold ends of circuits."""
    kind = ContentType.objects.get_for_model(CircuitTermination)
    for_ends = LocationType.content_types.through.objects.filter(contenttype=kind)
    rows = LocationType.objects.without_tree_fields().order_by("pk")
    holding = rows.annotate(holds_ends=Exists(for_ends.filter(locationtype=OuterRef("pk"))))
    yield from holding.values_list("pk", "nestable", "holds_ends")


def _members() -> Iterator[tuple[UUID, UUID]]:
    """Yield the redundancy groups with their circuits, as Nautobot last worked out the members."""
    kind = ContentType.objects.get_for_model(Circuit)
    groups = DynamicGroup.objects.filter(tags__name=GROUP_TAG, content_type=kind).order_by().values("pk")
    members = StaticGroupAssociation.all_objects.filter(dynamic_group__in=groups, associated_object_type=kind)
    yield from members.order_by("dynamic_group", "associated_object_id").values_list(
        "dynamic_group_id", "associated_object_id"
    )


def _recorded(counted: Counted, rows: _Rows) -> Recorded:
    exits = None
    if counted.exit_types is not None:
        exits = frozenset(pk for pk, kind in map(_keys, rows.circuits) if kind in counted.exit_types)
    circuits: dict[UUID, list[Place]] = {UUID(pk): [] for pk, _ in rows.circuits}
    for circuit, *places in map(_keys, rows.ends):
        circuits[circuit] += [Place(kind, pk) for kind, pk in zip(_KINDS, places, strict=True) if pk]
    inventory = Inventory(
        localities={pk: Locality(parent, kind) for pk, parent, kind in map(_keys, rows.localities)},
        circuits={pk: tuple(places) for pk, places in circuits.items()},
        nestable_types=frozenset(pk for pk, is_nestable, _ in rows.types if is_nestable),
        types_for_ends=frozenset(pk for pk, _, holds_ends in rows.types if holds_ends),
        site_types=counted.site_types,
        exits=exits,
        hubs=counted.hubs,
        groups=tuple(_groups(rows.groups)),
    )
    surroundings = survey(inventory)
    return Recorded(surroundings, network_of(surroundings.topology), frozenset(circuits))


def _keys(row: Iterable[str | None]) -> list[Any]:
    return [UUID(each) if each else None for each in row]


def _groups(members: Iterable[tuple[UUID, UUID]]) -> Iterator[Group]:
    circuits: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for group, circuit in members:
        circuits[group].append(circuit)
    yield from (Group(Subject.GROUP, group, tuple(own)) for group, own in circuits.items())
