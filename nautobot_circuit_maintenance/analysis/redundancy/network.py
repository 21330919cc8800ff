"""The network with all links up: what the core is, which sites reach it, and which of them have two ways."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.forests import Components, Edge
from nautobot_circuit_maintenance.analysis.redundancy.parts import CORE, Held, Part
from nautobot_circuit_maintenance.analysis.redundancy.values import (
    Core,
    CoreKind,
    Group,
    Link,
    Reason,
    SiteState,
    Subject,
    Topology,
)

Node = UUID | None
"""A site or a provider network; None stands for all ends that are nowhere in particular."""
Around = Mapping[Node, list[Node]]
"""The neighbors of each node, once for each link."""


@dataclass(frozen=True)
class Network:
    """A topology in numbers: what reaches the core, which is node 0 as a whole; links by their position."""

    names: Mapping[int, UUID]
    """The sites that are assessed, by number."""
    links: tuple[Link, ...]
    edges: tuple[Edge, ...]
    """The links between different numbers; an edge stands for the position of its link."""
    core: Core
    states: Mapping[UUID, SiteState]
    """The sites that are assessed."""
    not_assessed: Mapping[UUID, Reason]
    hubs: tuple[Group, ...]
    """The sites of the core with their links: they reach themselves, so their links are counted."""

    def part(self, changing: Mapping[int, object]) -> Part:
        """Return the whole graph; these links may change, all others stay up."""
        part = Part()
        for edge in self.edges:
            (part.changing if edge[2] in changing else part.up).append(edge)
        for number, site in self.names.items():
            alone = (number,)
            part.held[number] = Held(alone, ()) if self.states[site].has_two_ways else Held((), alone)
        return part


def network_of(topology: Topology) -> Network:
    """Find the core, and what reaches it with all links up."""
    ends = Counter(end for link in topology.links for end in (link.near, link.far))
    core, members = _core(topology, ends)
    around = _around(topology.links, is_outside_core=None in members)
    distances = _distances(members, around)
    numbers = {node: CORE if node in members else number for number, node in enumerate(distances, 1)}
    named = ((numbers.get(link.near), numbers.get(link.far), key) for key, link in enumerate(topology.links))
    edges = tuple((a, b, key) for a, b, key in named if a is not None and b is not None and a != b)
    two_ways = Components(edges)
    return Network(
        names={numbers[site]: site for site in sorted(topology.sites) if numbers.get(site, CORE) != CORE},
        links=topology.links,
        edges=edges,
        core=core,
        states={
            site: SiteState(ends[site], two_ways.of(numbers[site]) == CORE, distances[site])
            for site in topology.sites
            if numbers.get(site, CORE) != CORE
        },
        not_assessed={
            site: Reason.NOT_CONNECTED if ends[site] else Reason.NO_LINK
            for site in sorted(topology.sites)
            if site not in numbers
        },
        hubs=_hubs(topology.links, core),
    )


def _hubs(links: Iterable[Link], core: Core) -> tuple[Group, ...]:
    circuits: defaultdict[UUID, list[UUID]] = defaultdict(list)
    members = frozenset(core.sites)
    for link in links if members else ():
        for end in (link.near, link.far):
            if end in members and end is not None:
                circuits[end].append(link.circuit)
    return tuple(Group(Subject.HUB, site, tuple(own)) for site, own in circuits.items())


def _core(topology: Topology, ends: Counter[Node]) -> tuple[Core, set[Node]]:
    """Return what has to be reached, and its nodes."""
    if topology.hubs:
        return Core(CoreKind.HUBS, tuple(sorted(topology.hubs))), set(topology.hubs)
    outside = {end for end in ends if end not in topology.sites}
    if outside:
        return Core(CoreKind.OUTSIDE), outside
    sizes = [(len(nodes), -min(nodes).int, nodes) for nodes in _connected_sites(topology)]
    if not sizes:
        return Core(CoreKind.NOTHING), set()
    site = min(max(sizes)[2], key=lambda each: (-ends[each], each))
    return Core(CoreKind.SITE, (site,)), {site}


def _connected_sites(topology: Topology) -> Iterator[list[UUID]]:
    """Yield the connected parts of a network in which all ends are sites."""
    around = _around(topology.links, is_outside_core=False)
    seen: set[Node] = set()
    for first in around:
        if first not in seen:
            part = [node for node in _distances({first}, around) if node is not None]
            seen.update(part)
            yield part


def _around(links: Iterable[Link], *, is_outside_core: bool) -> Around:
    """Return the neighbors; the outside connects nothing unless it is the core."""
    around: defaultdict[Node, list[Node]] = defaultdict(list)
    for link in links:
        if link.far is not None or is_outside_core:
            around[link.near].append(link.far)
            around[link.far].append(link.near)
    return around


def _distances(members: Iterable[Node], around: Around) -> dict[Node, int]:
    """Return how many links each node is away from these; what does not reach them is left out."""
    level = list(members)
    distances = dict.fromkeys(level, 0)
    while level:
        following: list[Node] = []
        for node in level:
            for other in around.get(node, ()):
                if other not in distances:
                    distances[other] = distances[node] + 1
                    following.append(other)
        level = following
    return distances
