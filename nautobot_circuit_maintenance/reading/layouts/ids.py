"""The maintenance ID: the word that stands where the taught ones stood and has the shape of one of them.

Cogent's stands in the subject behind a date, Lumen's behind "Scheduled Maintenance Window #:" and in the subject of none.
"""

from collections.abc import Sequence

from nautobot_circuit_maintenance.domain.text import folded
from nautobot_circuit_maintenance.reading.layouts.examples import Example, TeachingError
from nautobot_circuit_maintenance.reading.layouts.layout import IdField
from nautobot_circuit_maintenance.reading.layouts.marks import shorter
from nautobot_circuit_maintenance.reading.layouts.page import Page, Spot
from nautobot_circuit_maintenance.reading.layouts.refusal import Refusal
from nautobot_circuit_maintenance.reading.layouts.shapes import shape_of

_SHORTEST = 5
_NOT_FOUND = "The maintenance ID was not found where it stood in the examples."


def learned(field: IdField, example: Example, earlier: Sequence[Example]) -> IdField:
    """Return the field with what an example adds, and without what it contradicts; raises TeachingError."""
    wanted = example.confirmed.maintenance_id
    shapes = tuple(dict.fromkeys((*field.shapes, shape_of(wanted))))
    own = [spot for spot in example.page.spots(shapes) if _is(spot, wanted)]
    if not own:
        raise TeachingError(f"{wanted} does not stand in the email as a word of its own: a layout cannot find it.")
    found = dict.fromkeys(each for spot in own for mark in spot.marks for each in shorter(mark))
    candidates = list(dict.fromkeys((*field.places.kept, *found)))
    wrong = [
        mark
        for mark in candidates
        for each in (example, *earlier)
        for spot in each.page.spots_at([mark], shapes)
        if spot.shape in shapes and not _is(spot, each.confirmed.maintenance_id)
    ]
    places = field.places.changed(found, wrong)
    if not places.kept:
        raise TeachingError(f"No words beside {wanted} name it and nothing else: a layout cannot find it.")
    return IdField(places, shapes)


def find(field: IdField, page: Page) -> str:
    """Return the ID of a message; raises Refusal if it is not found or the hypotheses disagree."""
    named = list(page.spots_at(field.places.kept, field.shapes))
    fitting = [spot for spot in named if spot.shape in field.shapes]
    fitting = fitting or [spot for spot in named if len(spot.text) >= _SHORTEST]
    if not fitting:
        raise Refusal(_NOT_FOUND)
    values = {spot.text.casefold(): spot.text for spot in reversed(fitting)}
    if len(values) > 1:
        raise Refusal(f"More than one ID stands where it stood in the examples: {', '.join(sorted(values.values()))}.")
    return fitting[0].text


def _is(spot: Spot, wanted: str) -> bool:
    return folded(spot.text) == folded(wanted)
