"""Do the words of the message support the status? SummitIG's "Cancelled" was read as TENTATIVE, Equinix's as CONFIRMED.

Conditional sentences, footers and the history of updates do not count (``candidates/statuses.py``). An announcement needs no
word; every other status does.
"""

from collections.abc import Iterator

from nautobot_circuit_maintenance.reading.candidates.status_words import (
    CANCELLED,
    COMPLETED,
    CONFIRMED,
    IN_PROCESS,
    RESCHEDULED,
    TENTATIVE,
)
from nautobot_circuit_maintenance.reading.candidates.statuses import BODY, TOP, WEAK, StatusWord
from nautobot_circuit_maintenance.reading.gates.base import DOUBTFUL, UNCHECKED, Case, Finding

GATE = "status"
_KNOWN = frozenset((CANCELLED, COMPLETED, CONFIRMED, IN_PROCESS, RESCHEDULED, TENTATIVE))
# A status that a word of another one contradicts, where both are supported: a completion says that the work had begun.
_ALSO_SAY = {
    COMPLETED: (IN_PROCESS, RESCHEDULED, CONFIRMED, TENTATIVE),
    CANCELLED: (RESCHEDULED, COMPLETED, CONFIRMED, TENTATIVE, IN_PROCESS),
    RESCHEDULED: (CONFIRMED, TENTATIVE, IN_PROCESS, CANCELLED, COMPLETED),
    IN_PROCESS: (CONFIRMED, RESCHEDULED),
    TENTATIVE: (CONFIRMED,),
    CONFIRMED: (),
}


def status_supported(case: Case) -> Iterator[Finding]:
    """Yield what contradicts the status, or that nothing supports it."""
    status = case.update.status
    if status not in _KNOWN:
        yield Finding(GATE, UNCHECKED, f"The status is {status}.")
        return
    best = _best_words(case.found.statuses)
    own = best.get(status)
    against = _against(best, status, own)
    if against:
        sentence = f'The message says "{_text(case, against)}", the status is {status}.'
        yield Finding(GATE, DOUBTFUL, sentence, against.span, against.status)
    elif own is None and status != CONFIRMED:
        yield Finding(GATE, DOUBTFUL, f"The email does not say that the status is {status}.", None, CONFIRMED)
    elif own and own.weight == WEAK and status != CONFIRMED:
        sentence = f'Only "{_text(case, own)}" says {status}.'
        yield Finding(GATE, UNCHECKED, sentence, own.span)


def _best_words(words: tuple[StatusWord, ...]) -> dict[str, StatusWord]:
    """Return the word with the most weight for each status."""
    best: dict[str, StatusWord] = {}
    for word in words:
        if word.status not in best or word.weight > best[word.status].weight:
            best[word.status] = word
    return best


def _against(best: dict[str, StatusWord], status: str, own: StatusWord | None) -> StatusWord | None:
    """Return the word that contradicts the status most."""
    ending = status in (CANCELLED, COMPLETED)
    for word in sorted(best.values(), key=lambda each: -each.weight):
        if word.status == status or word.weight < (BODY if word.status in (CANCELLED, COMPLETED) else TOP):
            continue
        if own and own.weight > WEAK and word.status in _ALSO_SAY[status] and (ending or own.weight >= word.weight):
            continue
        if own and own.weight > word.weight:
            continue
        if word.status not in (CONFIRMED, TENTATIVE) or (word.status, status) == (TENTATIVE, CONFIRMED):
            return word
        if word.weight > TOP and own is None and status != CONFIRMED:
            return word
    return None


def _text(case: Case, word: StatusWord) -> str:
    return case.found.mail.text[word.span.start : word.span.end]
