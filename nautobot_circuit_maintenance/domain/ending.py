"""What an ending word, CANCELLED or COMPLETED, does to the entries: it ends what it names and removes nothing.

docs/dev/architecture.md, "Rules of the data".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nautobot_circuit_maintenance.domain.announcing import DEFAULT_IMPACT
from nautobot_circuit_maintenance.domain.entries import Entry, may_replace, occurrence, overlaps
from nautobot_circuit_maintenance.domain.events import Announced
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, Window


@dataclass
class Scope:
    """Which entries an ending word is about, and which of them it ends."""

    entries: list[Entry]
    """Those of its UID, or all if its UID is unknown or it has none."""
    ended: list[Entry] = field(default_factory=list)
    has_one_window: bool = False
    """Whether all entries of the scope have one window: it takes the times of the ending word."""
    is_unknown: bool = False
    """Whether it names only circuits or windows that were not announced."""

    @property
    def left(self) -> list[Entry]:
        """The entries of the scope that are still open."""
        ended = set(map(id, self.ended))
        return [entry for entry in self.entries if id(entry) not in ended and not entry.is_over]


def scope_of(announced: Announced, entries: Sequence[Entry]) -> Scope:
    """Return what an ending word ends."""
    event = announced.event
    is_known = announced.uid is not None and any(entry.uid == announced.uid for entry in entries)
    own = [entry for entry in entries if may_replace(announced, entry) and (entry.uid == announced.uid or not is_known)]
    if event.recurrence_id is not None and is_known:
        own = [entry for entry in own if entry.occurrence == event.recurrence_id]
    scope = Scope(own, has_one_window=len({entry.window for entry in own}) == 1)
    if not event.circuits and not event.windows:
        scope.ended = own
        return scope
    # What is announced under an unknown UID has to name the window: it may be about another one.
    is_its_window = scope.has_one_window and (is_known or announced.uid is None)
    scope.ended = [entry for entry in own if _names(announced, entry, has_one_window=is_its_window)]
    if scope.ended or not own:
        return scope
    scope.is_unknown = True
    is_alone = announced.circuits_in_message == 1 and all(entry.is_alone for entry in entries)
    if is_known or (announced.uid is None and not is_alone):
        scope.ended, scope.has_one_window = own, False
    return scope


def _names(announced: Announced, entry: Entry, *, has_one_window: bool) -> bool:
    """Return whether an ending word names an entry by its circuit and its window."""
    event = announced.event
    is_circuit = not event.circuits or entry.key in announced.keys or not entry.cid
    is_window = not event.windows or has_one_window or entry.window is None or overlaps(entry, event.windows)
    return is_circuit and is_window


def unknown_circuits(announced: Announced, place: int, ended: Sequence[Entry], entries: Sequence[Entry]) -> list[Entry]:
    """Return entries for the circuits of an ending word that no entry has, or for the word itself if there is none."""
    event = announced.event
    known = {entry.key for entry in entries}
    fresh = [each for each in event.circuits if each.cid.casefold() not in known]
    if not entries and not fresh:
        fresh = [AnnouncedImpact("", DEFAULT_IMPACT)]
    own = sorted({entry.window for entry in ended or entries if entry.window})
    windows: Sequence[Window | None] = event.windows or own or (None,)
    return [
        Entry(
            cid=cid,
            window=window,
            status=event.status,
            impact=impact,
            uid=announced.uid,
            occurrence=event.recurrence_id or occurrence(window),
            sequence=announced.sequence,
            fingerprint=announced.fingerprint,
            ended_by=announced.fingerprint,
            is_alone=announced.circuits_in_message == 1,
            place=place,
            stated_at=place,
        )
        for cid, impact in fresh
        for window in windows
    ]


def tells_its_part(announced: Announced, entries: Sequence[Entry]) -> bool:
    """Return whether it is clear that the others go ahead: a message or UID for each circuit, or an occurrence."""
    if announced.event.recurrence_id is not None or all(entry.is_alone for entry in entries):
        return True
    circuits: dict[str | None, set[str]] = {}
    for entry in entries:
        circuits.setdefault(entry.uid, set()).add(entry.key)
    return None not in circuits and len(circuits) > 1 and all(len(keys) == 1 for keys in circuits.values())
