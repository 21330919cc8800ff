"""How good the filled form is, with the parser library switched off: how many forms can be saved as they are."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from development.second_opinion.samples import Sample
from nautobot_circuit_maintenance.domain.updates import NO_CHANGE, Window
from nautobot_circuit_maintenance.reading.proposal.propose import proposal_of
from nautobot_circuit_maintenance.reading.proposal.values import Proposal

ID, WINDOWS, CIRCUITS, STATUS = "ID", "windows", "circuits", "status"
FIELDS = (ID, WINDOWS, CIRCUITS, STATUS)


@dataclass
class FormFigures:
    """The forms for some messages that have no calendar."""

    messages: int = 0
    right: Counter[str] = field(default_factory=Counter)
    """Forms in which a field is filled in and right."""
    corrections: Counter[int] = field(default_factory=Counter)
    """Forms by the number of fields that are empty or wrong."""
    asked: int = 0
    """Forms that are right, and yet ask a person to look."""
    wrong_windows: list[str] = field(default_factory=list)
    """Messages whose windows are filled in wrongly, without a question."""
    wrong: list[tuple[str, str]] = field(default_factory=list)
    """Message and field of all that is not right."""

    def share(self, most_corrections: int) -> float:
        """Return the share of forms with at most so many corrections."""
        count = sum(number for needed, number in self.corrections.items() if needed <= most_corrections)
        return count / max(self.messages, 1)


def form_figures(samples: Sequence[Sample]) -> FormFigures:
    """Return the figures over these messages; those that are calendars need no form."""
    figures = FormFigures()
    for sample in samples:
        if sample.is_calendar:
            continue
        form = proposal_of(sample.content, sample.updates[0].provenance.received_at, sample.known)
        wrong = [name for name, is_right in _compared(form, sample) if not is_right]
        figures.messages += 1
        figures.right.update(set(FIELDS) - set(wrong))
        figures.corrections[len(wrong)] += 1
        figures.asked += not wrong and not form.is_sure
        figures.wrong += [(sample.name, name) for name in wrong]
        if WINDOWS in wrong and form.windows.best and not form.windows.question and not form.questions:
            figures.wrong_windows.append(sample.name)
    return figures


def _compared(form: Proposal, sample: Sample) -> Iterator[tuple[str, bool]]:
    """Yield for each field whether it is right; of a message with several maintenances all windows and circuits count."""
    updates = sample.updates
    statuses = {update.status for update in updates}
    windows = sorted({window for update in updates for window in update.windows})
    circuits = {_folded(circuit.cid) for update in updates for circuit in update.circuits}
    yield ID, _folded(form.maintenance_id.value or "") in {_folded(update.maintenance_id) for update in updates}
    yield WINDOWS, _are_equal(form.windows.value or (), windows)
    yield CIRCUITS, {_folded(cid) for cid in form.circuits.value or ()} == circuits
    yield STATUS, form.status.value in statuses or statuses == {NO_CHANGE}


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _are_equal(first: Sequence[Window], second: Sequence[Window]) -> bool:
    """Return whether windows are the same to the minute."""
    return len(first) == len(second) and all(
        abs((mine - its).total_seconds()) < 60
        for pair in zip(first, second, strict=True)
        for mine, its in zip(*pair, strict=True)
    )
