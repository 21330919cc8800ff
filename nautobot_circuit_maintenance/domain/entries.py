"""One circuit in one window: what the replay of a maintenance's events is made of."""

from collections.abc import Iterable
from dataclasses import dataclass

from nautobot_circuit_maintenance.domain.doubts import Side
from nautobot_circuit_maintenance.domain.events import ENDING, Announced
from nautobot_circuit_maintenance.domain.updates import IMPACTS, AnnouncedImpact, Window


@dataclass(frozen=True)
class Entry:
    """One circuit in one window, with what is known about it."""

    cid: str
    """As the provider spells it; empty if no circuit is known."""
    window: Window | None
    status: str
    impact: str
    uid: str | None
    occurrence: str | None
    """RECURRENCE-ID, or the original start of an occurrence of a series."""
    sequence: int
    fingerprint: str
    """The message that announced it."""
    ended_by: str = ""
    """The message that cancelled or completed it."""
    is_alone: bool = False
    """Whether that message named exactly one circuit."""
    place: int = 0
    """Position of its event in the order of events."""
    stated_at: int = 0
    """Position of the event that stated its status: a later one without a status keeps it."""

    @property
    def key(self) -> str:
        """The circuit ID for comparison."""
        return self.cid.casefold()

    @property
    def is_over(self) -> bool:
        """Whether it has been cancelled or completed."""
        return self.status in ENDING

    def is_over_by_other_word(self, status: str) -> bool:
        """Whether it is over, by another ending word than this one."""
        return self.is_over and self.status != status

    @property
    def side(self) -> Side:
        """What a doubt remembers of it."""
        return Side(self.uid, self.key, self.window, self.is_over)


def may_replace(announced: Announced, entry: Entry) -> bool:
    """Return whether an event may change an entry: events of one message do so only by a higher SEQUENCE of one UID.

    If two of one UID and SEQUENCE say both open and over of the same entry, open holds.
    """
    mine = announced.fingerprint
    if mine not in (entry.fingerprint, entry.ended_by):
        return True
    if announced.uid is None or entry.uid != announced.uid:
        return False
    if entry.sequence < announced.sequence:
        return True
    is_same = entry.window in announced.event.windows and entry.key in announced.keys
    return entry.is_over and not announced.is_ending and is_same


def overlaps(entry: Entry, windows: Iterable[Window]) -> bool:
    """Return whether the window of an entry overlaps one of these."""
    own = entry.window
    return own is not None and any(own.start < end and start < own.end for start, end in windows)


def occurrence(window: Window | None) -> str | None:
    """Return what a RECURRENCE-ID would call a window of a series: its original start in UTC."""
    return window.start.isoformat().replace("+00:00", "Z") if window else None


def impacts_of(entries: Iterable[Entry]) -> tuple[AnnouncedImpact, ...]:
    """Return each circuit of these entries once, with its worst impact."""
    worst: dict[str, AnnouncedImpact] = {}
    for entry in entries:
        known = worst.get(entry.key)
        if entry.cid and (known is None or IMPACTS.index(entry.impact) > IMPACTS.index(known.impact)):
            worst[entry.key] = AnnouncedImpact(entry.cid, entry.impact)
    return tuple(worst.values())
