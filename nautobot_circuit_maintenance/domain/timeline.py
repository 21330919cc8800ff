"""The history of one maintenance: what each notification changed, worked out from the updates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from nautobot_circuit_maintenance.domain.conclusion import (
    EMPTY,
    CircuitState,
    Conclusion,
    conclusions,
    in_order,
    issued_at,
)
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Window


@dataclass(frozen=True)
class Difference:
    """What was known about a maintenance before and after; ``domain.phrases`` describes it."""

    before: Conclusion
    """``EMPTY`` if nothing was known."""
    after: Conclusion

    @property
    def is_first(self) -> bool:
        """Whether nothing was known before."""
        return self.before == EMPTY

    @property
    def is_repeat(self) -> bool:
        """Whether nothing changed."""
        return not self.is_first and _content(self.before) == _content(self.after)

    @property
    def moved_by(self) -> timedelta | None:
        """The shift of all windows together; None if they did not move, or not by the same time."""
        starts = {new.start - old.start for old, new in zip(self.before.windows, self.after.windows)}
        ends = {new.end - old.end for old, new in zip(self.before.windows, self.after.windows)}
        together = len(self.before.windows) == len(self.after.windows) and starts == ends and len(starts) == 1
        return (starts.pop() or None) if together else None

    @property
    def windows_removed(self) -> tuple[Window, ...]:
        """The windows that are no longer planned."""
        kept = {*self.after.windows, *self.after.cancelled_windows}
        return tuple(window for window in self.before.windows if window not in kept)

    @property
    def windows_cancelled(self) -> tuple[Window, ...]:
        """The windows that are cancelled while others stand."""
        return tuple(window for window in self.after.cancelled_windows if window not in self.before.cancelled_windows)

    @property
    def windows_added(self) -> tuple[Window, ...]:
        """The windows that were not planned before."""
        return tuple(window for window in self.after.windows if window not in self.before.windows)

    @property
    def circuits_removed(self) -> tuple[str, ...]:
        """The circuit IDs that are no longer affected."""
        now = _by_cid(self.after)
        return tuple(announced.cid for cid, announced in _by_cid(self.before).items() if cid not in now)

    @property
    def circuits_added(self) -> tuple[CircuitState, ...]:
        """The circuit IDs that were not affected before, with their impact."""
        known = _by_cid(self.before)
        return tuple(announced for cid, announced in _by_cid(self.after).items() if cid not in known)

    @property
    def impacts_changed(self) -> tuple[tuple[CircuitState, str], ...]:
        """The old impact on circuit IDs whose impact changed, with the new one."""
        now = _by_cid(self.after)
        return tuple(
            (announced, now[cid].impact)
            for cid, announced in _by_cid(self.before).items()
            if cid in now and now[cid].impact != announced.impact
        )

    @property
    def own_windows_changed(self) -> tuple[CircuitState, ...]:
        """The circuits that are now affected in other windows than before, and not in all."""
        now = _by_cid(self.after)
        return tuple(
            now[cid]
            for cid, known in _by_cid(self.before).items()
            if cid in now
            and now[cid].windows is not None
            and now[cid].windows != (self.before.windows if known.windows is None else known.windows)
        )


@dataclass(frozen=True)
class TimelineEntry(Difference):
    """One notification: the difference between what was issued before it, and that with it."""

    update: MaintenanceUpdate
    is_late: bool
    """It was received after a newer one, and so changed less at that time, or nothing."""

    @property
    def issued_at(self) -> datetime:
        """When it was issued, never later than it was received."""
        return issued_at(self.update)


def entries(updates: Iterable[MaintenanceUpdate]) -> list[TimelineEntry]:
    """Return an entry for each update about one maintenance, the newest first; their order does not matter."""
    ordered = in_order(updates)
    found: list[TimelineEntry] = []
    before = EMPTY
    for update, is_late, after in zip(ordered, _late(ordered), conclusions(ordered)):
        found.append(TimelineEntry(before, after, update, is_late=is_late))
        before = after
    return found[::-1]


def collapse_repeats(found: Iterable[TimelineEntry]) -> list[tuple[TimelineEntry, ...]]:
    """Group neighboring entries that only repeat; every other entry is a group of its own."""
    groups: list[tuple[TimelineEntry, ...]] = []
    for (is_repeat, _), group in groupby(found, key=lambda entry: (entry.is_repeat, entry.is_late)):
        members = tuple(group)
        groups += [members] if is_repeat else [(entry,) for entry in members]
    return groups


def announced_impacts(conclusion: Conclusion) -> set[tuple[str, str]]:
    """Return the case-folded circuit IDs and impacts that the provider announced."""
    return {(announced.cid.casefold(), announced.impact) for announced in conclusion.impacts}


def _late(ordered: Sequence[MaintenanceUpdate]) -> list[bool]:
    """Return for each update whether it was received after a newer one."""
    late = []
    earliest: datetime | None = None
    for update in reversed(ordered):
        received = update.provenance.received_at
        late.append(earliest is not None and received > earliest)
        earliest = min(earliest or received, received)
    return late[::-1]


def _content(conclusion: Conclusion) -> tuple[object, ...]:
    return (
        conclusion.status,
        conclusion.description,
        conclusion.windows,
        conclusion.cancelled_windows,
        conclusion.impacts,
    )


def _by_cid(conclusion: Conclusion) -> dict[str, CircuitState]:
    return {announced.cid.casefold(): announced for announced in conclusion.impacts}
