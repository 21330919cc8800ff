"""Circuits that a circuit ID may mean, for a person to choose from; nothing is linked by this comparison."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from heapq import nlargest
from typing import NamedTuple

from django.db.models import QuerySet
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.analysis.endpoints import endpoints_of
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.circuit_ids import spelling

_MOST = 8
_COMPARED = 2_000
"""Circuits that are compared, each in some microseconds; a list of more helps no one."""


class SimilarCircuit(NamedTuple):
    """A circuit, and the places where it ends."""

    circuit: Circuit
    places: str


def similar_circuits(circuits: QuerySet[Circuit], cid: str, visibility: Visibility) -> list[SimilarCircuit]:
    """Return the circuits whose ID is most like this one, nearest first, with the places that may be viewed.

    Takes two queries and those of ``endpoints_of``.
    """
    known = list(circuits.order_by("cid").values_list("pk", "cid")[:_COMPARED])
    wanted = SequenceMatcher(b=spelling(cid), autojunk=False)

    def likeness(row: tuple[object, str]) -> float:
        wanted.set_seq1(spelling(row[1]))
        return wanted.quick_ratio()

    nearest = [pk for pk, _ in nlargest(_MOST, known, key=likeness)]
    found = circuits.in_bulk(nearest)
    ends = endpoints_of(nearest, visibility)
    return [
        SimilarCircuit(found[pk], _joined(ends[pk, side].place for side in "AZ" if (pk, side) in ends))
        for pk in nearest
        if pk in found
    ]


def _joined(places: Iterable[object]) -> str:
    return " - ".join(str(place) for place in places if place)
