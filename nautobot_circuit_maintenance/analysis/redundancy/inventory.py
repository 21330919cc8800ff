"""What is recorded about locations and circuits, and the topology that follows from it."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.values import Group, Link, Subject, Topology

_MANY_ENDS = 20
"""With fewer ends a site that holds most of them is nothing unusual."""


class PlaceKind(str, Enum):
    """What a circuit ends in."""

    LOCATION = "location"
    PROVIDER_NETWORK = "provider network"
    CLOUD_NETWORK = "cloud network"


@dataclass(frozen=True)
class Place:
    """Where a circuit ends."""

    kind: PlaceKind
    key: UUID


@dataclass(frozen=True)
class Locality:
    """A location in its tree."""

    parent: UUID | None
    type: UUID


@dataclass(frozen=True)
class Inventory:
    """The circuits that count, and where they end."""

    localities: Mapping[UUID, Locality]
    """All locations, by primary key."""
    circuits: Mapping[UUID, tuple[Place, ...]]
    """The known ends of each circuit, at most two."""
    nestable_types: frozenset[UUID] = frozenset()
    types_for_ends: frozenset[UUID] = frozenset()
    """Location types that may hold ends of circuits."""
    site_types: frozenset[UUID] | None = None
    """Location types of sites; None: those of locations in which circuits end."""
    exits: frozenset[UUID] | None = None
    """Circuits that may lead outside; None: all."""
    hubs: frozenset[UUID] = frozenset()
    """Locations."""
    groups: tuple[Group, ...] = ()
    """Devices and redundancy groups."""


@dataclass(frozen=True)
class Surroundings:
    """The topology, and what a person should know about how it was found."""

    topology: Topology
    site_of: Mapping[UUID, UUID]
    """The site of each location in which a circuit ends."""
    outside: tuple[UUID, ...]
    """Circuits with one known end that lead outside."""
    incomplete: tuple[UUID, ...]
    """Circuits without a known end, or with one that may not lead outside: they are not links."""
    dominant: UUID | None
    """The site with more than half of all ends, if there are enough ends to decide."""
    separated: tuple[tuple[UUID, ...], ...]
    """Sites within one location whose own type may hold ends of circuits: they may be one site."""


class _Sites:
    """Which site a location belongs to: the highest location of a site type, from itself upwards."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        ends = (place for places in inventory.circuits.values() for place in places)
        self._ends = Counter(place.key for place in ends if place.kind == PlaceKind.LOCATION)
        used = {inventory.localities[key].type for key in self._ends}
        self._types = used if inventory.site_types is None else inventory.site_types
        self.of = {location: self._highest(location) for location in self._ends}
        self.hubs = frozenset(site for hub in inventory.hubs for site in self._of_hub(hub))

    def dominant(self) -> UUID | None:
        """Return the site with more than half of all ends."""
        counts: Counter[UUID] = Counter()
        for location, number in self._ends.items():
            counts[self.of[location]] += number
        total = counts.total()
        return next((site for site, number in counts.items() if 2 * number > total >= _MANY_ENDS), None)

    def separated(self) -> Iterator[tuple[UUID, ...]]:
        """Yield sites of one parent whose type may hold ends."""
        localities = self._inventory.localities
        siblings: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for site in self.of.values():
            parent = localities[site].parent
            if parent is not None and localities[parent].type in self._inventory.types_for_ends:
                siblings[parent].add(site)
        yield from (tuple(sorted(sites)) for sites in siblings.values() if len(sites) > 1)

    def _highest(self, location: UUID) -> UUID:
        """Return the site of a location; itself if nothing above it is one."""
        return [location, *(above for above in self._way_up(location) if self._is_site(above))][-1]

    def _way_up(self, location: UUID) -> Iterator[UUID]:
        """Yield a location and those above it."""
        localities = self._inventory.localities
        yield location
        while above := localities[location].parent:
            location = above
            yield location

    def _is_site(self, location: UUID) -> bool:
        kind = self._inventory.localities[location].type
        if kind not in self._types:
            return False
        is_configured = self._inventory.site_types is not None
        return is_configured or kind not in self._inventory.nestable_types or location in self._ends

    def _of_hub(self, hub: UUID) -> set[UUID]:
        """Return the site that a hub is or belongs to, else the sites within it; itself if there are none."""
        within = {site for location, site in self.of.items() if hub in self._way_up(site)}
        site = self._highest(hub)
        return {site} if site in self.of.values() else within or {hub}


def survey(inventory: Inventory) -> Surroundings:
    """Return the network that an inventory describes."""
    sites = _Sites(inventory)
    links: list[Link] = []
    outside: list[UUID] = []
    incomplete: list[UUID] = []
    clouds: defaultdict[UUID, dict[UUID, UUID | None]] = defaultdict(dict)
    for circuit, places in inventory.circuits.items():
        nodes = [sites.of.get(place.key, place.key) for place in places]
        if any(place.kind == PlaceKind.CLOUD_NETWORK for place in places):
            for cloud, far in _ends_in_clouds(places, sites.of):
                clouds[cloud][circuit] = far
        elif len(nodes) == 2:
            links += [Link(circuit, nodes[0], nodes[1])] if nodes[0] != nodes[1] else []
        elif nodes and (inventory.exits is None or circuit in inventory.exits):
            outside.append(circuit)
            links.append(Link(circuit, nodes[0], None))
        else:
            incomplete.append(circuit)
    groups = (*(_cloud(key, circuits) for key, circuits in clouds.items()), *inventory.groups)
    topology = Topology(frozenset(sites.of.values()) | sites.hubs, tuple(links), sites.hubs, groups)
    return Surroundings(
        topology, sites.of, tuple(outside), tuple(incomplete), sites.dominant(), tuple(sites.separated())
    )


def _ends_in_clouds(places: tuple[Place, ...], site_of: Mapping[UUID, UUID]) -> Iterator[tuple[UUID, UUID | None]]:
    """Yield the cloud networks in which a circuit ends, each with the site at its other end."""
    site = next((site_of[place.key] for place in places if place.kind == PlaceKind.LOCATION), None)
    yield from ((place.key, site) for place in places if place.kind == PlaceKind.CLOUD_NETWORK)


def _cloud(key: UUID, circuits: Mapping[UUID, UUID | None]) -> Group:
    far_sites = {circuit: site for circuit, site in circuits.items() if site}
    return Group(Subject.CLOUD, key, tuple(circuits), far_sites)
