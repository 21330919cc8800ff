"""Learning: examples become a layout; each further example drops the hypotheses that it contradicts."""

from collections.abc import Sequence

from nautobot_circuit_maintenance.reading.layouts import circuits, ids, impact, kind, status, windows
from nautobot_circuit_maintenance.reading.layouts.examples import Example
from nautobot_circuit_maintenance.reading.layouts.layout import Layout


def learn(examples: Sequence[Example]) -> Layout:
    """Return what can be learned from these examples; raises TeachingError with a sentence for a person."""
    layout = Layout()
    for number, example in enumerate(examples):
        layout = correct(layout, example, examples[:number])
    return layout


def correct(layout: Layout, example: Example, earlier: Sequence[Example] = ()) -> Layout:
    """Return a layout with a further example, without the hypotheses that it contradicts; raises TeachingError.

    ``earlier`` are the examples before, as far as their messages are still stored: what is new must not contradict them.
    """
    return Layout(
        kind.learned(layout.applies_to, example, is_first=not layout.examples),
        ids.learned(layout.maintenance_id, example, earlier),
        windows.learned(layout.windows, example, earlier),
        circuits.learned(layout.circuits, example, earlier),
        status.learned(layout.status, example),
        impact.learned(layout.impact, example),
        layout.examples + 1,
    )
