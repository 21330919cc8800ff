"""Whether an acknowledgement still holds after an update: a person acknowledged what was planned then.

The rules are those of docs/dev/architecture.md, "Rules of the data".
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from nautobot_circuit_maintenance.domain.conclusion import Conclusion
from nautobot_circuit_maintenance.domain.entries import Entry
from nautobot_circuit_maintenance.domain.events import COMPLETED, ENDING, IN_PROCESS
from nautobot_circuit_maintenance.domain.updates import Window

_KEEPING = (IN_PROCESS, COMPLETED)
"""Statuses that a maintenance may change to without a new acknowledgement."""


class Affected(NamedTuple):
    """One circuit in one window."""

    circuit: str
    """What identifies the circuit, whatever its spelling; empty if the maintenance has no circuits."""
    window: Window | None
    impact: str
    """Empty without a circuit."""


@dataclass(frozen=True)
class Recorded:
    """What is on record of a maintenance, edits by people included."""

    status: str
    affected: frozenset[Affected]
    circuits: Mapping[str, str] = field(default_factory=dict)
    """What identifies the circuit of each circuit ID in lower case; an ID that is not listed identifies itself."""


def withdraws(before: Conclusion, after: Conclusion, was: Recorded, now: Recorded) -> bool:
    """Return whether a change withdraws the acknowledgement.

    ``before`` and ``after``: what follows from the notifications; ``was`` and ``now``: what is on record.
    """
    circuits = {**was.circuits, **now.circuits}
    old, new = _by_state(before.entries, circuits), _by_state(after.entries, circuits)
    if new.open - old.open - was.affected:
        return True
    # Rules and readers change, too: then what is new on record is new to people, though the provider said it before.
    if _places(new.open) & _places(now.affected - was.affected):
        return True
    if _places(new.open) & _places(old.over):
        return True
    return _has_lost(was, now, old, new) or _is_new_status(was.status, now.status, old, new)


@dataclass(frozen=True)
class _State:
    """The entries of a conclusion."""

    open: frozenset[Affected]
    over: frozenset[Affected]
    completed: frozenset[Affected]
    statuses: frozenset[tuple[Affected, str]]
    """The open ones with their status."""


def _by_state(entries: Iterable[Entry], circuits: Mapping[str, str]) -> _State:
    is_open, over, completed, statuses = set(), set(), set(), set()
    for entry in entries:
        circuit = circuits.get(entry.key, entry.key)
        affected = Affected(circuit, entry.window, entry.impact if circuit else "")
        if not entry.is_over:
            is_open.add(affected)
            statuses.add((affected, entry.status))
        else:
            over.add(affected)
        if entry.status == COMPLETED:
            completed.add(affected)
    return _State(frozenset(is_open), frozenset(over), frozenset(completed), frozenset(statuses))


def _places(affected: Iterable[Affected]) -> set[tuple[str, Window | None]]:
    return {(each.circuit, each.window) for each in affected}


def _has_lost(was: Recorded, now: Recorded, old: _State, new: _State) -> bool:
    """Return whether a circuit is not affected any more in a window that did not just end early."""
    lost = Counter(circuit for circuit, _ in _places(was.affected) - _places(now.affected))
    ended = Counter(circuit for circuit, _ in _places(new.completed) - _places(old.open) - _places(old.over))
    return bool(lost - ended)


def _is_new_status(was: str, now: str, old: _State, new: _State) -> bool:
    """Return whether the status changed, and not only because a part was completed."""
    if was == now:
        return False
    if was in ENDING and now not in ENDING:
        return True
    has_only_ended = bool(new.statuses) and new.statuses <= old.statuses
    return now not in _KEEPING and not has_only_ended
