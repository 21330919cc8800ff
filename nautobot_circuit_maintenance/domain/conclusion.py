"""What a provider has told about a maintenance, all in all: pure functions of every update about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate, Window

NO_CHANGE = "NO-CHANGE"
"""The library's word for an update without a status: the one before it holds (BCOP 3.6.6 lets senders omit it)."""

# From the least to the worst (BCOP 3.6.5).
_SEVERITY = {impact: rank for rank, impact in enumerate(("NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE"))}
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
    """In UTC and in time order, none twice."""
    impacts: tuple[AnnouncedImpact, ...] = ()
    """One per circuit id, whatever its case, in the order of the ids."""
    issued_at: datetime | None = None
    """When the newest update was issued, never later than we received it; None without updates."""
    sequence: int | None = None
    """That of the newest update: the provider's count; None without updates."""


EMPTY = Conclusion()


def conclude(updates: Iterable[MaintenanceUpdate]) -> Conclusion:
    """Conclude a maintenance from all updates about it; their order does not matter."""
    ordered = in_order(updates)
    if not ordered:
        return EMPTY
    return Conclusion(
        status=next((u.status for u in reversed(ordered) if u.status != NO_CHANGE), EMPTY.status),
        description=next((u.description for u in reversed(ordered) if u.description), EMPTY.description),
        windows=next((u.windows for u in reversed(ordered) if u.windows), EMPTY.windows),
        impacts=_impacts(ordered),
        issued_at=_issued(ordered[-1]),
        sequence=ordered[-1].sequence,
    )


def still_needed(ordered: Sequence[MaintenanceUpdate]) -> list[MaintenanceUpdate]:
    """Return those of these updates, the newest last, that a conclusion from them and newer ones can depend on."""
    newest: dict[str, int] = {"any": len(ordered) - 1}
    announced = [update for update in ordered if update.circuits]
    needed: set[int] = set()
    for place, update in enumerate(ordered):
        newest |= {name: place for name, said in _words(update).items() if said}
        if update.circuits and _issued(announced[-1]) - _issued(update) <= _ONE_ANNOUNCEMENT:
            needed.add(place)
    return [ordered[place] for place in sorted(needed | set(newest.values())) if place >= 0]


def _words(update: MaintenanceUpdate) -> dict[str, bool]:
    """Tell which of the words an update has whose last one holds."""
    return {
        "status": update.status != NO_CHANGE,
        "description": bool(update.description),
        "windows": bool(update.windows),
    }


def in_order(updates: Iterable[MaintenanceUpdate]) -> list[MaintenanceUpdate]:
    """Return the updates as they were issued, the newest last.

    SEQUENCE counts only between equal times: the library says 1 for all HTML mail and -1 where a calendar lacks it.
    """
    return sorted(
        updates,
        key=lambda update: (
            _issued(update),
            update.sequence,
            update.provenance.sent_at or _NO_DATE,
            update.provenance.received_at,
            update.provenance.fingerprint,
        ),
    )


def _issued(update: MaintenanceUpdate) -> datetime:
    """Return when an update was issued; a stamp from the future must not outrank everything that follows."""
    return min(update.issued_at, update.provenance.received_at)


def _impacts(ordered: Sequence[MaintenanceUpdate]) -> tuple[AnnouncedImpact, ...]:
    """Return the worst that the newest announcement of circuits says about each of them."""
    announcement = _newest_announcement([update for update in ordered if update.circuits])
    worst: dict[str, AnnouncedImpact] = {}
    for update in announcement:
        spelling = {cid.casefold(): cid for cid in sorted((word.cid for word in update.circuits), reverse=True)}
        for word in update.circuits:
            _keep_worst(worst, word, spelling[word.cid.casefold()])
    return tuple(sorted(worst.values()))


def _keep_worst(worst: dict[str, AnnouncedImpact], word: AnnouncedImpact, spelling: str) -> None:
    """Add what is said about one circuit id; ids that differ only in case are one, as MySQL's unique keys have it."""
    known = worst.get(word.cid.casefold(), word)
    worst[word.cid.casefold()] = AnnouncedImpact(spelling, max(known.impact, word.impact, key=_SEVERITY.__getitem__))


def _newest_announcement(ordered: Sequence[MaintenanceUpdate]) -> list[MaintenanceUpdate]:
    """Return the newest update with those of the same windows and status issued within the hour before it."""
    if not ordered:
        return []
    newest = ordered[-1]
    return [
        update
        for update in ordered
        if (update.windows, update.status) == (newest.windows, newest.status)
        and _issued(newest) - _issued(update) <= _ONE_ANNOUNCEMENT
    ]
