"""What layouts make of the messages that they were not taught with."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from development.teaching.siblings import Families, Sibling
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate
from nautobot_circuit_maintenance.reading.layouts.examples import Example, TeachingError
from nautobot_circuit_maintenance.reading.layouts.layout import Layout
from nautobot_circuit_maintenance.reading.layouts.learn import correct
from nautobot_circuit_maintenance.reading.layouts.read import read

ENDING = frozenset(("CANCELLED", "COMPLETED"))
READ, REFUSED, NOT_KEPT = "read", "refused", "no layout"
WRONG_ID, WRONG_WINDOWS, REVERSED = "wrong ID", "wrong windows", "over for on, or the reverse"
WRONG_STATUS, WRONG_CIRCUITS = "another status", "other circuits"
NEVER = (WRONG_ID, WRONG_WINDOWS, REVERSED)


@dataclass
class Figures:
    """What became of messages after a number of taught ones."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """READ, REFUSED and NOT_KEPT."""
    wrong: Counter[str] = field(default_factory=Counter)
    """What is wrong with those that were read."""
    reasons: Counter[str] = field(default_factory=Counter)
    details: list[str] = field(default_factory=list)
    """Which messages, and why."""

    @property
    def coverage(self) -> float:
        """The share of messages that were read with the right ID and windows."""
        bad = sum(self.wrong[kind] for kind in NEVER)
        return (self.outcomes[READ] - bad) / max(self.outcomes.total(), 1)

    @property
    def coverage_where_kept(self) -> float:
        """The same, without those for which there is no layout that may be live."""
        kept = self.outcomes.total() - self.outcomes[NOT_KEPT]
        return (self.outcomes[READ] - sum(self.wrong[kind] for kind in NEVER)) / max(kept, 1)


def figures(families: Families, taught: int) -> Figures:
    """Return the figures after each possible choice of so many taught messages of each provider."""
    found = Figures()
    for members in families.values():
        for chosen in combinations(members, taught):
            rest = [each for each in members if each not in chosen]
            if rest:
                _add(found, chosen, rest)
    return found


def _add(found: Figures, chosen: Sequence[Sibling], rest: Sequence[Sibling]) -> None:
    layout, problem = live_layout(chosen)
    for each in rest:
        names = ",".join(one.name for one in chosen)
        if layout is None:
            found.outcomes[NOT_KEPT] += 1
            found.reasons[problem] += 1
            found.details.append(f"{each.name} after {names}: no layout: {problem}")
            continue
        reading = read(layout, each.page, each.provenance)
        if reading.update is None:
            found.outcomes[REFUSED] += 1
            found.reasons[reading.refusal] += 1
            found.details.append(f"{each.name} after {names}: refused: {reading.refusal}")
            continue
        found.outcomes[READ] += 1
        for kind in errors(each, reading.update):
            found.wrong[kind] += 1
            update = reading.update
            found.details.append(
                f"{each.name} after {names}: WRONG: {kind}: {update.maintenance_id} {update.status}"
                f" {[f'{a:%m-%d %H:%M}-{b:%m-%d %H:%M}' for a, b in update.windows]} {[c.cid for c in update.circuits]}"
            )


def live_layout(chosen: Sequence[Sibling]) -> tuple[Layout | None, str]:
    """Return the layout that is learned from messages, if the replay over them lets it go live; else why not."""
    layout, problem = _learned(chosen)
    if layout is None:
        return None, problem
    for each in chosen:
        reading = read(layout, each.page, each.provenance)
        if reading.update and (wrong := list(errors(each, reading.update))):
            return None, f"The replay differs: {', '.join(wrong)}"
    return layout, ""


def _learned(chosen: Sequence[Sibling]) -> tuple[Layout | None, str]:
    """Return what is learned from messages; one from which nothing can be learned changes nothing."""
    layout, problem = None, ""
    learned: list[Example] = []
    for each in chosen:
        try:
            layout = correct(layout or Layout(), each.example, learned)
        except TeachingError as error:
            problem = str(error)
        else:
            learned.append(each.example)
    return layout, problem


def taught_by_all(families: Families) -> list[Layout]:
    """Return the layout of each provider that was taught with all of its messages."""
    layouts = [_learned(members)[0] for members in families.values()]
    return [layout for layout in layouts if layout]


def errors(sibling: Sibling, update: MaintenanceUpdate) -> Iterator[str]:
    """Yield what is wrong with a reading."""
    right = sibling.confirmed
    if update.maintenance_id.casefold() != right.maintenance_id.casefold():
        yield WRONG_ID
    if set(update.windows) != set(right.windows) and (update.windows or update.status not in ENDING):
        yield WRONG_WINDOWS
    if (update.status in ENDING) != (right.status in ENDING):
        yield REVERSED
    elif update.status != right.status:
        yield WRONG_STATUS
    if _cids(update.circuits) != _cids(right.circuits):
        yield WRONG_CIRCUITS


def _cids(circuits: Sequence[AnnouncedImpact]) -> set[str]:
    return {" ".join(circuit.cid.casefold().split()) for circuit in circuits}
