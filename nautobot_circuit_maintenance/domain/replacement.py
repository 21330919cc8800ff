"""Whether a maintenance was announced again under another maintenance ID: the same UID with a higher SEQUENCE.

The rules are those of docs/dev/architecture.md, "Rules of the data".
"""

from collections.abc import Iterable, Sequence

from nautobot_circuit_maintenance.domain.conclusion import Conclusion
from nautobot_circuit_maintenance.domain.events import ENDING, Announced, events_in_order, rank
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate


class Account:
    """Everything that was announced under one maintenance ID."""

    def __init__(self, updates: Iterable[MaintenanceUpdate], conclusion: Conclusion) -> None:
        """Put the events in order."""
        self._events = events_in_order(list(updates))
        self._conclusion = conclusion

    def is_replaced_by(self, other: "Account") -> bool:
        """Return whether another maintenance stands in place of this one."""
        if not self._events or self._conclusion.status in ENDING or not self._circuits & other._circuits:
            return False
        return any(self._is_continued(uid, other) for uid in self._uids & other._uids)

    @property
    def newest(self) -> tuple[object, ...]:
        """The sort key of the newest event; of two replacements the one with the higher key counts."""
        return rank(self._events[-1])

    @property
    def _uids(self) -> set[str]:
        return {event.uid for event in self._events if event.uid is not None}

    @property
    def _circuits(self) -> set[str]:
        return {state.cid.casefold() for state in self._conclusion.impacts}

    def _of(self, uid: str) -> Sequence[Announced]:
        return [event for event in self._events if event.uid == uid]

    def _is_continued(self, uid: str, other: "Account") -> bool:
        """Return whether a UID continues under the other ID: in other messages, later, with higher sequences only."""
        mine, others = self._of(uid), other._of(uid)
        is_higher = min(event.sequence for event in others) > max(event.sequence for event in mine)
        is_shared = bool({event.fingerprint for event in mine} & {event.fingerprint for event in others})
        # An ID that is named again, with or without this UID, is not replaced any more.
        return is_higher and not is_shared and rank(self._events[-1]) < rank(others[0])
