"""Are all windows of the message in the reading, each for itself? A backup window is none of them.

BSO lists slots of several nights, of which the parser library made one window from the first start to the last end; FLAG's
second row was dropped. All readings of a message count together: one ID must not "lack" another's windows (Sparkle).
"""

from collections.abc import Iterator

from nautobot_circuit_maintenance.domain.alternatives import window_text as text
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.candidates import labels
from nautobot_circuit_maintenance.reading.gates.base import DOUBTFUL, Case, Finding
from nautobot_circuit_maintenance.reading.gates.stated import MAIN, StatedWindow

GATE = "windows"


def all_windows(case: Case) -> Iterator[Finding]:
    """Yield the windows that the message lists like those of the reading, and the reading lacks."""
    read = [window for update in case.updates for window in update.windows]
    main = [each for each in case.stated.of(MAIN) if each.window]
    matched = [each for each in main if any(each.matches(window) for window in read)]
    if not matched:
        return
    # Where nothing decides day and month, each date is stated in both orders: the other way to read it is not another window.
    sources = {id(each.source) for each in matched}
    seen: set[Window] = set()
    for each in main:
        if each.window is None or each.window in seen or id(each.source) in sources:
            continue
        if any(each.nearly_matches(window) for window in read):
            continue
        if any(_is_listed_with(each, other, case) for other in matched):
            seen.add(each.window)
            yield Finding(
                GATE, DOUBTFUL, f"The message also lists {text(each.window)}.", each.source.span, text(each.window)
            )


def _is_listed_with(each: StatedWindow, other: StatedWindow, case: Case) -> bool:
    """Return whether two windows are of one list: the same table, or lines that are labeled alike."""
    if labels.NOTE in (each.source.start.role, each.source.end.role):
        return False
    cells = case.found.moments.tokens.cells
    mine, its = cells.get(each.source.start.line), cells.get(other.source.start.line)
    if mine and its:
        return mine.table == its.table
    return each.source.level == other.source.level and (mine is None) == (its is None)
