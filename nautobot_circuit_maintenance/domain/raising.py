"""Which doubts an event raises, given the entries before it: what only a person can decide."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from nautobot_circuit_maintenance.domain.announcing import is_new_life
from nautobot_circuit_maintenance.domain.doubts import Doubt, DoubtKind, Side
from nautobot_circuit_maintenance.domain.ending import Scope, tells_its_part
from nautobot_circuit_maintenance.domain.entries import Entry, may_replace
from nautobot_circuit_maintenance.domain.events import CANCELLED, RE_SCHEDULED, Announced
from nautobot_circuit_maintenance.domain.updates import NO_CHANGE, Window


@dataclass(frozen=True)
class Announcement:
    """An open word, and what it does to the entries."""

    announced: Announced
    entries: Sequence[Entry]
    """All before it."""
    replaced: Sequence[Entry]
    new: Sequence[Entry]
    past: Collection[tuple[str, Window]]
    """Circuits in windows that were replaced by other windows."""

    def doubts(self) -> Iterator[Doubt]:
        """Yield what only a person can decide."""
        is_restart = is_new_life(self.announced, self.entries)
        if not is_restart:
            yield from self._open_again()
            yield from self._other_circuits()
            yield from self._windows_left_out()
            yield from self._lower_sequence()
        yield from self._window_returns()
        if self._is_under_new_uid() and not is_restart:
            yield from self._second_window()

    @property
    def _mine(self) -> frozenset[Side]:
        return frozenset(entry.side for entry in self.new)

    def _doubt(self, kind: DoubtKind, *sides: frozenset[Side]) -> Doubt:
        return Doubt(kind, self.announced.fingerprint, sides)

    def _open_again(self) -> Iterator[Doubt]:
        """It replaces what was over."""
        over = [old for old in self.replaced if old.is_over]
        if not over or self.announced.event.status == NO_CHANGE:
            return
        is_same_message = any(self.announced.fingerprint in (old.fingerprint, old.ended_by) for old in over)
        places = {(old.key, old.window) for old in over}
        again = frozenset(entry.side for entry in self.new if (entry.key, entry.window) in places)
        yield self._doubt(DoubtKind.OPEN_AND_OVER if is_same_message else DoubtKind.OPEN_AGAIN, again or self._mine)

    def _of_its_uid(self) -> list[Entry]:
        return [old for old in self.replaced if old.uid and old.uid == self.announced.uid]

    def _other_circuits(self) -> Iterator[Doubt]:
        """It names entirely different circuits."""
        known = {old.key for old in self._of_its_uid() if old.cid}
        if self.announced.keys and known and not self.announced.keys & known:
            yield self._doubt(DoubtKind.OTHER_CIRCUITS, self._mine)

    def _windows_left_out(self) -> Iterator[Doubt]:
        """It leaves out some of several windows."""
        event = self.announced.event
        if event.status == RE_SCHEDULED or event.recurrence_id is not None or not event.windows:
            return
        before = {old.window for old in self._of_its_uid() if old.window}
        if len(before) > 1 and self.announced.windows_of_uid < before:
            yield self._doubt(DoubtKind.WINDOWS_LEFT_OUT, self._mine)

    def _lower_sequence(self) -> Iterator[Doubt]:
        """Its SEQUENCE is lower than that of other windows which it replaces: a counter that starts again, or an older state?"""
        event, own = self.announced.event, self._of_its_uid()
        if event.sequence is None or not event.windows or all(old.sequence <= event.sequence for old in own):
            return
        new = set(event.windows) if event.recurrence_id is not None else self.announced.windows_of_uid
        if {old.window for old in own} != new:
            yield self._doubt(DoubtKind.LOWER_SEQUENCE, self._mine)

    def _window_returns(self) -> Iterator[Doubt]:
        """A window is one that was moved before."""
        gone = {(old.key, old.window) for old in self.replaced}
        places = [(entry, (entry.key, entry.window)) for entry in self.new if entry.window]
        returned = frozenset(entry.side for entry, place in places if place in self.past and place not in gone)
        if returned:
            yield self._doubt(DoubtKind.WINDOW_RETURNS, returned)

    def _is_under_new_uid(self) -> bool:
        event, uid = self.announced.event, self.announced.uid
        if not uid or event.recurrence_id is not None or event.method == "ADD":
            return False
        return all(entry.uid != uid for entry in self.entries)

    def _second_window(self) -> Iterator[Doubt]:
        """A UID not seen before leaves open entries standing: a second window, or circuits that it forgets?"""
        others = self._others()
        keys = self.announced.keys
        if second := frozenset(entry.side for entry in others if entry.key in keys):
            yield self._doubt(DoubtKind.SECOND_WINDOW, self._mine, second)
        repeated = {(old.uid, old.window) for old in self.replaced}
        forgotten = [entry for entry in others if entry.key not in keys and (entry.uid, entry.window) in repeated]
        if forgotten:
            yield self._doubt(DoubtKind.CIRCUITS_LEFT_OUT, self._mine, frozenset(entry.side for entry in forgotten))

    def _others(self) -> list[Entry]:
        """Return the open entries that it might have replaced."""
        gone = set(map(id, self.replaced))
        kept = (entry for entry in self.entries if id(entry) not in gone and not entry.is_over and entry.cid)
        return [entry for entry in kept if may_replace(self.announced, entry)]


def ending_doubts(
    announced: Announced, scope: Scope, entries: Sequence[Entry], ended: frozenset[Side]
) -> Iterator[Doubt]:
    """Yield what only a person can decide about an ending word: it names what is not known, or a part only."""
    if scope.is_unknown:
        # It lasts while what it may have meant stands: nothing of its own does, where it ended nothing.
        sides = ended or frozenset(entry.side for entry in scope.entries)
        yield Doubt(DoubtKind.ENDED_UNKNOWN, announced.fingerprint, (sides,))
    if scope.ended and scope.left and not tells_its_part(announced, entries):
        left = frozenset(entry.side for entry in scope.left)
        yield Doubt(DoubtKind.ENDED_IN_PART, announced.fingerprint, (ended, left))


def lasting(doubts: Sequence[Doubt], entries: Sequence[Entry]) -> Iterator[Doubt]:
    """Yield the doubts whose sides all still stand."""
    standing = {entry.side for entry in entries}
    messages = {each for entry in entries for each in (entry.fingerprint, entry.ended_by)}
    for doubt in doubts:
        has_sides = all(side & standing for side in doubt.sides)
        if has_sides and (doubt.sides or doubt.fingerprint in messages):
            yield doubt


def outranked(ordered: Sequence[Announced], entries: Sequence[Entry]) -> Iterator[Doubt]:
    """Yield a doubt for each RE-SCHEDULED or CANCELLED received later than what outranks it and is still open."""
    places = {entry.place for entry in entries if not entry.is_over}
    for index, each in enumerate(ordered):
        if each.event.status in (RE_SCHEDULED, CANCELLED):
            if any(place > index and _outranks(ordered[place], each) for place in places):
                yield Doubt(DoubtKind.OUTRANKED, each.fingerprint)


def _outranks(newer: Announced, older: Announced) -> bool:
    """Return whether a newer event was received before an older one about the same circuits or UID."""
    is_same = newer.uid == older.uid or bool(newer.keys & older.keys) or not older.keys
    return is_same and newer.provenance.received_at < older.provenance.received_at


def without_circuit(entries: Sequence[Entry]) -> Iterator[Doubt]:
    """Yield a doubt if no entry has a circuit."""
    if entries and not any(entry.cid for entry in entries):
        newest = max(entries, key=lambda entry: entry.place)
        yield Doubt(DoubtKind.NO_CIRCUIT, newest.ended_by or newest.fingerprint)
