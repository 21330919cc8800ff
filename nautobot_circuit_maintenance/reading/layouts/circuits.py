"""The circuits: those of the inventory, wherever they stand, and what stands where the taught ones stood.

Crown Castle names them in a column, others in a list under a heading or behind a label.
"""

from collections.abc import Iterator, Sequence

from nautobot_circuit_maintenance.reading.layouts.examples import Example
from nautobot_circuit_maintenance.reading.layouts.layout import CircuitField
from nautobot_circuit_maintenance.reading.layouts.marks import Mark, matches
from nautobot_circuit_maintenance.reading.layouts.page import Page, Spot
from nautobot_circuit_maintenance.reading.layouts.refusal import Refusal
from nautobot_circuit_maintenance.reading.layouts.shapes import shape_of


def learned(field: CircuitField, example: Example, earlier: Sequence[Example]) -> CircuitField:
    """Return the field with what an example adds, and without what it contradicts."""
    wanted = _cids(example)
    shapes = tuple(dict.fromkeys((*field.shapes, *map(shape_of, sorted(wanted)))))
    own = [spot for spot in example.page.spots(shapes) if _folded(spot.text) in wanted]
    found = dict.fromkeys(mark for spot in own for mark in spot.marks)
    wrong = [
        mark
        for mark in dict.fromkeys((*field.places.kept, *found))
        for each in (example, *earlier)
        if any(_folded(spot.text) not in _cids(each) for spot in _named(each.page, mark, shapes))
    ]
    return CircuitField(field.places.changed(found, wrong), shapes, field.may_be_missing or not wanted)


def find(field: CircuitField, page: Page, *, maintenance_id: str, is_needed: bool) -> tuple[str, ...]:
    """Return the circuits of a message as the inventory spells them, or as the message does; raises Refusal."""
    known = [each.cid for each in (*page.found.circuits, *page.found.attached_circuits)]
    others = [
        spot.text
        for spot in page.spots(field.shapes)
        if shape_of(spot.text) in field.shapes
        and any(matches(place, mark) for place in field.places.kept for mark in spot.marks)
    ]
    found: dict[str, str] = {}
    for cid in (*known, *others):
        found.setdefault(_folded(cid), cid)
    if _folded(maintenance_id) not in {_folded(cid) for cid in known}:
        found.pop(_folded(maintenance_id), None)
    if not found and is_needed and not field.may_be_missing:
        raise Refusal("No circuit was found where circuits stood in the examples.")
    return tuple(found.values())


def _named(page: Page, place: Mark, shapes: Sequence[str]) -> Iterator[Spot]:
    for spot in page.spots(shapes):
        if shape_of(spot.text) in shapes and any(matches(place, mark) for mark in spot.marks):
            yield spot


def _cids(example: Example) -> set[str]:
    return {_folded(circuit.cid) for circuit in example.confirmed.circuits}


def _folded(cid: str) -> str:
    return " ".join(cid.casefold().split())
