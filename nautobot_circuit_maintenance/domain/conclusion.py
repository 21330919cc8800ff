"""A maintenance as its provider announced it: a pure function of all updates about it, whatever their order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from nautobot_circuit_maintenance.domain.doubts import Doubt, DoubtKind
from nautobot_circuit_maintenance.domain.entries import Entry
from nautobot_circuit_maintenance.domain.events import (
    CANCELLED,
    COMPLETED,
    IN_PROCESS,
    Announced,
    appended,
    events_in_order,
)
from nautobot_circuit_maintenance.domain.history import without_settled
from nautobot_circuit_maintenance.domain.opinions import DOUBTFUL, UNCHECKED, worst
from nautobot_circuit_maintenance.domain.replay import Replay
from nautobot_circuit_maintenance.domain.updates import IMPACTS, MaintenanceUpdate, Window


class CircuitState(NamedTuple):
    """What is known about one circuit of a maintenance."""

    cid: str
    """As the provider spells it."""
    impact: str
    """The worst of its windows that are not cancelled, or the last one known."""
    windows: tuple[Window, ...] | None = None
    """The windows in which it is affected; None: in all of the maintenance's."""


@dataclass(frozen=True)
class Conclusion:
    """The provider's side of a maintenance."""

    name: str = ""
    """The provider's ID, as the oldest update spells it."""
    other_ids: tuple[str, ...] = ()
    status: str = "UNKNOWN"
    """One of ``CircuitMaintenanceStatusChoices``, never ``NO_CHANGE``."""
    description: str = ""
    windows: tuple[Window, ...] = ()
    """In UTC and in time order, without duplicates; the cancelled ones only if all are."""
    cancelled_windows: tuple[Window, ...] = ()
    """Windows that are cancelled while others stand."""
    impacts: tuple[CircuitState, ...] = ()
    """One per circuit ID, ignoring case, in the order of the IDs."""
    issued_at: datetime | None = None
    """When the newest event was issued, never later than it was sent; None without updates."""
    sequence: int | None = None
    """The provider's sequence number of the newest event; None without updates."""
    entries: tuple[Entry, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    confidence: str = ""
    """The worst second opinion on a message of which an entry still stands, and on the messages together; empty without updates."""

    @property
    def standing(self) -> frozenset[str]:
        """Fingerprints of the messages of which an entry still stands; all others are outdated."""
        return frozenset(each for entry in self.entries for each in (entry.fingerprint, entry.ended_by) if each)


EMPTY = Conclusion()


def conclude(updates: Iterable[MaintenanceUpdate]) -> Conclusion:
    """Return what follows from all updates about a maintenance; their order does not matter."""
    known = list(updates)
    ordered = events_in_order(known)
    if not ordered:
        return EMPTY
    replay = Replay()
    for place, announced in enumerate(ordered):
        replay.apply(announced, place)
    return _concluded(known, ordered, replay)


def conclusions(updates: Iterable[MaintenanceUpdate]) -> Iterator[Conclusion]:
    """Yield what follows from the first of these updates, from the first two, and so on.

    An update that is newer than those before it is applied on top of them; only one that is not has everything replayed.
    """
    known: list[MaintenanceUpdate] = []
    ordered: list[Announced] = []
    replay = Replay()
    for update in updates:
        known.append(update)
        new = appended(ordered, known)
        if new is None:
            replay, ordered, new = Replay(), [], events_in_order(known)
        for place, announced in enumerate(new, start=len(ordered)):
            replay.apply(announced, place)
        ordered = [*ordered, *new] if ordered else new
        yield _concluded(known, ordered, replay)


def in_order(updates: Iterable[MaintenanceUpdate]) -> list[MaintenanceUpdate]:
    """Return the updates by their newest events, the newest update last."""
    known = list(updates)
    newest: dict[int, int] = {}
    for place, announced in enumerate(events_in_order(known)):
        newest[announced.update] = place
    return [known[index] for index in sorted(newest, key=newest.__getitem__)]


def issued_at(update: MaintenanceUpdate) -> datetime:
    """Return when an update was issued; a stamp from the future must not outrank everything that follows."""
    return min(update.issued_at, update.provenance.received_at)


def _concluded(known: Sequence[MaintenanceUpdate], ordered: Sequence[Announced], replay: Replay) -> Conclusion:
    """Sum up the entries."""
    rows = replay.entries
    live = [entry for entry in rows if entry.status != CANCELLED]
    windows = _windows(live or rows)
    newest = ordered[-1]
    standing = _standing(known, rows)
    doubts = tuple(without_settled((*replay.lasting_doubts(ordered), *_reading_doubts(standing)), known))
    in_issue_order = list(dict.fromkeys(each.update for each in ordered))
    return Conclusion(
        name=known[in_issue_order[0]].maintenance_id.strip(),
        other_ids=tuple(dict.fromkeys(other for index in in_issue_order for other in known[index].other_ids)),
        status=_status(rows, live),
        description=next((text for each in reversed(ordered) if (text := known[each.update].description)), ""),
        windows=windows,
        cancelled_windows=tuple(window for window in _windows(rows) if window not in set(windows)),
        impacts=_circuits(rows, is_live=bool(live), windows=windows),
        issued_at=newest.effective,
        sequence=newest.event.rank,
        entries=tuple(rows),
        doubts=doubts,
        confidence=_confidence(standing, doubts),
    )


def _confidence(standing: Iterable[MaintenanceUpdate], doubts: Iterable[Doubt]) -> str:
    """Return the worst second opinion: on a message that stands, or on what it says beside the messages before it."""
    if any(doubt.kind == DoubtKind.SECOND_OPINION for doubt in doubts):
        return DOUBTFUL
    return worst([update.opinion.confidence if update.opinion else UNCHECKED for update in standing])


def _windows(entries: Iterable[Entry]) -> tuple[Window, ...]:
    return tuple(sorted({entry.window for entry in entries if entry.window}))


def _status(rows: Sequence[Entry], live: Sequence[Entry]) -> str:
    """Return the status of the maintenance, given its entries and those that are not cancelled."""
    if not live:
        return CANCELLED if rows else EMPTY.status
    if all(entry.status == COMPLETED for entry in live):
        return COMPLETED
    if any(entry.status == IN_PROCESS for entry in live):
        return IN_PROCESS
    return max((entry for entry in live if not entry.is_over), key=lambda entry: entry.stated_at).status


def _circuits(rows: Sequence[Entry], *, is_live: bool, windows: tuple[Window, ...]) -> tuple[CircuitState, ...]:
    """Return every circuit that has an entry, with the windows in which it is affected."""
    by_key: dict[str, list[Entry]] = {}
    for entry in rows:
        if entry.cid:
            by_key.setdefault(entry.key, []).append(entry)
    states = [_circuit(own, is_live=is_live, windows=windows) for own in by_key.values()]
    return tuple(sorted(states, key=lambda state: (state.cid, state.impact)))


def _circuit(own: Sequence[Entry], *, is_live: bool, windows: tuple[Window, ...]) -> CircuitState:
    """Return what is known about a circuit, given its entries and the windows of the maintenance."""
    affected = [entry for entry in own if entry.status != CANCELLED] if is_live else own
    impact = max((entry.impact for entry in affected or own), key=IMPACTS.index)
    cid = _newest_spelling(own)
    if not affected:
        return CircuitState(cid, impact, ())
    its_windows = _windows(affected)
    is_everywhere = its_windows == windows or any(entry.window is None for entry in affected)
    return CircuitState(cid, impact, None if is_everywhere else its_windows)


def _newest_spelling(own: Sequence[Entry]) -> str:
    newest = max(entry.place for entry in own)
    return min(entry.cid for entry in own if entry.place == newest)


def _standing(known: Sequence[MaintenanceUpdate], rows: Sequence[Entry]) -> list[MaintenanceUpdate]:
    """Return the updates of messages of which an entry still stands, with what counts of their opinions."""
    standing = {each for entry in rows for each in (entry.fingerprint, entry.ended_by)}
    messages = len({update.provenance.fingerprint for update in known})
    found = (update.with_known_id(messages) for update in known if update.provenance.fingerprint in standing)
    return sorted(found, key=lambda update: update.provenance.fingerprint)


def _reading_doubts(standing: Iterable[MaintenanceUpdate]) -> Iterator[Doubt]:
    """Yield what readers were not sure of, and what a comparison with the message made doubtful."""
    for update in standing:
        fingerprint = update.provenance.fingerprint
        for text in update.doubts:
            yield Doubt(DoubtKind.READING, fingerprint, text=text)
        for finding in update.opinion.doubts if update.opinion else ():
            yield Doubt(DoubtKind.SECOND_OPINION, fingerprint, text=finding.sentence)
