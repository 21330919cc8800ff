"""A maintenance as its provider announced it: a pure function of all updates about it, whatever their order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from nautobot_circuit_maintenance.domain.updates import (
    IMPACTS,
    NO_CHANGE,
    AnnouncedImpact,
    MaintenanceUpdate,
    Window,
)

_SEVERITY = {impact: rank for rank, impact in enumerate(IMPACTS)}
# Some providers send one mail per circuit; those mails belong together.
_ONE_ANNOUNCEMENT = timedelta(hours=1)
_NO_DATE = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Conclusion:
    """The provider's side of a maintenance."""

    status: str = "UNKNOWN"
    """One of ``CircuitMaintenanceStatusChoices``, never ``NO_CHANGE``."""
    description: str = ""
    windows: tuple[Window, ...] = ()
    """In UTC and in time order, without duplicates."""
    impacts: tuple[AnnouncedImpact, ...] = ()
    """One per circuit ID, ignoring case, in the order of the IDs."""
    issued_at: datetime | None = None
    """When the newest update was issued, never later than it was received; None without updates."""
    sequence: int | None = None
    """The provider's sequence number of the newest update; None without updates."""


EMPTY = Conclusion()


def conclude(updates: Iterable[MaintenanceUpdate]) -> Conclusion:
    """Return what follows from all updates about a maintenance; their order does not matter."""
    ordered = in_order(updates)
    if not ordered:
        return EMPTY
    newest_first = ordered[::-1]
    return Conclusion(
        status=next((update.status for update in newest_first if update.status != NO_CHANGE), EMPTY.status),
        description=next((update.description for update in newest_first if update.description), EMPTY.description),
        windows=next((update.windows for update in newest_first if update.windows), EMPTY.windows),
        impacts=_impacts(ordered),
        issued_at=issued_at(ordered[-1]),
        sequence=ordered[-1].sequence,
    )


def still_needed(ordered: Sequence[MaintenanceUpdate]) -> list[MaintenanceUpdate]:
    """Drop updates that can no longer influence a conclusion; those given are ordered, the newest last."""
    newest: dict[str, int] = {"any": len(ordered) - 1}
    announced = [update for update in ordered if update.circuits]
    needed: set[int] = set()
    for place, update in enumerate(ordered):
        newest |= dict.fromkeys(_stated_fields(update), place)
        if update.circuits and issued_at(announced[-1]) - issued_at(update) <= _ONE_ANNOUNCEMENT:
            needed.add(place)
    return [ordered[place] for place in sorted(needed | set(newest.values())) if place >= 0]


def _stated_fields(update: MaintenanceUpdate) -> list[str]:
    """Return which last-one-wins fields the update states."""
    stated = {
        "status": update.status != NO_CHANGE,
        "description": bool(update.description),
        "windows": bool(update.windows),
    }
    return [name for name, is_stated in stated.items() if is_stated]


def in_order(updates: Iterable[MaintenanceUpdate]) -> list[MaintenanceUpdate]:
    """Return the updates as they were issued, the newest last.

    SEQUENCE counts only between equal times: text without a calendar has 1, a calendar without SEQUENCE -1.
    """
    return sorted(
        updates,
        key=lambda update: (
            issued_at(update),
            update.sequence,
            update.provenance.sent_at or _NO_DATE,
            update.provenance.received_at,
            update.provenance.fingerprint,
        ),
    )


def issued_at(update: MaintenanceUpdate) -> datetime:
    """Return when an update was issued; a stamp from the future must not outrank everything that follows."""
    return min(update.issued_at, update.provenance.received_at)


def _impacts(ordered: Sequence[MaintenanceUpdate]) -> tuple[AnnouncedImpact, ...]:
    """Return the worst impact on each circuit in the newest announcement that names circuits."""
    worst: dict[str, AnnouncedImpact] = {}
    for update in _newest_announcement([update for update in ordered if update.circuits]):
        spelling = {cid.casefold(): cid for cid in sorted((each.cid for each in update.circuits), reverse=True)}
        for announced in update.circuits:
            _keep_worst(worst, announced, spelling[announced.cid.casefold()])
    return tuple(sorted(worst.values()))


def _keep_worst(worst: dict[str, AnnouncedImpact], announced: AnnouncedImpact, spelling: str) -> None:
    """Add the impact on a circuit ID; IDs that differ only in case are one, as in MySQL's unique keys."""
    key = announced.cid.casefold()
    known = worst.get(key, announced)
    worst[key] = AnnouncedImpact(spelling, max(known.impact, announced.impact, key=_SEVERITY.__getitem__))


def _newest_announcement(ordered: Sequence[MaintenanceUpdate]) -> list[MaintenanceUpdate]:
    """Return the newest update with those of the same windows and status issued within the hour before it."""
    if not ordered:
        return []
    newest = ordered[-1]
    return [
        update
        for update in ordered
        if (update.windows, update.status) == (newest.windows, newest.status)
        and issued_at(newest) - issued_at(update) <= _ONE_ANNOUNCEMENT
    ]
