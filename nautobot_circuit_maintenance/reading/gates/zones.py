"""Do the zones of a message agree? Equinix, Tata and Crown Castle give one window in up to five of them.

Where two zones have as many windows and these are not the same, one of the two is wrong, and the message does not say which.
"""

from collections.abc import Iterator
from datetime import timedelta

from nautobot_circuit_maintenance.domain.alternatives import window_text as text
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.gates.base import DOUBTFUL, Case, Finding
from nautobot_circuit_maintenance.reading.gates.stated import MAIN

GATE = "zones"
_NEGLIGIBLE = timedelta(minutes=5)
_FARTHEST = timedelta(hours=26)


def zones_agree(case: Case) -> Iterator[Finding]:
    """Yield a doubt if the message gives a window of the reading in two zones that disagree."""
    if len(case.update.windows) != 1:
        return
    by_zone: dict[str, set[Window]] = {}
    for each in case.stated.of(MAIN):
        if each.window and each.source.zone and each.source.zone.place != "mail":
            by_zone.setdefault(str(each.source.zone.zone), set()).add(each.window)
    if len(by_zone) < 2 or any(len(windows) != 1 for windows in by_zone.values()):
        return
    distinct = {window for windows in by_zone.values() for window in windows}
    starts = sorted({window.start for window in distinct})
    if len(starts) > 1 and _NEGLIGIBLE < starts[-1] - starts[0] <= _FARTHEST:
        words = ", ".join(text(window) for window in sorted(distinct))
        yield Finding(GATE, DOUBTFUL, "The time zones of the message disagree.", None, words)
