"""What an ending word, CANCELLED or COMPLETED, does to the entries: it ends what it names and removes nothing.

docs/dev/architecture.md, "Rules of the data".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from nautobot_circuit_maintenance.domain.announcing import DEFAULT_IMPACT
from nautobot_circuit_maintenance.domain.entries import Entry, impacts_of, may_replace, occurrence, overlaps
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
    own = _of_its_uid(announced, entries)
    part = _of_its_occurrence(announced, own)
    if own and not part:
        return Scope(own, is_unknown=True)
    scope = Scope(part, has_one_window=len({entry.window for entry in part}) == 1)
    # What is announced under an unknown UID has to name the window: it may be about another one.
    is_its_window = scope.has_one_window and (announced.uid is None or _is_known(announced, entries))
    named = [entry for entry in part if _names(announced, entry, has_one_window=is_its_window)]
    if part and not named:
        scope.is_unknown, scope.has_one_window = True, False
        named = part if _means_all(announced, entries) else []
    scope.ended = _without_ended_otherwise(announced, named)
    return scope


def _is_known(announced: Announced, entries: Sequence[Entry]) -> bool:
    return announced.uid is not None and any(entry.uid == announced.uid for entry in entries)


def _of_its_uid(announced: Announced, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of the UID of an ending word, or all if the UID is unknown."""
    is_known = _is_known(announced, entries)
    return [
        entry for entry in entries if may_replace(announced, entry) and (entry.uid == announced.uid or not is_known)
    ]


def _of_its_occurrence(announced: Announced, entries: list[Entry]) -> list[Entry]:
    """Return those of these entries that RECURRENCE-ID names; all if there is none."""
    wanted = announced.event.recurrence_id
    return entries if wanted is None else [entry for entry in entries if entry.occurrence == wanted]


def _names(announced: Announced, entry: Entry, *, has_one_window: bool) -> bool:
    """Return whether an ending word names an entry by its circuit and its window; one that names none means all."""
    event = announced.event
    is_circuit = not event.circuits or entry.key in announced.keys or not entry.cid
    is_window = not event.windows or has_one_window or _has_window(announced, entry)
    return is_circuit and is_window


def _has_window(announced: Announced, entry: Entry) -> bool:
    return entry.window is None or overlaps(entry, announced.event.windows)


def _means_all(announced: Announced, entries: Sequence[Entry]) -> bool:
    """Return whether an ending word that names only what is unknown ends everything: not if it may be about other work."""
    if announced.uid is not None:
        return _is_known(announced, entries)
    return not (announced.circuits_in_message == 1 and all(entry.is_alone for entry in entries))


def _without_ended_otherwise(announced: Announced, named: list[Entry]) -> list[Entry]:
    """Return the entries that an ending word ends: a cancelled night stays cancelled when the rest is completed.

    What ended otherwise ends again only where the word names circuit and window, or can mean nothing else: all that it names
    ended otherwise.
    """
    event = announced.event
    otherwise = [entry for entry in named if entry.is_over_by_other_word(event.status)]
    if len(otherwise) == len(named):
        return named
    is_precise = bool(event.circuits and event.windows)
    kept = {id(entry) for entry in otherwise if not (is_precise and _has_window(announced, entry))}
    return [entry for entry in named if id(entry) not in kept]


def unknown_circuits(announced: Announced, place: int, ended: Sequence[Entry], entries: Sequence[Entry]) -> list[Entry]:
    """Return entries for the circuits of an ending word that no entry has, or for the word itself if there is none.

    What its own message added does not count as one: one message may end several nights that were not announced.
    """
    fresh = _not_known(announced, entries)
    own = sorted({entry.window for entry in ended or entries if entry.window})
    windows: Sequence[Window | None] = announced.event.windows or own or (None,)
    places = {(entry.key, entry.window) for entry in entries}
    return [
        _ended_entry(announced, place, circuit, window)
        for circuit in fresh
        for window in windows
        if (circuit.cid.casefold(), window) not in places
    ]


def _not_known(announced: Announced, entries: Sequence[Entry]) -> list[AnnouncedImpact]:
    others = [entry for entry in entries if not entry.fingerprint == entry.ended_by == announced.fingerprint]
    if not others and not announced.event.circuits:
        return list(impacts_of(entries)) or [AnnouncedImpact("", DEFAULT_IMPACT)]
    known = {entry.key for entry in others}
    return [each for each in announced.event.circuits if each.cid.casefold() not in known]


def _ended_entry(announced: Announced, place: int, circuit: AnnouncedImpact, window: Window | None) -> Entry:
    """Return the entry of a circuit that only the ending word names."""
    return Entry(
        cid=circuit.cid,
        window=window,
        status=announced.event.status,
        impact=circuit.impact,
        uid=announced.uid,
        occurrence=announced.event.recurrence_id or occurrence(window),
        sequence=announced.sequence,
        fingerprint=announced.fingerprint,
        ended_by=announced.fingerprint,
        is_alone=announced.circuits_in_message == 1,
        place=place,
        stated_at=place,
    )


def tells_its_part(announced: Announced, entries: Sequence[Entry]) -> bool:
    """Return whether it is clear that the others go ahead: a message or UID for each circuit, or an occurrence."""
    if announced.event.recurrence_id is not None or all(entry.is_alone for entry in entries):
        return True
    circuits: dict[str | None, set[str]] = {}
    for entry in entries:
        circuits.setdefault(entry.uid, set()).add(entry.key)
    return None not in circuits and len(circuits) > 1 and all(len(keys) == 1 for keys in circuits.values())
