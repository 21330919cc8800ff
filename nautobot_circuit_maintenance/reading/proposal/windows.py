"""Which windows are proposed: sets of windows under one heading or in one column, never single moments."""

from collections.abc import Iterator, Sequence

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.candidates import labels
from nautobot_circuit_maintenance.reading.candidates.message import Candidates
from nautobot_circuit_maintenance.reading.gates.orders import PLAUSIBLE
from nautobot_circuit_maintenance.reading.gates.stated import BACKUP, MAIN, StatedWindow, StatedWindows
from nautobot_circuit_maintenance.reading.proposal.places import where, zone_of
from nautobot_circuit_maintenance.reading.proposal.values import Choice, Field

Windows = tuple[Window, ...]


def windows_of(found: Candidates, stated: StatedWindows) -> Field[Windows]:
    """Return the windows that are proposed."""
    main = [each for each in stated.of(MAIN) if each.window]
    sets = list(_sets(main, found))
    choices = [_choice(found, members) for members in sets]
    if not choices:
        return Field()
    question = ""
    if stated.order.is_open and any(each.way.order for each in sets[0]):
        question = "Day and month may be the other way round."
    elif stated.order.reason == PLAUSIBLE and any(each.way.order for each in sets[0]):
        question = "Day and month may be the other way round."
    if question:
        return Field(None, tuple(choices), question)
    return Field(choices[0], tuple(choices[1:]))


def _sets(main: Sequence[StatedWindow], found: Candidates) -> Iterator[list[StatedWindow]]:
    """Yield the windows of each list of the message: the same table, or lines that are labeled alike."""
    left = [each for each in main if labels.NOTE not in (each.source.start.role, each.source.end.role)]
    while left:
        first = left[0]
        members = [each for each in left if _belongs(each, first, found)]
        yield members
        left = [each for each in left if each not in members]


def _belongs(each: StatedWindow, other: StatedWindow, found: Candidates) -> bool:
    cells = found.moments.tokens.cells
    mine, its = cells.get(each.source.start.line), cells.get(other.source.start.line)
    if mine and its:
        return mine.table == its.table
    return each.source.level == other.source.level and (mine is None) == (its is None)


def _choice(found: Candidates, members: Sequence[StatedWindow]) -> Choice[Windows]:
    windows = sorted({each.window for each in members if each.window})
    first = members[0].source
    why = f"{where(found.mail, first.span)}, {zone_of(first.zone)}."
    return Choice(tuple(windows), why, tuple(dict.fromkeys(each.source.span for each in members)))
