"""A part of the graph during a part of time, and how it is made smaller without changing any answer.

Node 0 is the core, and sites are numbers. Sites that had two ways with all links up are carried apart from the others, which are
only ever dark: in a network of hubs and spokes nothing has to be said about the spokes as long as they are connected.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nautobot_circuit_maintenance.analysis.redundancy.forests import Components, Edge

CORE = 0

Rope = tuple[Any, ...]
"""Numbers of sites, and further ropes: joining two of them copies nothing."""


class Held(NamedTuple):
    """The sites that share the fate of a node."""

    with_two_ways: Rope = ()
    others: Rope = ()

    def joined(self, other: "Held") -> "Held":
        """Return both."""
        return Held(_join(self.with_two_ways, other.with_two_ways), _join(self.others, other.others))


NOTHING_HELD = Held()


class Fold(NamedTuple):
    """A path whose inner nodes have no other edge, as one edge."""

    keys: tuple[int, ...]
    nodes: tuple[int, ...]
    """The inner nodes, in the order of the edge's own ends."""

    def steps(self, a: int, b: int) -> Iterator[Edge]:
        """Yield the edges of the path between these two ends."""
        stops = (a, *self.nodes, b)
        for position, key in enumerate(self.keys):
            yield stops[position], stops[position + 1], key


@dataclass
class Part:
    """Edges by what they are throughout a part of time, and the sites of the nodes, inner ones of folds included."""

    up: list[Edge] = field(default_factory=list)
    down: list[Edge] = field(default_factory=list)
    changing: list[Edge] = field(default_factory=list)
    held: dict[int, Held] = field(default_factory=dict)


def flatten(rope: Rope) -> Iterator[int]:
    """Yield the sites of a rope."""
    ropes = [rope]
    while ropes:
        for each in ropes.pop():
            if isinstance(each, tuple):
                ropes.append(each)
            else:
                yield each


def contracted(part: Part) -> Part:
    """Make one node of each part that no single link separates; what shares a node with the core is not carried on."""
    components = Components(part.up)
    up = _renamed(components.bridges, components)
    _name_inner_nodes(part.up, components)
    held: dict[int, Held] = {}
    for node, sites in part.held.items():
        name = components.of(node)
        if name != CORE:
            held[name] = held[name].joined(sites) if name in held else sites
    return Part(up, _renamed(part.down, components), _renamed(part.changing, components), held)


def split(part: Part) -> list[Part]:
    """Return the parts of which only the core is common; they do not matter to each other."""
    names: dict[int, int] = {}
    for a, b, _ in (*part.up, *part.down, *part.changing):
        if CORE not in (a, b):
            _unite(names, a, b)
    parts: defaultdict[int, Part] = defaultdict(Part)
    for edge in part.up:
        own = parts[_home(names, edge)]
        own.up.append(edge)
        if isinstance(edge[2], Fold):
            _move(part.held, own.held, edge[2].nodes)
    for edge in part.down:
        parts[_home(names, edge)].down.append(edge)
    for edge in part.changing:
        parts[_home(names, edge)].changing.append(edge)
    for node in part.held:
        _move(part.held, parts[_name(names, node)].held, (node,))
    return [each for each in parts.values() if each.down or each.changing]


def reduced(part: Part) -> Part:
    """Cut off branches of links that stay up, and fold paths of them: what is left is as small as what changes."""
    fixed = {CORE}
    for edges in (part.down, part.changing):
        for a, b, _ in edges:
            fixed |= {a, b}
    around: defaultdict[int, dict[int, Edge]] = defaultdict(dict)
    for position, (a, b, _) in enumerate(part.up):
        around[a][position] = around[b][position] = part.up[position]
    if all(node in fixed for node in around):
        return part
    held = dict(part.held)
    _prune(around, fixed, held)
    return Part(list(_folded(around, fixed)), part.down, part.changing, held)


def _prune(around: dict[int, dict[int, Edge]], fixed: set[int], held: dict[int, Held]) -> None:
    """Cut off leaves, whose sites are dark with the node that they hang on.

    None of their sites had two ways: nothing that ever changes touches them, so the link to them always is the only one.
    """
    leaves = [node for node, edges in around.items() if len(edges) == 1 and node not in fixed]
    while leaves:
        leaf = leaves.pop()
        position, edge = around.pop(leaf).popitem()
        other = edge[0] + edge[1] - leaf
        del around[other][position]
        inner = edge[2].nodes if isinstance(edge[2], Fold) else ()
        for node in (leaf, *inner):
            sites = held.pop(node, NOTHING_HELD)
            if other != CORE:
                held[other] = held.get(other, NOTHING_HELD).joined(sites)
        if len(around[other]) == 1 and other not in fixed:
            leaves.append(other)


def _folded(around: dict[int, dict[int, Edge]], fixed: set[int]) -> Iterator[Edge]:
    """Yield the edges of this forest, paths as one edge."""
    seen: set[int] = set()
    for node, edges in around.items():
        if node not in fixed and len(edges) == 2:
            continue
        for position in edges:
            if position not in seen:
                yield _follow(node, position, around, fixed, seen)


def _follow(node: int, position: int, around: dict[int, dict[int, Edge]], fixed: set[int], seen: set[int]) -> Edge:
    """Return the path that leaves a node by this edge as one edge."""
    keys: list[int] = []
    nodes: list[int] = []
    at = node
    while True:
        seen.add(position)
        a, b, key = around[at][position]
        if isinstance(key, Fold):
            is_forward = a == at
            keys += key.keys if is_forward else reversed(key.keys)
            nodes += key.nodes if is_forward else reversed(key.nodes)
        else:
            keys.append(key)
        at = a + b - at
        if at in fixed or len(around[at]) != 2:
            break
        nodes.append(at)
        position = next(each for each in around[at] if each != position)
    return node, at, (Fold(tuple(keys), tuple(nodes)) if nodes else keys[0])


def _join(one: Rope, other: Rope) -> Rope:
    return (one, other) if one and other else one or other


def _renamed(edges: Iterable[Edge], components: Components) -> list[Edge]:
    """Return these edges between the new nodes, without those within one."""
    of = components.of
    renamed = ((of(a), of(b), key) for a, b, key in edges)
    return [edge for edge in renamed if edge[0] != edge[1]]


def _name_inner_nodes(up: Iterable[Edge], components: Components) -> None:
    """Have the inner nodes of a fold within a component go by the name of the component."""
    for a, b, key in up:
        if isinstance(key, Fold) and components.of(a) == components.of(b):
            for node in key.nodes:
                components.adopt(node, components.of(a))


def _move(source: dict[int, Held], target: dict[int, Held], nodes: Iterable[int]) -> None:
    for node in nodes:
        if node in source:
            target[node] = source[node]


def _home(names: dict[int, int], edge: Edge) -> int:
    return _name(names, edge[0] or edge[1])


def _name(names: dict[int, int], node: int) -> int:
    name = node
    while name in names:
        name = names[name]
    while node != name:
        names[node], node = name, names[node]
    return name


def _unite(names: dict[int, int], a: int, b: int) -> None:
    a, b = _name(names, a), _name(names, b)
    if a != b:
        names[a] = b
