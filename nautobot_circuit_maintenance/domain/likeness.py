"""Which known circuit IDs look most like one that is not known."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from heapq import nlargest
from typing import TypeVar

from nautobot_circuit_maintenance.domain.circuit_ids import spelling

K = TypeVar("K")

_COMPARED = 200
"""IDs that are compared exactly, which takes far longer than to choose them."""
_LONGEST = 100
"""Characters that are compared: the time grows with their square."""


def most_alike(cid: str, known: Iterable[tuple[K, str]], most: int) -> list[K]:
    """Return the keys of the IDs that are most like this one, nearest first; equally near ones stay in their order."""
    wanted = spelling(cid)[:_LONGEST]
    rows = [(key, spelling(other)[:_LONGEST]) for key, other in known]
    matcher = SequenceMatcher(b=wanted, autojunk=False)

    def has_same_characters(number: int) -> float:
        matcher.set_seq1(rows[number][1])
        return matcher.quick_ratio()

    def shares_ends(number: int) -> int:
        return _shared_ends(rows[number][1], wanted)

    def is_like(number: int) -> tuple[float, int]:
        matcher.set_seq1(rows[number][1])
        return matcher.ratio(), shares_ends(number)

    # The same characters in another order are many where IDs are numbers, and would leave no place for a wrong digit;
    # an ID with one mistake has all else in its two ends.
    candidates = {
        number
        for key in (has_same_characters, shares_ends)
        for number in nlargest(_COMPARED // 2, range(len(rows)), key=key)
    }
    return [rows[number][0] for number in nlargest(most, sorted(candidates), key=is_like)]


def _shared_ends(one: str, other: str) -> int:
    """Return how many characters two strings share from the start and from the end, without those between."""
    start = _shared_start(one, other)
    return start + _shared_start(one[start:][::-1], other[start:][::-1])


def _shared_start(one: str, other: str) -> int:
    length = 0
    for mine, theirs in zip(one, other):
        if mine != theirs:
            break
        length += 1
    return length
