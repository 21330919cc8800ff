"""Circuits that a circuit ID may mean, for a person to choose from; nothing is linked by this comparison."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import QuerySet
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.analysis.endpoints import endpoints_of
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.likeness import most_alike

_MOST = 8
_COMPARED = 20_000
"""Circuits that are compared, in some microseconds each: more than all but the largest providers have."""


class SimilarCircuit(NamedTuple):
    """A circuit, and the places where it ends."""

    circuit: Circuit
    places: str


def similar_circuits(circuits: QuerySet[Circuit], cid: str, visibility: Visibility) -> list[SimilarCircuit]:
    """Return the circuits whose ID is most like this one, nearest first, with the places that may be viewed.

    Takes two queries and those of ``endpoints_of``.
    """
    nearest = most_alike(cid, circuits.order_by("cid").values_list("pk", "cid")[:_COMPARED], _MOST)
    found = circuits.in_bulk(nearest)
    ends = endpoints_of(nearest, visibility)
    return [
        SimilarCircuit(found[pk], _joined(ends[pk, side].place for side in "AZ" if (pk, side) in ends))
        for pk in nearest
        if pk in found
    ]


def _joined(places: Iterable[object]) -> str:
    return " - ".join(str(place) for place in places if place)
