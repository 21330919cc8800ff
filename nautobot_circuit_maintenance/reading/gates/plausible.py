"""Are length and lead time plausible? GTT's cancellation without times became 1970, a Cogent night of four hours 30 days.

They count only where start and end do not stand in the message as a pair with a zone: real windows last up to 15 days, and
messages are forwarded months later.
"""

from collections.abc import Iterator
from datetime import timedelta

from nautobot_circuit_maintenance.domain.alternatives import window_text as text
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.gates.base import DOUBTFUL, Case, Finding

GATE = "plausible"
_LONGEST = timedelta(days=15)
_EARLIEST, _LATEST = timedelta(days=-60), timedelta(days=365)


def plausible(case: Case) -> Iterator[Finding]:
    """Yield windows that can hardly be meant."""
    for window in case.update.windows:
        if any(each.matches(window) for each in case.stated.windows):
            continue
        if sentence := _implausible(window, case):
            yield Finding(GATE, DOUBTFUL, sentence)


def _implausible(window: Window, case: Case) -> str:
    if window.end - window.start > _LONGEST:
        return f"{text(window)} is longer than 15 days."
    lead = window.start - case.update.provenance.received_at
    return "" if _EARLIEST <= lead <= _LATEST else f"{text(window)} is far from the time of the message."
