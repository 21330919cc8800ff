"""The circuits: those of the inventory, wherever they stand, and what stands where the taught ones stood.

Crown Castle names them in a column, others in a list under a heading or behind a label.
"""

from collections.abc import Sequence

from nautobot_circuit_maintenance.domain.text import folded
from nautobot_circuit_maintenance.reading.layouts.examples import Example
from nautobot_circuit_maintenance.reading.layouts.layout import CircuitField
from nautobot_circuit_maintenance.reading.layouts.page import Page
from nautobot_circuit_maintenance.reading.layouts.refusal import Refusal
from nautobot_circuit_maintenance.reading.layouts.shapes import shape_of


def learned(field: CircuitField, example: Example, earlier: Sequence[Example]) -> CircuitField:
    """Return the field with what an example adds, and without what it contradicts."""
    wanted = example.cids
    shapes = tuple(dict.fromkeys((*field.shapes, *map(shape_of, sorted(wanted)))))
    own = [spot for spot in example.page.spots(shapes) if folded(spot.text) in wanted]
    found = dict.fromkeys(mark for spot in own for mark in spot.marks)
    wrong = [
        mark
        for mark in dict.fromkeys((*field.places.kept, *found))
        for each in (example, *earlier)
        for spot in each.page.spots_at([mark], shapes)
        if spot.shape in shapes and folded(spot.text) not in each.cids
    ]
    return CircuitField(field.places.changed(found, wrong), shapes, field.may_be_missing or not wanted)


def find(field: CircuitField, page: Page, *, maintenance_id: str, is_needed: bool) -> tuple[str, ...]:
    """Return the circuits of a message as the inventory spells them, or as the message does; raises Refusal."""
    known = [each.cid for each in (*page.found.circuits, *page.found.attached_circuits)]
    named = page.spots_at(field.places.kept, field.shapes)
    others = [spot.text for spot in named if spot.shape in field.shapes]
    found: dict[str, str] = {}
    for cid in (*known, *others):
        found.setdefault(folded(cid), cid)
    if folded(maintenance_id) not in {folded(cid) for cid in known}:
        found.pop(folded(maintenance_id), None)
    if not found and is_needed and not field.may_be_missing:
        raise Refusal("No circuit was found where circuits stood in the examples.")
    return tuple(found.values())
