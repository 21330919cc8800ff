"""The account of a provider's maintenances in a quarter: how much was planned, used, moved and announced late."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

LATE = timedelta(hours=72)
"""A change that is announced later than this before the start is a late one."""
_STARTED, _COMPLETED, _CANCELLED, _MOVED = "IN-PROCESS", "COMPLETED", "CANCELLED", "RE-SCHEDULED"
_MINUTE = timedelta(minutes=1)


class Quarter(NamedTuple):
    """A quarter of a year, in UTC."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime) -> "Quarter":
        """Return the quarter of a moment."""
        utc = moment.astimezone(timezone.utc)
        return cls(utc.year, (utc.month + 2) // 3)

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, 3 * self.number - 2, 1, tzinfo=timezone.utc)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return self.earlier(-1).start

    def earlier(self, count: int) -> "Quarter":
        """Return the quarter that many before this one; after it, if negative."""
        total = self.year * 4 + self.number - 1 - count
        return Quarter(total // 4, total % 4 + 1)

    def __str__(self) -> str:
        return f"{self.year} Q{self.number}"


class Announcement(NamedTuple):
    """What one notification said about a maintenance."""

    issued_at: datetime
    status: str
    first_start: str
    """When the first window starts that it names; empty if it names none."""


@dataclass(frozen=True)
class Work:
    """A maintenance, as far as the ledger counts it."""

    status: str
    start: datetime
    windows: Sequence[tuple[datetime, datetime]]
    outages: Sequence[tuple[datetime, datetime]] = ()
    """The windows in which a circuit goes down."""
    announcements: Sequence[Announcement] = field(default=())
    """In the order of their issue."""


@dataclass
class Figures:
    """The account; minutes are whole, and everything adds up over circuits and providers."""

    maintenances: int = 0
    """Those that were not cancelled."""
    cancelled: int = 0
    moved: int = 0
    late_changes: int = 0
    """Cancelled or moved less than 72 hours before the start."""
    minutes_planned: int = 0
    minutes_used: int = 0
    """From the notification that work has started to the one that it is completed, where both were sent."""
    with_minutes_used: int = 0
    """Maintenances that have these."""
    outage_minutes: int = 0
    notice_minutes: int = 0
    """From the first notification to the start, all together."""
    with_notice: int = 0
    """Maintenances that were announced by a notification."""
    windows_without_completion: int = 0
    """Past windows of maintenances that no notification completed."""

    @property
    def average_notice(self) -> timedelta | None:
        """Return the average notice; None if nothing was announced."""
        return self.notice_minutes * _MINUTE / self.with_notice if self.with_notice else None

    def add(self, work: Work, now: datetime) -> None:
        """Count one maintenance."""
        self._add_changes(work)
        if work.status == _CANCELLED:
            self.cancelled += 1
            return
        self.maintenances += 1
        self.minutes_planned += _minutes(work.windows)
        self.outage_minutes += _minutes(work.outages)
        self._add_used(work)
        if work.announcements:
            self.with_notice += 1
            self.notice_minutes += round((work.start - work.announcements[0].issued_at) / _MINUTE)
        if all(each.status != _COMPLETED for each in work.announcements) and work.status != _COMPLETED:
            self.windows_without_completion += sum(end <= now for _, end in work.windows)

    def _add_changes(self, work: Work) -> None:
        changes = list(_changes(work.announcements))
        self.moved += any(each.status != _CANCELLED for each in changes)
        self.late_changes += any(work.start - LATE < each.issued_at for each in changes)

    def _add_used(self, work: Work) -> None:
        started = [each.issued_at for each in work.announcements if each.status == _STARTED]
        completed = [each.issued_at for each in work.announcements if each.status == _COMPLETED]
        if started and completed and completed[-1] > started[0]:
            self.with_minutes_used += 1
            self.minutes_used += round((completed[-1] - started[0]) / _MINUTE)

    def as_json(self) -> dict[str, int]:
        """Return the figures by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Figures":
        """Return stored figures; those that were not counted then are 0."""
        return cls(**{each.name: data.get(each.name, 0) for each in fields(cls)})


def account(works: Iterable[Work], now: datetime) -> Figures:
    """Return the figures of these maintenances."""
    figures = Figures()
    for work in works:
        figures.add(work, now)
    return figures


def total(figures: Iterable[Figures]) -> Figures:
    """Return the sum of several accounts."""
    known = list(figures)
    return Figures(**{each.name: sum(getattr(one, each.name) for one in known) for each in fields(Figures)})


def _changes(announcements: Sequence[Announcement]) -> Iterable[Announcement]:
    """Yield the notifications that cancelled the work, or moved its first window."""
    known = ""
    for number, each in enumerate(announcements):
        is_moved = bool(number and known and each.first_start and each.first_start != known)
        if each.status == _CANCELLED or (number and each.status == _MOVED) or is_moved:
            yield each
        known = each.first_start or known


def _minutes(windows: Sequence[tuple[datetime, datetime]]) -> int:
    """Return the length of windows together; what two of them share counts once."""
    total, last = timedelta(), None
    for start, end in sorted(windows):
        start = max(start, last) if last else start
        if end > start:
            total += end - start
            last = end
    return round(total / _MINUTE)
