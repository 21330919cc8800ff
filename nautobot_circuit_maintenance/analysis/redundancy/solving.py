"""Divide and conquer over the moments at which links change: each level keeps only what changes within it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence

from nautobot_circuit_maintenance.analysis.redundancy.forests import Edge
from nautobot_circuit_maintenance.analysis.redundancy.parts import Part, contracted, reduced, split
from nautobot_circuit_maintenance.analysis.redundancy.resolving import Verdict, verdicts

Changes = Mapping[int, Sequence[int]]
"""The moments at which each link goes down, up, down, ...: strictly ascending. A link that never changes is not in it."""


def solve(part: Part, changes: Changes, start: int, end: int) -> Iterator[Verdict]:
    """Yield what is dark or has one way left from one moment to another, part of time by part of time.

    ``part`` has all links that may change as ``changing``.
    """
    part = _classified(part, changes, start, end)
    if not part.down and not part.changing:
        return  # every site is connected as with all links up
    for each in split(contracted(part)):
        if each.changing:
            smaller = reduced(each)
            middle = _middle(smaller.changing, changes, start, end)
            yield from solve(smaller, changes, start, middle)
            yield from solve(smaller, changes, middle, end)
        elif each.down:
            yield from verdicts(each, start, end)


def _classified(part: Part, changes: Changes, start: int, end: int) -> Part:
    """Return the part with each link as what it is from ``start`` to ``end``."""
    up, down, changing = list(part.up), list(part.down), []
    for edge in part.changing:
        moments = changes[edge[2]]
        passed = bisect_right(moments, start)
        if passed < len(moments) and moments[passed] < end:
            changing.append(edge)
        elif passed % 2:
            down.append(edge)
        else:
            up.append(edge)
    return Part(up, down, changing, part.held)


def _middle(changing: Sequence[Edge], changes: Changes, start: int, end: int) -> int:
    """Return the moment in the middle of those at which one of these links changes."""
    within: set[int] = set()
    for *_, key in changing:
        moments = changes[key]
        within.update(moments[bisect_right(moments, start) : bisect_left(moments, end)])
    return sorted(within)[len(within) // 2]
