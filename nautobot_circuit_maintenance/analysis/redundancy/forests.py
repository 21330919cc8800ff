"""Two-edge-connected components: the parts of a graph that no single edge separates."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

Edge = tuple[int, int, Any]
"""Two nodes, and what the edge stands for."""


class Components:
    """The two-edge-connected components of a graph, each under the name of one of its nodes; node 0 keeps its name."""

    def __init__(self, edges: Sequence[Edge]) -> None:
        """Find the components of the graph that these edges span."""
        self._names: dict[int, int] = {}
        around: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for position, (a, b, _) in enumerate(edges):
            around[a].append((b, position))
            around[b].append((a, position))
        self._parents: dict[int, int] = {}
        self._depths: dict[int, int] = {}
        tree = self._span(around)
        for position, (a, b, _) in enumerate(edges):
            if position not in tree:
                self._join(a, b)
        self.bridges = [
            edges[position] for position in sorted(tree) if self.of(edges[position][0]) != self.of(edges[position][1])
        ]

    def of(self, node: int) -> int:
        """Return the name of the component that a node belongs to."""
        names = self._names
        name = node
        while name in names:
            name = names[name]
        while node != name:
            names[node], node = name, names[node]
        return name

    def adopt(self, node: int, name: int) -> None:
        """Add a node that no edge touches to a component."""
        self._names[node] = name

    def _span(self, around: dict[int, list[tuple[int, int]]]) -> set[int]:
        """Span a forest breadth first, from node 0 first, and return the positions of its edges."""
        tree: set[int] = set()
        parents, depths = self._parents, self._depths
        for root in (0, *around) if 0 in around else tuple(around):
            if root in depths:
                continue
            depths[root] = 0
            level = [root]
            while level:
                following = []
                for node in level:
                    depth = depths[node] + 1
                    for other, position in around[node]:
                        if other not in depths:
                            depths[other] = depth
                            parents[other] = node
                            tree.add(position)
                            following.append(other)
                level = following
        return tree

    def _join(self, a: int, b: int) -> None:
        """Join the components on the way through the forest between two nodes: with this edge it is a cycle."""
        a, b = self.of(a), self.of(b)
        while a != b:
            if self._depths[a] < self._depths[b]:
                a, b = b, a
            above = self.of(self._parents[a])
            self._names[a] = above
            a = above
