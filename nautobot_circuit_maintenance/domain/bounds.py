"""What one maintenance may hold: the work that each further message makes does not grow without an end.

A message is limited when it is read; messages about one maintenance add up, and each further one is concluded together
with all before it. A step of that takes some 5 microseconds, so that the most work is some 5 seconds.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import MaintenanceEvent, MaintenanceUpdate, Window

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.domain.conclusion import Conclusion

MOST_CIRCUITS = 20_000
"""Circuit IDs of a maintenance, as of a message."""
MOST_WINDOWS = 100
"""Windows of a maintenance, those that are cancelled beside others included; a form has two fields for each."""
MOST_MESSAGES = 1_000
"""Messages about a maintenance."""
MOST_STATEMENTS = 200_000
"""Circuits in windows that all of them state together, repetitions included."""
MOST_STEPS = 1_000_000
"""Events times different circuits in windows: each event is compared with what is known."""

ADVICE = "If genuine, edit the maintenance manually."


def check_work(name: str, updates: Iterable[MaintenanceUpdate]) -> None:
    """Raise ParseError if a conclusion from these updates would be too much work."""
    known = list(updates)
    events = [event for update in known for event in update.events]
    _check(name, "messages", len(known), MOST_MESSAGES)
    _check(name, "statements", sum(map(_size, events)), MOST_STATEMENTS)
    _check(name, "combinations of events, circuits and windows", len(events) * _entries(events), MOST_STEPS)


def check_held(before: "Conclusion", after: "Conclusion") -> None:
    """Raise ParseError if a maintenance that grows would hold too much; one that holds too much may shrink."""
    for what, held, limit in (("circuit IDs", _circuits, MOST_CIRCUITS), ("windows", _windows, MOST_WINDOWS)):
        if held(after) > held(before):
            _check(after.name, what, held(after), limit)


def _check(name: str, what: str, count: int, limit: int) -> None:
    if count > limit:
        raise ParseError(
            "READ-34",
            f"With this message, maintenance {name[:60]} would have {count:,} {what} (limit {limit:,}). {ADVICE}",
        )


def _circuits(conclusion: "Conclusion") -> int:
    return len(conclusion.impacts)


def _windows(conclusion: "Conclusion") -> int:
    return len(conclusion.windows) + len(conclusion.cancelled_windows)


def _size(event: MaintenanceEvent) -> int:
    return max(len(event.circuits), 1) * max(len(event.windows), 1)


def _entries(events: Iterable[MaintenanceEvent]) -> int:
    """Return how many different circuits in windows these events can amount to.

    An event without windows is about all that are known, one without circuits about all circuits.
    """
    stated: set[tuple[str, Window]] = set()
    without_window: set[str] = set()
    without_circuit: set[Window] = set()
    circuits: set[str] = set()
    windows: set[Window] = set()
    for event in events:
        cids = {impact.cid.casefold() for impact in event.circuits}
        circuits |= cids
        windows.update(event.windows)
        if not event.windows:
            without_window |= cids
        elif not cids:
            without_circuit.update(event.windows)
        stated.update((cid, window) for cid in cids for window in event.windows)
    implied = len(without_window) * max(len(windows), 1) + max(len(circuits), 1) * len(without_circuit)
    return max(len(stated) + implied, 1)
