"""The events of all updates about a maintenance, in the one order in which they are replayed.

The rules are those of docs/dev/architecture.md, "Rules of the data". The order of arrival does not matter.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from nautobot_circuit_maintenance.domain.updates import MaintenanceEvent, MaintenanceUpdate, Provenance, Window

CANCELLED, COMPLETED, IN_PROCESS, RE_SCHEDULED = "CANCELLED", "COMPLETED", "IN-PROCESS", "RE-SCHEDULED"
ENDING = (CANCELLED, COMPLETED)
"""Statuses after which an entry is over; with any other it is open."""


@dataclass(eq=False)
class Announced:
    """One event with what its message adds to it."""

    event: MaintenanceEvent
    provenance: Provenance
    update: int
    """Index of the update that it is part of."""
    position: int
    """Its place in the message."""
    circuits_in_message: int
    windows_of_uid: frozenset[Window]
    """All windows that the message gives for the UID of the event."""
    sent: datetime
    effective: datetime
    """DTSTAMP, never later than sent, and not earlier than lower sequences of the same UID that were sent before."""

    @property
    def fingerprint(self) -> str:
        """The message."""
        return self.provenance.fingerprint

    @property
    def uid(self) -> str | None:
        """The UID without blanks around it; None if the event has none."""
        return (self.event.uid or "").strip() or None

    @property
    def sequence(self) -> int:
        """SEQUENCE; none counts as the lowest."""
        return -1 if self.event.sequence is None else self.event.sequence

    @property
    def is_ending(self) -> bool:
        """Whether it cancels or completes."""
        return self.event.status in ENDING

    @cached_property
    def keys(self) -> frozenset[str]:
        """The circuit IDs for comparison."""
        return frozenset(cid.casefold() for cid, _ in self.event.circuits)


def sent_at(provenance: Provenance) -> datetime:
    """Return when a message was sent: its Date, never later than its receipt; the receipt if it states no Date."""
    return min(provenance.sent_at or provenance.received_at, provenance.received_at)


def events_in_order(updates: Sequence[MaintenanceUpdate]) -> list[Announced]:
    """Return all events of these updates, the newest last; the order of the updates does not matter."""
    announced = [each for index, update in enumerate(updates) for each in _announced(index, update)]
    by_uid: dict[str, list[Announced]] = {}
    for each in announced:
        if each.uid is not None:
            by_uid.setdefault(each.uid, []).append(each)
    for events in by_uid.values():
        _raise_by_sequence(events)
    return sorted(announced, key=rank)


def _announced(index: int, update: MaintenanceUpdate) -> Iterator[Announced]:
    """Yield the events of one message."""
    sent = sent_at(update.provenance)
    circuits = len({cid.casefold() for cid, _ in update.circuits})
    windows: dict[str | None, set[Window]] = {}
    for event in update.events:
        windows.setdefault(event.uid, set()).update(event.windows)
    for position, event in enumerate(update.events):
        yield Announced(
            event=event,
            provenance=update.provenance,
            update=index,
            position=position,
            circuits_in_message=circuits,
            windows_of_uid=frozenset(windows[event.uid]),
            sent=sent,
            effective=min(event.issued_at or sent, sent),
        )


def _raise_by_sequence(events: list[Announced]) -> None:
    """Within one UID, an event is not earlier than one with a lower SEQUENCE that was sent no later (RFC 5546 2.1.5)."""
    if len({each.sequence for each in events}) < 2:
        return
    by_sent = sorted(events, key=lambda each: each.sent)
    for each in sorted(events, key=lambda each: each.sequence):
        lower = _effective_of_lower(by_sent, each)
        each.effective = max([each.effective, *lower])


def _effective_of_lower(by_sent: Iterable[Announced], event: Announced) -> Iterator[datetime]:
    for other in by_sent:
        if other.sent > event.sent:
            return
        if other.sequence < event.sequence:
            yield other.effective


def appended(ordered: Sequence[Announced], updates: Sequence[MaintenanceUpdate]) -> list[Announced] | None:
    """Return the events of the last of these updates if they are newer than all others, which are in order already.

    None if they are not, or if they change the place of others: then everything has to be put in order again.
    """
    new = sorted(_announced(len(updates) - 1, updates[-1]), key=lambda each: each.sequence)
    for index, each in enumerate(new):
        mates = [other for other in (*ordered, *new[:index]) if each.uid is not None and other.uid == each.uid]
        if any(_must_follow(other, each) for other in mates):
            return None
        each.effective = max([each.effective, *(other.effective for other in mates if _must_follow(each, other))])
    new.sort(key=rank)
    return new if not ordered or not new or rank(ordered[-1]) < rank(new[0]) else None


def _must_follow(later: Announced, earlier: Announced) -> bool:
    """Return whether an event of the same UID is not earlier than another: a higher SEQUENCE that was sent no earlier."""
    return later.sequence > earlier.sequence and later.sent >= earlier.sent


def rank(each: Announced) -> tuple[object, ...]:
    """Return the sort key of an event; the mail's own fingerprint makes the order total."""
    return (
        each.effective,
        each.sequence,
        each.sent,
        each.provenance.received_at,
        each.fingerprint,
        each.event.recurrence_id is not None,
        not each.is_ending,
        each.position,
    )
