"""A part of the graph in which nothing changes: what is dark, what hangs on a single link, and why."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from nautobot_circuit_maintenance.analysis.redundancy.forests import Edge
from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.parts import CORE, NOTHING_HELD, Fold, Part, flatten
from nautobot_circuit_maintenance.analysis.redundancy.simple_paths import keys_on_simple_paths

_BELOW = -1
"""What stands for everything below a bridge; node names are not negative."""


class Verdict(NamedTuple):
    """What is so for these sites during a part of time."""

    kind: Kind
    start: int
    end: int
    sites: tuple[int, ...]
    down: tuple[int, ...]
    """The links whose outage causes it, sorted."""
    hangs_on: tuple[int, ...]
    """One left: the links of which none may fail, from the core towards the site."""


class _Tree:
    """What still reaches the core: a tree, in which every link is the only way to what is below it."""

    def __init__(self, up: Iterable[Edge]) -> None:
        self.around: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for a, b, key in up:
            self.around[a].append((b, key))
            self.around[b].append((a, key))
        self.above: dict[int, tuple[int, int]] = {}
        """The next node towards the core, and the link to it."""
        self._spans: dict[int, tuple[int, int]] = {}
        """The place of each node in a walk from the core, and the place where the walk leaves what is below it."""
        walk = [(CORE, iter(self.around[CORE]))]
        self._spans[CORE] = (0, 0)
        while walk:
            node, ahead = walk[-1]
            step = next(ahead, None)
            if step is None:
                walk.pop()
                self._spans[node] = (self._spans[node][0], len(self._spans))
            elif step[0] not in self._spans:
                self.above[step[0]] = (node, step[1])
                self._spans[step[0]] = (len(self._spans), 0)
                walk.append((step[0], iter(self.around[step[0]])))

    def __contains__(self, node: int) -> bool:
        """Return whether a node reaches the core."""
        return node in self._spans

    def is_below(self, node: int, top: int) -> bool:
        """Return whether the way of ``node`` to the core leads over ``top``."""
        first, last = self._spans[top]
        return first <= self._spans[node][0] < last


def verdicts(part: Part, start: int, end: int) -> Iterator[Verdict]:
    """Yield what is dark or has one way left in a part without links that change."""
    tree = _Tree(_unfolded(part.up))
    islands = _islands(tree, part)
    yield from _dark(part, islands, start, end)
    yield from _one_left(part, tree, islands, start, end)


def _unfolded(up: Iterable[Edge]) -> Iterator[Edge]:
    for a, b, key in up:
        if isinstance(key, Fold):
            yield from key.steps(a, b)
        else:
            yield a, b, key


def _islands(tree: _Tree, part: Part) -> dict[int, int]:
    """Return the dark nodes, each with the name of the island of dark nodes that are connected with it."""
    islands: dict[int, int] = {}
    ends = (end for a, b, _ in part.down for end in (a, b))
    for first in (*list(tree.around), *ends, *part.held):
        if first in tree or first in islands:
            continue
        islands[first] = first
        ahead = [first]
        while ahead:
            for other, _ in tree.around.get(ahead.pop(), ()):
                if other not in islands:
                    islands[other] = first
                    ahead.append(other)
    return islands


def _dark(part: Part, islands: dict[int, int], start: int, end: int) -> Iterator[Verdict]:
    """Yield the islands with sites; causes are the links that are down on simple paths to what is not dark."""
    sites: defaultdict[int, list[int]] = defaultdict(list)
    for node, island in islands.items():
        held = part.held.get(node, NOTHING_HELD)
        sites[island] += flatten(held.with_two_ways)
        sites[island] += flatten(held.others)
    causes = keys_on_simple_paths(_between(part.down, islands, CORE), CORE) if any(sites.values()) else {}
    for island, dark in sites.items():
        if dark:
            yield Verdict(Kind.DARK, start, end, tuple(dark), tuple(sorted(causes[island])), ())


def _one_left(part: Part, tree: _Tree, islands: dict[int, int], start: int, end: int) -> Iterator[Verdict]:
    """Yield the sites in the tree that had two ways: they hang on each link on their way to the core."""
    ways: dict[int, tuple[int, ...]] = {CORE: ()}
    causes: dict[int, frozenset[int]] = {CORE: frozenset()}
    for node in tree.above:  # from the core downwards
        above, key = tree.above[node]
        ways[node] = (*ways[above], key)
    for node in tree.above:
        sites = tuple(flatten(part.held.get(node, NOTHING_HELD).with_two_ways))
        if sites:
            down = _causes(node, part, tree, islands, causes)
            yield Verdict(Kind.ONE_LEFT, start, end, sites, tuple(sorted(down)), ways[node])


def _causes(
    node: int, part: Part, tree: _Tree, islands: dict[int, int], known: dict[int, frozenset[int]]
) -> frozenset[int]:
    """Return why a node hangs on the links on its way: for each, what is down on simple paths around it.

    These paths may lead through what is dark. ``known`` are the answers for nodes nearer to the core.
    """
    missing = []
    while node not in known:
        missing.append(node)
        node = tree.above[node][0]
    for each in reversed(missing):
        below = {other: _BELOW for other in tree.above if tree.is_below(other, each)}
        around = keys_on_simple_paths(_between(part.down, {**islands, **below}, CORE), CORE)
        known[each] = known[node] | around.get(_BELOW, frozenset())
        node = each
    return known[node]


def _between(down: Iterable[Edge], names: dict[int, int], rest: int) -> list[Edge]:
    """Return these links between what has names; everything else is one node."""
    named = ((names.get(a, rest), names.get(b, rest), key) for a, b, key in down)
    return [edge for edge in named if edge[0] != edge[1]]
