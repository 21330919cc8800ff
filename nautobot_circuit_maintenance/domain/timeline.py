"""What each notification changed: the story of one maintenance, told from its evidence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from nautobot_circuit_maintenance.domain.conclusion import EMPTY, Conclusion, conclude, in_order, still_needed
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate, Window


@dataclass(frozen=True)
class Difference:
    """What was known of a maintenance, and what is known since."""

    before: Conclusion
    """``EMPTY`` where nothing was known."""
    after: Conclusion

    @property
    def is_first(self) -> bool:
        """Whether nothing was said before."""
        return self.before == EMPTY

    @property
    def is_repeat(self) -> bool:
        """Whether all is as it was said before."""
        return not self.is_first and _said(self.before) == _said(self.after)

    @property
    def moved_by(self) -> timedelta | None:
        """By how much all windows moved together; None if they did otherwise, or not at all."""
        starts = {new.start - old.start for old, new in zip(self.before.windows, self.after.windows)}
        ends = {new.end - old.end for old, new in zip(self.before.windows, self.after.windows)}
        together = len(self.before.windows) == len(self.after.windows) and starts == ends and len(starts) == 1
        return (starts.pop() or None) if together else None

    @property
    def windows_gone(self) -> tuple[Window, ...]:
        """The windows that hold no longer."""
        return tuple(window for window in self.before.windows if window not in self.after.windows)

    @property
    def windows_new(self) -> tuple[Window, ...]:
        """The windows that were not there before."""
        return tuple(window for window in self.after.windows if window not in self.before.windows)

    @property
    def circuits_gone(self) -> tuple[str, ...]:
        """The circuit ids that are no longer hit."""
        return tuple(word.cid for cid, word in _by_cid(self.before).items() if cid not in _by_cid(self.after))

    @property
    def circuits_new(self) -> tuple[AnnouncedImpact, ...]:
        """What is said about circuit ids that were not hit before."""
        known = _by_cid(self.before)
        return tuple(word for cid, word in _by_cid(self.after).items() if cid not in known)

    @property
    def circuits_turned(self) -> tuple[tuple[AnnouncedImpact, str], ...]:
        """What was said about circuit ids that are hit otherwise now, and their new impact."""
        now = _by_cid(self.after)
        return tuple(
            (word, now[cid].impact)
            for cid, word in _by_cid(self.before).items()
            if cid in now and now[cid].impact != word.impact
        )


@dataclass(frozen=True)
class TimelineEntry(Difference):
    """One notification, and what is concluded without and with it of all that was issued until then."""

    update: MaintenanceUpdate
    is_late: bool
    """It arrived after a newer one, and so changed less at that time, or nothing."""

    @property
    def issued_at(self) -> datetime:
        """When it was issued, never later than it was received."""
        return min(self.update.issued_at, self.update.provenance.received_at)


def steps(updates: Iterable[MaintenanceUpdate]) -> list[TimelineEntry]:
    """Return a step for each update about one maintenance, the newest first; their order does not matter."""
    ordered = in_order(updates)
    late = _late(ordered)
    told: list[TimelineEntry] = []
    needed: list[MaintenanceUpdate] = []
    before = EMPTY
    for update in ordered:
        # Not from all that came before: that would cost the square of the number of notifications.
        needed = still_needed([*needed, update])
        after = conclude(needed)
        told.append(TimelineEntry(before, after, update, is_late=id(update) in late))
        before = after
    return told[::-1]


def collapse_repeats(told: Iterable[TimelineEntry]) -> list[tuple[TimelineEntry, ...]]:
    """Lay steps that only repeat together with their neighbours of this kind; every other one stands alone."""
    groups: list[tuple[TimelineEntry, ...]] = []
    for (is_repeat, _), group in groupby(told, key=lambda step: (step.is_repeat, step.is_late)):
        groups += [tuple(group)] if is_repeat else [(step,) for step in group]  # noqa: B031 # one branch or the other
    return groups


def said_by_provider(conclusion: Conclusion) -> set[tuple[str, str]]:
    """Return circuit id, whatever its case, and impact of all that a provider's word holds for."""
    return {(word.cid.casefold(), word.impact) for word in conclusion.impacts}


def _late(ordered: Sequence[MaintenanceUpdate]) -> set[int]:
    """Return the identities of the updates that arrived after one that is newer."""
    late = set()
    earliest: datetime | None = None
    for update in reversed(ordered):
        received = update.provenance.received_at
        if earliest is not None and received > earliest:
            late.add(id(update))
        earliest = min(earliest or received, received)
    return late


def _said(conclusion: Conclusion) -> tuple[object, ...]:
    return conclusion.status, conclusion.description, conclusion.windows, conclusion.impacts


def _by_cid(conclusion: Conclusion) -> dict[str, AnnouncedImpact]:
    return {word.cid.casefold(): word for word in conclusion.impacts}
