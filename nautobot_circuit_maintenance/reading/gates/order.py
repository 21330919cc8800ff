"""Is the order of day and month known? An ambiguous date that nothing decides is unchecked (Cogent writes month first)."""

from collections.abc import Iterator

from nautobot_circuit_maintenance.domain.alternatives import window_text as text
from nautobot_circuit_maintenance.reading.gates.base import UNCHECKED, Case, Finding
from nautobot_circuit_maintenance.reading.gates.orders import PLAUSIBLE
from nautobot_circuit_maintenance.reading.gates.stated import StatedWindow

GATE = "order of day and month"


def order_known(case: Case) -> Iterator[Finding]:
    """Yield a window whose date may be read in two orders."""
    if not case.stated.order.is_open and case.stated.order.reason != PLAUSIBLE:
        return
    for window in case.update.windows:
        matching = [each for each in case.stated.windows if each.matches(window)]
        if matching and all(each.way.order for each in matching):
            other = [text(each.window) for each in case.stated.windows if each.window and _is_other(each, matching[0])]
            yield Finding(
                GATE,
                UNCHECKED,
                f"{text(window)} may have day and month the other way round.",
                matching[0].source.span,
                other[0] if other else "",
            )


def _is_other(each: StatedWindow, matching: StatedWindow) -> bool:
    return each.source is matching.source and each.way.order != matching.way.order
