"""Which windows are proposed: sets of windows of one table or of lines that are labeled alike, never single moments.

Nothing is chosen where the message leaves a choice: lists that differ, day and month the other way round, a time without a
zone. Zayo gives 00:01 in one zone and 07:00 in the other; Seaborn's "8/12/2021" was 12 August.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.candidates import labels
from nautobot_circuit_maintenance.reading.candidates.dates import DAY_FIRST, MONTH_FIRST
from nautobot_circuit_maintenance.reading.candidates.message import Candidates
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.gates.orders import PLAUSIBLE
from nautobot_circuit_maintenance.reading.gates.stated import BACKUP, MAIN, OLD, QUOTED, StatedWindow, StatedWindows
from nautobot_circuit_maintenance.reading.proposal.cautions import cautions
from nautobot_circuit_maintenance.reading.proposal.moments import from_durations
from nautobot_circuit_maintenance.reading.proposal.places import where, zone_of
from nautobot_circuit_maintenance.reading.proposal.values import BACKUPS, ORDER, ZONE, Choice, Field, Question

Windows = tuple[Window, ...]

_WHICH_ORDER = "Day and month may be the other way round."
_WHICH_ZONE = "No time zone stands beside the times."
_WHICH_SET = "The email lists more than one set of times."
_NO_PAIR = "The email states no start and end that belong together."


def windows_of(
    found: Candidates, stated: StatedWindows, known: Known, status: str, received: datetime
) -> Field[Windows]:
    """Return the windows that are proposed."""
    kinds = (MAIN, BACKUP) if known.counts_backups else (MAIN,)
    usable = [each for each in stated.of(*kinds) if each.window]
    choices = _choices(usable, found)
    if not choices:
        return _without_choice(found, stated)
    if _is_order_open(stated) and any(each.way.order for each in usable):
        other = [each for each in stated.windows if each.kind in kinds and each.window and not each.is_chosen]
        return Field(None, (*choices, *_choices(other, found)), _WHICH_ORDER)
    if len(choices) > 1:
        return Field(None, choices, _WHICH_SET)
    question = " ".join(cautions(choices[0].value, status, found, received))
    return Field(choices[0], _rejected(found, stated, kinds), question)


def questions_of(stated: StatedWindows, known: Known) -> Iterator[Question]:
    """Yield what has to be asked once for the provider, to read its windows."""
    main = [each for each in stated.windows if each.kind in (MAIN, BACKUP)]
    spans = tuple(dict.fromkeys(each.source.span for each in main))
    if not known.zone and any(each.source.zone is None for each in main if each.kind == MAIN):
        yield Question(ZONE, "Which time zone does the provider mean where its emails name none?", (), spans)
    if not known.order and _is_order_open(stated) and any(each.way.order for each in main):
        yield Question(ORDER, "Does the provider write the day or the month first?", (DAY_FIRST, MONTH_FIRST), spans)
    if known.counts_backups is None and any(each.kind == BACKUP for each in main):
        backups = tuple(dict.fromkeys(each.source.span for each in main if each.kind == BACKUP))
        yield Question(BACKUPS, "Do the backup nights of the provider count as windows?", ("no", "yes"), backups)


def _is_order_open(stated: StatedWindows) -> bool:
    """Return whether nothing that stands in the message decides the order of day and month."""
    return stated.order.is_open or stated.order.reason == PLAUSIBLE


def _without_choice(found: Candidates, stated: StatedWindows) -> Field[Windows]:
    """Return the empty field of a message without a window in UTC, with what it could be."""
    if any(each.window is None and each.source.zone is None for each in stated.of(MAIN)):
        return Field(question=_WHICH_ZONE)
    quoted = _choices([each for each in stated.of(QUOTED, OLD) if each.window], found)
    return Field(None, (*from_durations(found, stated), *quoted), _NO_PAIR)


def _rejected(found: Candidates, stated: StatedWindows, kinds: tuple[str, ...]) -> tuple[Choice[Windows], ...]:
    """Return the windows that do not count: backup nights, old ones, quoted ones."""
    others = [each for each in stated.of(BACKUP, OLD, QUOTED) if each.window and each.kind not in kinds]
    return _choices(others, found)


def _choices(windows: Sequence[StatedWindow], found: Candidates) -> tuple[Choice[Windows], ...]:
    """Return the sets of windows, those that are equal once."""
    distinct: list[Choice[Windows]] = []
    for members in _sets(windows, found):
        choice = _choice(found, members)
        if not any(_are_equal(choice.value, other.value) for other in distinct):
            distinct.append(choice)
    return tuple(distinct)


def _sets(windows: Sequence[StatedWindow], found: Candidates) -> Iterator[list[StatedWindow]]:
    left = [each for each in windows if labels.NOTE not in (each.source.start.role, each.source.end.role)]
    while left:
        members = [each for each in left if _is_listed_with(each, left[0], found)]
        yield members
        left = [each for each in left if each not in members]


def _is_listed_with(each: StatedWindow, other: StatedWindow, found: Candidates) -> bool:
    if (each.kind, each.is_chosen) != (other.kind, other.is_chosen) or each.way.order != other.way.order:
        return each.kind == other.kind and "" in (each.way.order, other.way.order)
    cells = found.moments.tokens.cells
    mine, its = cells.get(each.source.start.line), cells.get(other.source.start.line)
    if mine and its:
        return mine.table == its.table
    return each.source.level == other.source.level and (mine is None) == (its is None)


def _choice(found: Candidates, members: Sequence[StatedWindow]) -> Choice[Windows]:
    windows: list[Window] = []
    for each in sorted(members, key=_is_not_in_utc):
        if each.window and not any(each.nearly_matches(window) for window in windows):
            windows.append(each.window)
    first = members[0].source
    why = f"{where(found.mail, first.span)}, {zone_of(first.zone)}."
    return Choice(tuple(sorted(windows)), why, tuple(dict.fromkeys(each.source.span for each in members)))


def _is_not_in_utc(each: StatedWindow) -> bool:
    """Return whether a window is in a local time: the one in UTC counts where the two are a minute apart (Zayo)."""
    return each.way.start != (each.window.start.replace(tzinfo=None) if each.window else None)


def _are_equal(first: Windows, second: Windows) -> bool:
    """Return whether two sets are the same to five minutes."""
    return len(first) == len(second) and all(
        abs((mine - its).total_seconds()) < 300
        for pair in zip(first, second, strict=True)
        for mine, its in zip(*pair, strict=True)
    )
