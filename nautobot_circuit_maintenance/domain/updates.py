"""What one notification says about one maintenance: frozen values, standard library only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, NamedTuple


class Window(NamedTuple):
    """A maintenance window in UTC; the end is after the start."""

    start: datetime
    end: datetime


class AnnouncedImpact(NamedTuple):
    """What a provider says about one circuit id."""

    cid: str
    """As the provider writes it."""
    impact: str
    """One of ``CircuitImpactChoices``."""


@dataclass(frozen=True)
class Provenance:
    """When and how a message reached us: what puts the updates of a maintenance in order."""

    received_at: datetime
    """When the mail server got it, aware."""
    sent_at: datetime | None
    """The Date header, aware; None where there is none."""
    fingerprint: str


@dataclass(frozen=True)
class MaintenanceUpdate:
    """What one notification says about one maintenance, before it touches the database.

    ``items`` is the parser library's output as JSON, one item a window (BCOP maintnote 3.6: times in seconds since
    1970, UTC); everything else is read from it.
    """

    maintenance_id: str
    """The provider's name for it; identity together with the provider."""
    status: str
    """One of ``CircuitMaintenanceStatusChoices``, or ``conclude.NO_CHANGE``."""
    description: str
    windows: tuple[Window, ...]
    """In time order; empty where the provider names no time."""
    circuits: tuple[AnnouncedImpact, ...]
    issued_at: datetime
    """When the provider says that it wrote this, in UTC."""
    sequence: int
    """The provider's count; the parser library's guess where the mail has none."""
    provenance: Provenance
    items: tuple[Mapping[str, Any], ...]

    @classmethod
    def from_items(cls, items: Sequence[Mapping[str, Any]], provenance: Provenance) -> "MaintenanceUpdate":
        """Read the items that one message carries about one maintenance id.

        Raises ValueError or OverflowError where a time is none that a calendar has.
        """
        last = items[-1]
        return cls(
            maintenance_id=last["maintenance_id"],
            status=last["status"],
            description=last["summary"],
            windows=_windows(items),
            circuits=tuple(AnnouncedImpact(c["circuit_id"], c["impact"]) for item in items for c in item["circuits"]),
            issued_at=_utc(max(item["stamp"] for item in items)),
            sequence=max(item["sequence"] for item in items),
            provenance=provenance,
            items=tuple(items),
        )


def _windows(items: Sequence[Mapping[str, Any]]) -> tuple[Window, ...]:
    """Return the distinct windows in time order.

    One whose end is not after its start says nothing, nor does the year 1970 that the library gives (to GTT's
    cancellations) where a mail names no time.
    """
    spans = {(item["start"], item["end"]) for item in items if item["end"] > item["start"] > 0}
    return tuple(Window(_utc(start), _utc(end)) for start, end in sorted(spans))


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)
