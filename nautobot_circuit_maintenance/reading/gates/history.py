"""Does the reading fit what was said before about this maintenance? A "moved" that moves nothing was read from a reminder."""

from collections.abc import Iterator

from nautobot_circuit_maintenance.reading.candidates.status_words import RESCHEDULED
from nautobot_circuit_maintenance.reading.gates.base import DOUBTFUL, UNCHECKED, Case, Finding

GATE = "history"


def fits_history(case: Case) -> Iterator[Finding]:
    """Yield what contradicts the earlier messages."""
    if not case.known.earlier:
        return
    last = case.known.earlier[-1]
    update = case.update
    if update.status == RESCHEDULED and update.windows and update.windows == last.windows:
        yield Finding(GATE, DOUBTFUL, "The maintenance is said to be moved, but its windows are the same as before.")
    if any(event.sequence is not None for event in update.events) and last.sequence is not None:
        if update.sequence < last.sequence and update.issued_at > last.issued_at:
            sentence = f"SEQUENCE {update.sequence} is lower than {last.sequence} in an earlier message."
            yield Finding(GATE, UNCHECKED, sentence)
