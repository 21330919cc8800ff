"""The state of a maintenance while its events are replayed from the oldest."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from nautobot_circuit_maintenance.domain.announcing import is_further_message, is_new_life, new_entries, replaced_by
from nautobot_circuit_maintenance.domain.doubts import Doubt
from nautobot_circuit_maintenance.domain.ending import scope_of, unknown_circuits
from nautobot_circuit_maintenance.domain.entries import Entry, may_replace
from nautobot_circuit_maintenance.domain.events import Announced
from nautobot_circuit_maintenance.domain.history import History
from nautobot_circuit_maintenance.domain.raising import (
    Announcement,
    ending_doubts,
    lasting,
    outranked,
    without_circuit,
)
from nautobot_circuit_maintenance.domain.updates import Window


@dataclass
class Replay:
    """The entries, and what only a person can decide about them."""

    entries: list[Entry] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    per_circuit: set[str] = field(default_factory=set)
    """UIDs under which each message is about other circuits."""
    past: set[tuple[str, Window]] = field(default_factory=set)
    """Circuits in windows that were replaced by other windows."""
    history: History = field(default_factory=History)

    def apply(self, announced: Announced, place: int) -> None:
        """Apply one event, the newest so far."""
        if announced.is_ending:
            self._end(announced, place)
        else:
            self._announce(announced, place)

    def _announce(self, announced: Announced, place: int) -> None:
        """Replace entries by those that an announcement states."""
        self._note_further_message(announced)
        is_per_circuit = announced.uid in self.per_circuit
        replaced = replaced_by(announced, self.entries, is_per_circuit=is_per_circuit)
        new = new_entries(announced, place, replaced, self.entries)
        self.doubts += Announcement(announced, self.entries, replaced, new, self.past).doubts()
        self.history.compare(announced, [] if is_new_life(announced, self.entries) else replaced, new)
        gone = set(map(id, replaced))
        kept = [entry for entry in self.entries if id(entry) not in gone]
        standing = {(entry.key, entry.window) for entry in (*kept, *new)}
        gone_windows = [old for old in replaced if old.window and old.window not in announced.windows_of_uid]
        self.past |= {(old.key, old.window) for old in gone_windows if old.window} - standing
        self.entries = kept + new

    def _note_further_message(self, announced: Announced) -> None:
        """Remember that each message under a UID is about other circuits; forget everything when an ID is used again."""
        if is_new_life(announced, self.entries):
            self.per_circuit.clear()
            self.past.clear()
            self.history.moved_to.clear()
            return
        event, uid = announced.event, announced.uid
        if not uid or event.recurrence_id is not None or event.method == "ADD":
            return
        own = [entry for entry in self.entries if entry.uid == uid and may_replace(announced, entry)]
        if own and is_further_message(announced, own):
            self.per_circuit.add(uid)

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
        self.history.compare(announced, scope.ended, list(changed.values()))
        added = unknown_circuits(announced, place, scope.ended, self.entries)
        self.entries += added
        ended = frozenset(entry.side for entry in (*changed.values(), *added))
        self.doubts += ending_doubts(announced, scope, self.entries, ended)

    def lasting_doubts(self, ordered: Sequence[Announced]) -> tuple[Doubt, ...]:
        """Return the doubts whose sides all still stand, given all events in their order."""
        found = (
            *lasting([*self.doubts, *self.history.lasting()], self.entries),
            *outranked(ordered, self.entries),
            *without_circuit(self.entries),
        )
        return tuple(dict.fromkeys(found))
