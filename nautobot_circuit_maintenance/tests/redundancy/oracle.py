"""A second implementation of the assessment: networkx at each moment, and minimal sets of links for the causes."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple
from uuid import UUID

import networkx

from nautobot_circuit_maintenance.analysis.redundancy.inventory import Inventory, Place, PlaceKind
from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Group, Outage, Phase, Subject

_CORE = "core"
_FIRM = "firm"
"""A link between the core and one of its nodes, which never fails."""


class State(NamedTuple):
    """What is so at one moment."""

    kind: Kind
    down: frozenset[UUID]
    hangs_on: tuple[UUID, ...]


class Oracle:
    """The answers for one inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        ends = [
            place.key for places in inventory.circuits.values() for place in places if place.kind == PlaceKind.LOCATION
        ]
        self._locations = set(ends)
        self.site_of = {location: self._site(location) for location in ends}
        self.links: dict[UUID, tuple[Any, Any]] = {}
        self.clouds: dict[UUID, list[tuple[UUID, UUID | None]]] = {}
        for circuit, places in inventory.circuits.items():
            self._add(circuit, list(places))
        self.hubs = {site for hub in inventory.hubs for site in self._hub(hub)}
        self.sites = set(self.site_of.values()) | self.hubs
        self.core = self._core()
        whole = self.graph(())
        reached = networkx.node_connected_component(whole, _CORE)
        self.assessed = {each for each in self.sites if each in reached and each not in self.core}
        self.with_two_ways = {each for each in self.assessed if not self.bridges(whole, each)}

    def link_count(self, site: UUID) -> int:
        """Return how many links a site has."""
        return sum(site in ends for ends in self.links.values())

    def groups(self) -> Iterator[tuple[Group, dict[UUID, UUID]]]:
        """Yield what is counted, with the sites behind which circuits are useless."""
        yield from ((group, {}) for group in self._inventory.groups)
        for cloud, circuits in self.clouds.items():
            group = Group(Subject.CLOUD, cloud, tuple(dict.fromkeys(circuit for circuit, _ in circuits)))
            yield group, {circuit: site for circuit, site in circuits if site}
        for hub in self.core & self.sites:
            links = tuple(circuit for circuit, ends in self.links.items() if hub in ends)
            if links:
                yield Group(Subject.HUB, hub, links), {}

    def _above(self, location: UUID) -> list[UUID]:
        """Return a location and all above it, highest first."""
        own = self._inventory.localities[location]
        return [*(self._above(own.parent) if own.parent else []), location]

    def _site(self, location: UUID) -> UUID:
        inventory = self._inventory
        for above in self._above(location):
            kind = inventory.localities[above].type
            if inventory.site_types is not None:
                if kind in inventory.site_types:
                    return above
            elif any(inventory.localities[each].type == kind for each in self._locations):
                if kind not in inventory.nestable_types or above in self._locations:
                    return above
        return location

    def _hub(self, hub: UUID) -> set[UUID]:
        sites = set(self.site_of.values())
        if self._site(hub) in sites:
            return {self._site(hub)}
        return {each for each in sites if hub in self._above(each)} or {hub}

    def _add(self, circuit: UUID, places: list[Place]) -> None:
        nodes = [self.site_of.get(place.key, place.key) for place in places]
        clouds = [place.key for place in places if place.kind == PlaceKind.CLOUD_NETWORK]
        if clouds:
            sites = [self.site_of[place.key] for place in places if place.kind == PlaceKind.LOCATION]
            for cloud in clouds:
                self.clouds.setdefault(cloud, []).append((circuit, sites[0] if sites else None))
        elif len(nodes) == 2 and nodes[0] != nodes[1]:
            self.links[circuit] = (nodes[0], nodes[1])
        elif len(nodes) == 1 and (self._inventory.exits is None or circuit in self._inventory.exits):
            self.links[circuit] = (nodes[0], ("outside", circuit))

    def _core(self) -> set[Any]:
        if self.hubs:
            return self.hubs
        nodes = {end for ends in self.links.values() for end in ends}
        outside = {node for node in nodes if node not in self.sites}
        if outside or not nodes:
            return outside
        graph = networkx.Graph(self.links.values())
        largest = max(networkx.connected_components(graph), key=lambda each: (len(each), -min(each).int))
        return {max(largest, key=lambda each: (self.link_count(each), -each.int))}

    def graph(self, down: Collection[UUID]) -> networkx.MultiGraph:
        """Return the network without these circuits."""
        graph = networkx.MultiGraph()
        graph.add_node(_CORE)
        graph.add_nodes_from(self.sites)
        for circuit, ends in self.links.items():
            graph.add_nodes_from(ends)
            if circuit not in down:
                graph.add_edge(*ends, key=circuit)
        for node in self.core:
            graph.add_edge(_CORE, node, key=(_FIRM, node))
        return graph

    def bridges(self, graph: networkx.MultiGraph, site: UUID) -> tuple[UUID, ...]:
        """Return the links none of which may fail, from the core towards the site, which reaches it."""
        simple = networkx.Graph(graph)
        bridges = set()
        for a, b in networkx.bridges(simple):
            keys = list(graph[a][b])
            if len(keys) == 1 and not isinstance(keys[0], tuple):
                bridges.add(keys[0])
        path = networkx.shortest_path(simple, _CORE, site)
        steps = [key for a, b in zip(path, path[1:], strict=False) for key in graph[a][b]]
        return tuple(key for key in steps if key in bridges)

    def state(self, site: UUID, down: Collection[UUID]) -> State | None:
        """Return how a site is while these circuits are down; None if all is well."""
        graph = self.graph(down)
        links = [circuit for circuit in self.links if circuit in down]
        if not networkx.has_path(graph, _CORE, site):
            causes = _minimal(links, lambda up: networkx.has_path(self.graph(set(down) - up), _CORE, site))
            return State(Kind.DARK, causes, ())
        hangs_on = self.bridges(graph, site)
        if not hangs_on or site not in self.with_two_ways:
            return None
        causes = frozenset()
        for bridge in hangs_on:
            gone = {*down, bridge}
            causes |= _minimal(links, lambda up, gone=gone: networkx.has_path(self.graph(gone - up), _CORE, site))
        return State(Kind.ONE_LEFT, causes, hangs_on)


def findings(inventory: Inventory, outages: Sequence[Outage]) -> list[Finding]:
    """Return what ``assess`` has to find."""
    oracle = Oracle(inventory)
    found = list(_sites(oracle, outages))
    confirmed = [each for each in outages if each.is_confirmed]
    sure = list(_sites(oracle, confirmed)) if len(confirmed) < len(outages) else found
    for group, far_sites in oracle.groups():
        subject = _Subject(group.subject, group.key, len(group.circuits) > 1, len(group.circuits))
        behind = [*_behind(far_sites, found, is_sure=False), *_behind(far_sites, sure, is_sure=True)]
        found += _findings(subject, [*outages, *behind], lambda down, group=group: _count(group, down))
    return found


def _sites(oracle: Oracle, outages: Sequence[Outage]) -> Iterator[Finding]:
    for site in oracle.assessed:
        subject = _Subject(Subject.SITE, site, site in oracle.with_two_ways, oracle.link_count(site))
        yield from _findings(subject, outages, lambda down, site=site: oracle.state(site, down))


def _behind(far_sites: dict[UUID, UUID], found: Iterable[Finding], *, is_sure: bool) -> Iterator[Outage]:
    """Yield the outages of circuits that lead to a dark site."""
    for finding in found:
        for circuit, site in far_sites.items():
            if finding.kind == Kind.DARK and finding.key == site:
                for phase in finding.phases:
                    for each in phase.maintenances:
                        yield Outage(circuit, each, phase.start, phase.end, is_sure)


class _Subject(NamedTuple):
    """What a finding says of its site or group, whatever happens."""

    subject: Subject
    key: UUID
    had_two_ways: bool
    link_count: int


def _count(group: Group, down: Collection[UUID]) -> State | None:
    left = [each for each in group.circuits if each not in down]
    lost = frozenset(group.circuits) - frozenset(left)
    if not left:
        return State(Kind.DARK, lost, ())
    return State(Kind.ONE_LEFT, lost, tuple(left)) if len(left) == 1 and lost else None


def _minimal(links: Sequence[UUID], is_enough: Callable[[set[UUID]], bool]) -> frozenset[UUID]:
    """Return all links of all minimal sets that are enough."""
    minimal: list[set[UUID]] = []
    for size in range(1, len(links) + 1):
        for chosen in map(set, combinations(links, size)):
            if not any(each <= chosen for each in minimal) and is_enough(chosen):
                minimal.append(chosen)
    return frozenset().union(*minimal)


def _findings(
    subject: _Subject, outages: Sequence[Outage], state_of: Callable[[set[UUID]], State | None]
) -> Iterator[Finding]:
    """Yield the findings of one site or group."""
    known: dict[frozenset[UUID], State | None] = {}

    def ask(down: Iterable[UUID]) -> State | None:
        key = frozenset(down)
        if key not in known:
            known[key] = state_of(set(key))
        return known[key]

    times = sorted({time for each in outages for time in (each.start, each.end)})
    phases: list[tuple[Kind, Phase, bool]] = []
    for start, end in zip(times, times[1:], strict=False):
        active = [each for each in outages if each.start <= start and end <= each.end]
        state = ask(each.circuit for each in active)
        if not state:
            continue
        causing = {each.maintenance for each in active if each.circuit in state.down}
        phase = Phase(start, end, tuple(sorted(state.down)), tuple(sorted(causing)), state.hangs_on)
        sure = ask(each.circuit for each in active if each.is_confirmed)
        phases.append((state.kind, phase, bool(sure) and sure.kind in (Kind.DARK, state.kind)))
    yield from _put_together(subject, phases)


def _put_together(subject: _Subject, phases: Iterable[tuple[Kind, Phase, bool]]) -> Iterator[Finding]:
    groups: list[list[tuple[Kind, Phase, bool]]] = []
    for each in phases:
        if groups and groups[-1][-1][0] == each[0] and groups[-1][-1][1].end == each[1].start:
            groups[-1].append(each)
        else:
            groups.append([each])
    for group in groups:
        yield Finding(
            subject=subject.subject,
            key=subject.key,
            kind=group[0][0],
            start=group[0][1].start,
            end=group[-1][1].end,
            phases=tuple(_equal_as_one(phase for _, phase, _ in group)),
            is_confirmed=all(sure for *_, sure in group),
            had_two_ways=subject.had_two_ways,
            link_count=subject.link_count,
        )


def _equal_as_one(phases: Iterable[Phase]) -> list[Phase]:
    whole: list[Phase] = []
    for each in phases:
        last = whole[-1] if whole else None
        if last and (last.down, last.maintenances, last.hangs_on) == (each.down, each.maintenances, each.hangs_on):
            whole[-1] = Phase(last.start, each.end, each.down, each.maintenances, each.hangs_on)
        else:
            whole.append(each)
    return whole
