"""Which edges lie on a simple path from one node to another."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from nautobot_circuit_maintenance.analysis.redundancy.forests import Edge

Block = tuple[int, list[int]]
"""The node of a biconnected component that is nearest to the root, and the positions of its edges."""


def keys_on_simple_paths(edges: Sequence[Edge], root: int) -> dict[int, frozenset[int]]:
    """Return what the edges on simple paths to the root stand for, by node.

    They are those of the biconnected components on the way to the root (Tarjan 1972).
    """
    keys: dict[int, frozenset[int]] = {root: frozenset()}
    for top, positions in reversed(list(_blocks(edges, root))):  # those near the root come last
        found = keys[top].union(edges[position][2] for position in positions)
        for position in positions:
            for node in edges[position][:2]:
                if node != top:
                    keys[node] = found
    return keys


def _blocks(edges: Sequence[Edge], root: int) -> Iterator[Block]:
    """Yield the biconnected components, each after those behind it."""
    around: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for position, (a, b, _) in enumerate(edges):
        around[a].append((b, position))
        around[b].append((a, position))
    order, lowest = {root: 0}, {root: 0}
    walk = [(root, -1, iter(around[root]))]
    passed: list[int] = []
    while walk:
        node, arrived_by, ahead = walk[-1]
        step = next(((other, position) for other, position in ahead if position != arrived_by), None)
        if step is None:
            walk.pop()
            if walk:
                yield from _close(walk[-1][0], node, arrived_by, order, lowest, passed)
        elif step[0] not in order:
            other, position = step
            order[other] = lowest[other] = len(order)
            passed.append(position)
            walk.append((other, position, iter(around[other])))
        elif order[step[0]] < order[node]:
            passed.append(step[1])
            lowest[node] = min(lowest[node], order[step[0]])


def _close(
    above: int, node: int, arrived_by: int, order: dict[int, int], lowest: dict[int, int], passed: list[int]
) -> Iterator[Block]:
    """Leave a node, and yield the component that ends there if nothing below it reaches higher than ``above``."""
    lowest[above] = min(lowest[above], lowest[node])
    if lowest[node] >= order[above]:
        cut = passed.index(arrived_by)
        yield above, passed[cut:]
        del passed[cut:]
