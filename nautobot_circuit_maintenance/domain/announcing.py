"""What an open word does to the entries: which of them it replaces, and by what.

An open word is any status but CANCELLED and COMPLETED; docs/dev/architecture.md, "Rules of the data".
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from nautobot_circuit_maintenance.domain.entries import Entry, impacts_of, may_replace, occurrence, overlaps
from nautobot_circuit_maintenance.domain.events import RE_SCHEDULED, Announced
from nautobot_circuit_maintenance.domain.updates import IMPACTS, NO_CHANGE, AnnouncedImpact, Window

UNKNOWN = "UNKNOWN"
NEW_LIFE = timedelta(days=30)
"""An ID that is used again so long after everything was over names other work."""
DEFAULT_IMPACT = "OUTAGE"
"""BCOP maintnote 3.6.5: an impact that is missing or unknown counts as an outage."""

Status = Callable[[str, Window | None], tuple[str, int]]
"""The status of a new entry and the place of the event that stated it, by its circuit and window."""


def is_new_life(announced: Announced, entries: Sequence[Entry]) -> bool:
    """Return whether everything was over long before: the ID is used again for other work."""
    if not entries or not announced.event.windows or not all(entry.is_over for entry in entries):
        return False
    ends = [entry.window.end for entry in entries if entry.window]
    return bool(ends) and min(window.start for window in announced.event.windows) > max(ends) + NEW_LIFE


def is_further_message(announced: Announced, own: Sequence[Entry]) -> bool:
    """Return whether it is a further message about other circuits, under a UID that all of them share."""
    known = {entry.key for entry in own if entry.cid}
    is_other = bool(announced.keys and known) and not announced.keys & known
    return is_other and announced.sequence <= max(entry.sequence for entry in own)


def replaced_by(announced: Announced, entries: Sequence[Entry], *, is_per_circuit: bool) -> list[Entry]:
    """Return the entries that an announcement replaces.

    ``is_per_circuit``: each message under its UID is about other circuits.
    """
    old = [entry for entry in entries if may_replace(announced, entry)]
    if announced.event.method == "ADD":
        return []
    if is_new_life(announced, entries):
        return old
    if announced.uid is None:
        return _replaced_without_uid(announced, entries, old)
    if any(entry.uid == announced.uid for entry in entries):
        own = [entry for entry in old if entry.uid == announced.uid]
        return _replaced_of_known_uid(announced, own, is_per_circuit=is_per_circuit)
    return _replaced_of_new_uid(announced, old)


def _replaced_without_uid(announced: Announced, entries: Sequence[Entry], old: list[Entry]) -> list[Entry]:
    replaced = [entry for entry in old if not entry.is_over or overlaps(entry, announced.event.windows)]
    if announced.circuits_in_message == 1 and entries and all(entry.is_alone for entry in entries):
        return [entry for entry in replaced if entry.key in announced.keys]
    return replaced


def _replaced_of_known_uid(announced: Announced, own: list[Entry], *, is_per_circuit: bool) -> list[Entry]:
    event = announced.event
    if event.recurrence_id is not None:
        return [entry for entry in own if entry.occurrence == event.recurrence_id]
    if is_per_circuit:
        return [entry for entry in own if entry.key in announced.keys or not announced.keys]
    if _is_new_date(announced, own):
        return []  # A new date after a cancellation, or a further night.
    past = _past_of(announced, own)
    return [entry for entry in own if id(entry) not in past]


def _is_new_date(announced: Announced, own: Sequence[Entry]) -> bool:
    """Return whether everything of a UID is over, and what is announced is at other times."""
    windows = announced.event.windows
    is_over = bool(own) and all(entry.is_over for entry in own)
    return bool(windows) and is_over and not any(overlaps(entry, windows) for entry in own)


def _past_of(announced: Announced, own: Sequence[Entry]) -> set[int]:
    """Return the IDs (Python's) of entries that were over when a new date was announced: they stay beside it."""
    last = max((entry.place for entry in own if not entry.is_over), default=-1)
    windows = announced.event.windows
    return {id(entry) for entry in own if entry.is_over and entry.place < last and not overlaps(entry, windows)}


def _replaced_of_new_uid(announced: Announced, old: list[Entry]) -> list[Entry]:
    same = [entry for entry in old if entry.key in announced.keys or not (entry.cid and announced.keys)]
    is_moved = announced.event.status == RE_SCHEDULED
    return [
        entry
        for entry in same
        if overlaps(entry, announced.event.windows) or entry.window is None or (is_moved and not entry.is_over)
    ]


def new_entries(announced: Announced, place: int, replaced: Sequence[Entry], entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of an announcement; what it does not state it takes from those that it replaces, or all."""
    event = announced.event
    known = list(replaced) or list(entries)
    status_of = _status_of(announced, place, known)
    origins = _origins(replaced) if announced.uid is None else {}
    found: dict[tuple[str, Window | None], Entry] = {}
    for (cid, impact), window in _announced_pairs(announced, known):
        origin = origins.get((cid.casefold(), window)) or origins.get((cid.casefold(), None))
        status, stated_at = status_of(cid.casefold(), window)
        entry = Entry(
            cid=cid,
            window=window,
            status=status,
            impact=impact,
            uid=origin.uid if origin else announced.uid,
            occurrence=event.recurrence_id or occurrence(window),
            sequence=origin.sequence if origin else announced.sequence,
            fingerprint=announced.fingerprint,
            is_alone=announced.circuits_in_message == 1,
            place=place,
            stated_at=stated_at,
        )
        twin = found.get((entry.key, window))
        if twin is None or IMPACTS.index(impact) > IMPACTS.index(twin.impact):
            found[entry.key, window] = replace(entry, cid=min(cid, twin.cid)) if twin else entry
    return list(found.values())


def _announced_pairs(announced: Announced, known: Sequence[Entry]) -> Iterator[tuple[AnnouncedImpact, Window | None]]:
    """Yield the circuits of an announcement with their windows; one that states neither keeps them as they are."""
    event = announced.event
    if not event.circuits and not event.windows and known:
        yield from ((AnnouncedImpact(entry.cid, entry.impact), entry.window) for entry in known)
        return
    for circuit in event.circuits or impacts_of(known) or (AnnouncedImpact("", DEFAULT_IMPACT),):
        windows = event.windows or _known_windows(circuit, known)
        yield from ((circuit, window) for window in windows)


def _known_windows(circuit: AnnouncedImpact, known: Sequence[Entry]) -> Sequence[Window | None]:
    """Return the windows of a circuit, or else all that are known."""
    own = [entry for entry in known if entry.key == circuit.cid.casefold()]
    return _windows(own) or _windows(known) or (None,)


def _windows(entries: Sequence[Entry]) -> list[Window]:
    return sorted({entry.window for entry in entries if entry.window})


def _origins(replaced: Sequence[Entry]) -> dict[tuple[str, Window | None], Entry]:
    """Return for each circuit and window, and for each circuit alone, the newest entry with a UID."""
    known = [(entry.uid, entry) for entry in replaced if entry.uid]
    known.sort(key=lambda found: (found[1].place, found[0], found[1].sequence))
    by_circuit: dict[tuple[str, Window | None], Entry] = {(entry.key, None): entry for _, entry in known}
    return by_circuit | {(entry.key, entry.window): entry for _, entry in known if entry.window}


def _status_of(announced: Announced, place: int, known: Sequence[Entry]) -> Status:
    """Return what gives a new entry its status: the event, or what the event does not state is taken from."""
    stated = announced.event.status
    if stated != NO_CHANGE:
        return lambda key, window: (stated, place)
    in_turn = sorted(known, key=lambda entry: entry.stated_at)
    by_both = {(entry.key, entry.window): (entry.status, entry.stated_at) for entry in in_turn}
    by_key = {entry.key: (entry.status, entry.stated_at) for entry in in_turn}
    newest = (in_turn[-1].status, in_turn[-1].stated_at) if in_turn else (UNKNOWN, place)
    if newest[0] == UNKNOWN:
        newest = (announced.event.default_status or UNKNOWN, place)
    return lambda key, window: by_both.get((key, window)) or by_key.get(key) or newest
