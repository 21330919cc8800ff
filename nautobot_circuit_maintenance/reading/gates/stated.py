"""The windows that a message states, in UTC, with what the gates know of the order of day and month and of the zone."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.candidates import labels
from nautobot_circuit_maintenance.reading.candidates.ways import Way
from nautobot_circuit_maintenance.reading.candidates.windows import Found, WindowCandidate, shifted_copies
from nautobot_circuit_maintenance.reading.candidates.zones import ZoneToken, zone_named
from nautobot_circuit_maintenance.reading.gates.orders import Order, order_of

MAIN, BACKUP, OLD, STRUCK, QUOTED, COPY = "main", "backup", "old", "struck", "quoted", "copy"


class StatedWindow(NamedTuple):
    """One way to read one window of the message."""

    source: WindowCandidate
    way: Way
    window: Window | None
    """In UTC; None without a zone, or if its end is not after its start."""
    kind: str
    """MAIN; BACKUP, OLD or STRUCK; QUOTED from what it answers; COPY in local time of one that has a zone."""
    is_chosen: bool
    """Whether the order of day and month is this one, or does not matter."""

    def matches(self, window: Window) -> bool:
        """Return whether this is a window of a reading, to the minute."""
        return self._differs_by_less_than(window, 60)

    def nearly_matches(self, window: Window) -> bool:
        """Return whether this is a window of a reading to five minutes: Zayo writes 00:01 in one zone, 07:00 in the other."""
        return self._differs_by_less_than(window, 300)

    def _differs_by_less_than(self, window: Window, seconds: int) -> bool:
        return self.window is not None and all(
            abs((mine - other).total_seconds()) < seconds for mine, other in zip(self.window, window, strict=True)
        )


@dataclass(frozen=True)
class StatedWindows:
    """All windows of a message."""

    windows: tuple[StatedWindow, ...]
    order: Order
    zone: ZoneToken | None
    """The zone that is known of the provider."""

    def of(self, *kinds: str) -> list[StatedWindow]:
        """Return the windows of these kinds in the order that was chosen."""
        return [each for each in self.windows if each.kind in kinds and each.is_chosen]


def stated_windows(found: Found, received: datetime, *, zone: str, order: str, is_forward: bool) -> StatedWindows:
    """Return the windows of a message; zone and order are what is known of the provider."""
    chosen = order_of(found, received, order)
    copies = shifted_copies(found.windows)
    provider = zone_named(zone) if zone else None
    stated = [
        StatedWindow(
            source,
            way,
            _in_utc(source, way, provider),
            _kind(source, index in copies, is_forward),
            not way.order or not chosen.name or way.order == chosen.name,
        )
        for index, source in enumerate(found.windows)
        for way in source.ways
    ]
    return StatedWindows(tuple(stated), chosen, provider)


def _in_utc(source: WindowCandidate, way: Way, provider: ZoneToken | None) -> Window | None:
    times = source.in_utc(way, provider)
    return Window(*times) if times and times[1] > times[0] else None


def _kind(source: WindowCandidate, is_copy: bool, is_forward: bool) -> str:
    if source.is_struck:
        return STRUCK
    if source.is_quoted and not is_forward:
        return QUOTED
    if labels.BACKUP in source.kinds:
        return BACKUP
    if labels.OLD in source.kinds and labels.NEW not in source.kinds:
        return OLD
    return COPY if is_copy else MAIN
