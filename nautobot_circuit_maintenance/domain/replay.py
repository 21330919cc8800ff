"""The state of a maintenance while its events are replayed from the oldest."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nautobot_circuit_maintenance.domain.announcing import is_further_message, is_new_life, new_entries, replaced_by
from nautobot_circuit_maintenance.domain.doubts import Doubt, DoubtKind, Side
from nautobot_circuit_maintenance.domain.ending import Scope, scope_of, tells_its_part, unknown_circuits
from nautobot_circuit_maintenance.domain.entries import Entry, may_replace
from nautobot_circuit_maintenance.domain.events import CANCELLED, RE_SCHEDULED, Announced
from nautobot_circuit_maintenance.domain.updates import NO_CHANGE, Window


@dataclass
class Replay:
    """The entries, and what only a person can tell about them."""

    entries: list[Entry] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    per_circuit: set[str] = field(default_factory=set)
    """UIDs under which each message is about other circuits."""
    past: set[tuple[str, Window]] = field(default_factory=set)
    """Circuits in windows that were replaced by other windows."""

    def apply(self, announced: Announced, place: int) -> None:
        """Apply one event, the newest so far."""
        if announced.is_ending:
            self._end(announced, place)
        else:
            self._announce(announced, place)

    def _announce(self, announced: Announced, place: int) -> None:
        """Replace entries by those that an announcement states."""
        is_restart = is_new_life(announced, self.entries)
        if is_restart:
            self.per_circuit.clear()
            self.past.clear()
        own = [entry for entry in self.entries if entry.uid == announced.uid and may_replace(announced, entry)]
        is_per_circuit = announced.uid in self.per_circuit
        is_plain = announced.event.recurrence_id is None and announced.event.method != "ADD" and not is_restart
        if announced.uid and own and is_plain and is_further_message(announced, own):
            self.per_circuit.add(announced.uid)
        replaced = replaced_by(announced, self.entries, is_per_circuit=is_per_circuit)
        new = new_entries(announced, place, replaced, self.entries)
        self._doubt_announcement(announced, replaced, new)
        gone = set(map(id, replaced))
        kept = [entry for entry in self.entries if id(entry) not in gone]
        standing = {(entry.key, entry.window) for entry in (*kept, *new)}
        self.past |= {(old.key, old.window) for old in replaced if old.window} - standing
        self.entries = kept + new

    def _end(self, announced: Announced, place: int) -> None:
        """End what a cancellation or completion names; its one window takes the times of the event."""
        scope = scope_of(announced, self.entries)
        windows = announced.event.windows
        window = windows[0] if scope.has_one_window and len(windows) == 1 else None
        ids = set(map(id, scope.ended))
        changed = {
            id(entry): replace(
                entry,
                status=announced.event.status,
                window=window or entry.window,
                ended_by=announced.fingerprint,
                sequence=max(entry.sequence, announced.sequence) if entry.uid == announced.uid else entry.sequence,
                place=place,
                stated_at=place,
            )
            for entry in self.entries
            if id(entry) in ids
        }
        self.entries = [changed.get(id(entry), entry) for entry in self.entries]
        added = unknown_circuits(announced, place, scope.ended, self.entries)
        self.entries += added
        self._doubt_ending(announced, scope, frozenset(entry.side for entry in (*changed.values(), *added)))

    def _doubt_announcement(self, announced: Announced, replaced: Sequence[Entry], new: Sequence[Entry]) -> None:
        """Note what only a person can tell about an announcement."""
        mine = frozenset(entry.side for entry in new)
        is_restart = is_new_life(announced, self.entries)
        if not is_restart:
            self._doubt_open_again(announced, replaced, new, mine)
            self._doubt_known_uid(announced, replaced, mine)
        gone = {(old.key, old.window) for old in replaced}
        returned = [e for e in new if e.window and (e.key, e.window) in self.past and (e.key, e.window) not in gone]
        if returned:
            self._doubt(DoubtKind.WINDOW_RETURNS, announced, frozenset(entry.side for entry in returned))
        if (
            announced.uid
            and not is_restart
            and announced.event.recurrence_id is None
            and announced.event.method != "ADD"
        ):
            self._doubt_new_uid(announced, replaced, mine)

    def _doubt_open_again(
        self, announced: Announced, replaced: Sequence[Entry], new: Sequence[Entry], mine: frozenset[Side]
    ) -> None:
        """An announcement replaces what was over."""
        over = [old for old in replaced if old.is_over]
        if not over or announced.event.status == NO_CHANGE:
            return
        is_same_message = any(announced.fingerprint in (old.fingerprint, old.ended_by) for old in over)
        places = {(old.key, old.window) for old in over}
        again = frozenset(entry.side for entry in new if (entry.key, entry.window) in places) or mine
        self._doubt(DoubtKind.OPEN_AND_OVER if is_same_message else DoubtKind.OPEN_AGAIN, announced, again)

    def _doubt_known_uid(self, announced: Announced, replaced: Sequence[Entry], mine: frozenset[Side]) -> None:
        """A correction leaves out windows, or names entirely different circuits."""
        event = announced.event
        own = [old for old in replaced if old.uid and old.uid == announced.uid]
        known = {old.key for old in own if old.cid}
        if announced.keys and known and not announced.keys & known:
            self._doubt(DoubtKind.OTHER_CIRCUITS, announced, mine)
        before = {old.window for old in own if old.window}
        is_plain = event.status != RE_SCHEDULED and event.recurrence_id is None and bool(event.windows)
        if is_plain and len(before) > 1 and announced.windows_of_uid < before:
            self._doubt(DoubtKind.WINDOWS_LEFT_OUT, announced, mine)

    def _doubt_new_uid(self, announced: Announced, replaced: Sequence[Entry], mine: frozenset[Side]) -> None:
        """A UID not seen before leaves open entries standing: a second window, or circuits that it forgets?"""
        if any(entry.uid == announced.uid for entry in self.entries):
            return
        gone = set(map(id, replaced))
        others = [
            entry
            for entry in self.entries
            if id(entry) not in gone and not entry.is_over and entry.cid and may_replace(announced, entry)
        ]
        second = frozenset(entry.side for entry in others if entry.key in announced.keys)
        if second:
            self._doubt(DoubtKind.SECOND_WINDOW, announced, mine, second)
        repeated = {(old.uid, old.window) for old in replaced}
        left = frozenset(
            entry.side for entry in others if (entry.uid, entry.window) in repeated and entry.key not in announced.keys
        )
        if left:
            self._doubt(DoubtKind.CIRCUITS_LEFT_OUT, announced, mine, left)

    def _doubt_ending(self, announced: Announced, scope: Scope, mine: frozenset[Side]) -> None:
        """An ending word names what is not known, or a part only."""
        if scope.is_unknown:
            # It lasts while what it may have meant stands: nothing of its own does, where it ended nothing.
            self._doubt(DoubtKind.ENDED_UNKNOWN, announced, mine or frozenset(entry.side for entry in scope.entries))
        if scope.ended and scope.left and not tells_its_part(announced, self.entries):
            self._doubt(DoubtKind.ENDED_IN_PART, announced, mine, frozenset(entry.side for entry in scope.left))

    def _doubt(self, kind: DoubtKind, announced: Announced, *sides: frozenset[Side]) -> None:
        self.doubts.append(Doubt(kind, announced.fingerprint, sides))

    def lasting_doubts(self, ordered: Sequence[Announced]) -> tuple[Doubt, ...]:
        """Return the doubts whose sides all still stand, given all events in their order."""
        standing = {entry.side for entry in self.entries}
        messages = {each for entry in self.entries for each in (entry.fingerprint, entry.ended_by)}
        lasting = [
            doubt
            for doubt in self.doubts
            if all(side & standing for side in doubt.sides) and (doubt.sides or doubt.fingerprint in messages)
        ]
        lasting += self._outranked(ordered)
        if self.entries and not any(entry.cid for entry in self.entries):
            newest = max(self.entries, key=lambda entry: entry.place)
            lasting.append(Doubt(DoubtKind.NO_CIRCUIT, newest.ended_by or newest.fingerprint))
        return tuple(dict.fromkeys(lasting))

    def _outranked(self, ordered: Sequence[Announced]) -> list[Doubt]:
        """Return a doubt for each RE-SCHEDULED or CANCELLED received later than what outranks it and is still open."""
        places = {entry.place for entry in self.entries if not entry.is_over}
        return [
            Doubt(DoubtKind.OUTRANKED, each.fingerprint)
            for index, each in enumerate(ordered)
            if each.event.status in (RE_SCHEDULED, CANCELLED)
            and any(place > index and _outranks(ordered[place], each) for place in places)
        ]


def _outranks(newer: Announced, older: Announced) -> bool:
    """Return whether a newer event was received before an older one about the same circuits or UID."""
    is_same = newer.uid == older.uid or bool(newer.keys & older.keys) or not older.keys
    return is_same and newer.provenance.received_at < older.provenance.received_at
