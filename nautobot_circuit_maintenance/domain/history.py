"""What was read, compared with what the provider said before about the same maintenance.

A "moved" that moves nothing was read from a reminder, or its new window was not read (the mails of the corpus that list the
old window first). A window that is an earlier one with day and month the other way round, or in another year, was read
wrongly in one of the two messages (Cogent's "06/12/2021").
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import product

from nautobot_circuit_maintenance.domain.alternatives import window_text
from nautobot_circuit_maintenance.domain.doubts import Doubt, DoubtKind
from nautobot_circuit_maintenance.domain.entries import Entry
from nautobot_circuit_maintenance.domain.events import RE_SCHEDULED, Announced
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Window

MOVES_NOTHING = "The maintenance is said to be moved, but its windows are the same as before."
_SWAPPED = "{new} is {old}, which was announced before, with day and month the other way round."
_OTHER_YEAR = "{new} is {old}, which was announced before, in another year."
_CLOCK_CHANGES = (timedelta(), timedelta(hours=1), timedelta(hours=-1))
"""Between two dates, clocks may have been changed."""
_HALF_A_YEAR = timedelta(days=180)


@dataclass
class History:
    """What was announced so far, as far as later messages are compared with it."""

    doubts: list[Doubt] = field(default_factory=list)
    moving: set[str] = field(default_factory=set)
    """Messages that say moved, and move something."""
    moved_to: set[tuple[str, Window]] = field(default_factory=set)
    """Circuits in windows of which a message has said before that they are the new ones: a reminder says so again."""

    def compare(self, announced: Announced, before: Sequence[Entry], after: Sequence[Entry]) -> None:
        """Compare an event with the entries that it replaces or ends; ``after`` are those that it makes of them."""
        if announced.event.windows and announced.event.method != "ADD":
            self._compare_move(announced, before, after)
            self._compare_dates(announced, before, after)

    def lasting(self) -> list[Doubt]:
        """Return the doubts about messages that move nothing at all, and about dates."""
        return [doubt for doubt in self.doubts if doubt.text != MOVES_NOTHING or doubt.fingerprint not in self.moving]

    def _compare_move(self, announced: Announced, before: Sequence[Entry], after: Sequence[Entry]) -> None:
        if announced.event.status != RE_SCHEDULED:
            return
        old = {entry.window for entry in before if entry.window and not entry.is_over}
        is_series = announced.event.recurrence_id is not None
        new = set(announced.event.windows) if is_series else announced.windows_of_uid
        places = {(entry.key, entry.window) for entry in after if entry.window}
        if old and old != new:
            self.moving.add(announced.fingerprint)
        elif old and not places & self.moved_to:
            self._doubt(announced, MOVES_NOTHING, after)
        self.moved_to |= places

    def _compare_dates(self, announced: Announced, before: Sequence[Entry], after: Sequence[Entry]) -> None:
        if announced.uid is not None:
            return  # A calendar leaves no doubt about its dates.
        known = {entry.window for entry in before if entry.window}
        new = {entry.window for entry in after if entry.window} - known
        for window, text in _slips(new, known - announced.windows_of_uid):
            self._doubt(announced, text, [entry for entry in after if entry.window == window])

    def _doubt(self, announced: Announced, text: str, after: Iterable[Entry]) -> None:
        sides = (frozenset(entry.side for entry in after),)
        self.doubts.append(Doubt(DoubtKind.SECOND_OPINION, announced.fingerprint, sides, text))


def may_differ(updates: Collection[MaintenanceUpdate]) -> bool:
    """Return whether a comparison of these updates may leave a doubt; cheap, and seldom true without one."""
    if len(updates) < 2:
        return False
    if any(event.status == RE_SCHEDULED for update in updates for event in update.events):
        return True
    windows = {window for update in updates for window in update.windows}
    return any(_slips(windows, windows))


def without_settled(doubts: Iterable[Doubt], updates: Iterable[MaintenanceUpdate]) -> Iterator[Doubt]:
    """Yield the doubts that no person has settled."""
    settled = {(update.provenance.fingerprint, sentence) for update in updates for sentence in update.settled}
    return (doubt for doubt in doubts if (doubt.fingerprint, doubt.text) not in settled)


def _slips(new: Iterable[Window], old: Iterable[Window]) -> Iterator[tuple[Window, str]]:
    """Yield the new windows that may be one of the old ones, read wrongly, and how: its start, or only its end."""
    known: dict[tuple[int, time, int, int], list[Window]] = {}
    by_start: dict[datetime, list[Window]] = {}
    for window in sorted(old):
        by_start.setdefault(window.start, []).append(window)
        for shift, day in _days(window.start):
            known.setdefault((shift, day.time(), day.month, day.day), []).append(window)
    for window in sorted(new):
        alike = [
            each
            for change, (shift, day) in product(_CLOCK_CHANGES, _days(window.start))
            for clock in (day + change,)
            for place in {(clock.month, clock.day), (clock.day, clock.month)}
            for each in known.get((shift, clock.time(), *place), ())
        ]
        slips = [(_slip(window.start, each.start), each) for each in alike]
        slips += [(_slip(window.end, each.end), each) for each in by_start.get(window.start, ())]
        if found := sorted((each, reason) for reason, each in slips if reason):
            mistaken, text = found[0]
            yield window, text.format(new=window_text(window), old=window_text(mistaken))


def _slip(moment: datetime, other: datetime) -> str:
    """Return how a moment may be another one that was read wrongly; empty if it may not.

    Which day they were on in their own time zone is not on record: that of UTC, the one before or the one after.
    """
    for change, (shift, day) in product(_CLOCK_CHANGES, _days(moment)):
        here, there = day + change, other + timedelta(days=shift)
        if here.time() != there.time():
            continue
        is_same_year, is_ambiguous = moment.year == other.year, here.day != here.month
        if is_same_year and is_ambiguous and (here.day, here.month) == (there.month, there.day):
            return _SWAPPED
        if abs(moment - other) > _HALF_A_YEAR and (here.day, here.month) == (there.day, there.month):
            return _OTHER_YEAR
    return ""


def _days(moment: datetime) -> Iterator[tuple[int, datetime]]:
    return ((shift, moment + timedelta(days=shift)) for shift in (0, -1, 1))
