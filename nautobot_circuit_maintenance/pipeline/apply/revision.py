"""One maintenance in memory: what each notification changes, before anything is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.domain.conclusion import Conclusion, conclude, in_order
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate, Window
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.models.changes import MaintenanceSnapshot
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult

CONCLUDED = ("status", "description")
"""The fields that are copied from the conclusion as they are."""

_KEEPS_ACK = (Status.IN_PROCESS, Status.COMPLETED)


@dataclass
class Baseline:
    """What the database has of a maintenance; in the end the difference to it is written."""

    windows: list[MaintenanceWindow] = field(default_factory=list)
    impacts: dict[UUID, AnnouncedImpact] = field(default_factory=dict)
    """Circuit ID and impact by primary key."""
    evidence: dict[UUID, bool] = field(default_factory=dict)
    """Whether it is outdated, by primary key."""


class ImpactsByCid:
    """Impacts by circuit ID, whatever its case; the exact spelling comes first."""

    def __init__(self, impacts: Iterable[CircuitImpact]) -> None:
        """Index these impacts."""
        rows = list(impacts)
        self._rows = {row.cid.casefold(): row for row in rows} | {row.cid: row for row in rows}

    def find(self, cid: str) -> CircuitImpact | None:
        """Return the impact on a circuit, or None."""
        return self._rows.get(cid) or self._rows.get(cid.casefold())


class Revision:
    """A locked maintenance while notifications are applied to it, with all its evidence; nothing is written yet."""

    def __init__(self, maintenance: CircuitMaintenance, *, is_new: bool) -> None:
        """Start without windows, impacts, tags and evidence."""
        self.maintenance = maintenance
        self.is_new = is_new
        self.evidence: dict[str, ParsedNotification] = {}
        """By fingerprint: evidence outlives its notification, and the message may have been recorded again."""
        self._updates: dict[str, MaintenanceUpdate] = {}
        self.conclusion = conclude(())
        self.impacts: list[CircuitImpact] = []
        self.windows: set[Window] = set()
        self.tags: list[str] = []
        self.baseline = Baseline()

    @classmethod
    def new(cls, maintenance: CircuitMaintenance) -> "Revision":
        """Return the revision of a maintenance that is not stored yet."""
        return cls(maintenance, is_new=True)

    @classmethod
    def stored(cls, maintenance: CircuitMaintenance, evidence: Iterable[ParsedNotification]) -> "Revision":
        """Return the revision of a stored maintenance with its evidence."""
        revision = cls(maintenance, is_new=False)
        revision.evidence = {row.fingerprint: row for row in evidence}
        revision._updates = {fingerprint: row.as_update() for fingerprint, row in revision.evidence.items()}
        revision.conclusion = conclude(revision._updates.values())
        revision.impacts = list(maintenance.impacts.all())
        windows = list(maintenance.windows.all())
        revision.windows = {Window(row.start_time, row.end_time) for row in windows}
        revision.tags = [tag.name for tag in maintenance.tags.all()]
        revision.baseline = Baseline(
            windows=windows,
            impacts={row.pk: AnnouncedImpact(row.cid, row.impact) for row in revision.impacts},
            evidence={row.pk: row.outdated for row in revision.evidence.values()},
        )
        return revision

    def snapshot(self) -> MaintenanceSnapshot:
        """Return the maintenance as it is now."""
        return self.maintenance.snapshot_with(spans=sorted(self.windows), impacts=self.impacts, tags=self.tags)

    def apply(self, notification: Notification, update: MaintenanceUpdate | None, now: datetime) -> ApplyResult:
        """Replace what a notification said before by this update (None: it says nothing any more).

        What a person edited stays until the provider says something new about that field.
        """
        is_first = not self.evidence
        before = self.conclusion
        self._replace_evidence(notification, update)
        if not self.evidence:
            return ApplyResult.UNCHANGED  # No notification names it any more; the caller withdraws it.
        self.conclusion = conclude(self._updates.values())
        changed = self._adopt(before, self.conclusion)
        if changed:
            self.maintenance.last_updated = now
        if is_first and self.is_new:
            self.maintenance.created = self.maintenance.last_updated = now
            return ApplyResult.CREATED
        if changed:
            return ApplyResult.UPDATED
        row = self.evidence.get(notification.fingerprint)
        return ApplyResult.OUTDATED if row and row.outdated else ApplyResult.UNCHANGED

    def mark_unknown(self) -> None:
        """Set the status to UNKNOWN, because the evidence that is left may be misleading."""
        self.maintenance.status = Status.UNKNOWN
        self.maintenance.unacknowledge()

    def _replace_evidence(self, notification: Notification, update: MaintenanceUpdate | None) -> None:
        """Replace the evidence of a notification, and mark all but the newest as outdated."""
        fingerprint = notification.fingerprint
        self.evidence.pop(fingerprint, None)
        self._updates.pop(fingerprint, None)
        if update:
            self.evidence[fingerprint] = ParsedNotification.of(self.maintenance, notification, update)
            self._updates[fingerprint] = update
        if self.evidence:
            newest = in_order(self._updates.values())[-1].provenance.fingerprint
            for each, row in self.evidence.items():
                row.outdated = each != newest

    def _adopt(self, before: Conclusion, after: Conclusion) -> set[str]:
        """Adopt what the conclusion changed; return the names of the fields that differ now."""
        maintenance = self.maintenance
        changed = {name for name in CONCLUDED if self._adopt_field(name, before, after)}
        if after.windows != before.windows and self._adopt_windows(after.windows):
            changed.add("windows")
        if after.impacts != before.impacts and self._adopt_impacts(set(before.impacts), set(after.impacts)):
            changed.add("impacts")
        maintenance.issued_at, maintenance.sequence = after.issued_at, after.sequence
        is_new_status = "status" in changed and maintenance.status not in _KEEPS_ACK
        if is_new_status or changed & {"windows", "impacts"}:
            maintenance.unacknowledge()
        return changed

    def _adopt_field(self, name: str, before: Conclusion, after: Conclusion) -> bool:
        wanted = getattr(after, name)
        if wanted in (getattr(before, name), getattr(self.maintenance, name)):
            return False
        setattr(self.maintenance, name, wanted)
        return True

    def _adopt_windows(self, windows: Iterable[Window]) -> bool:
        """Replace the windows by those of the provider; start and end are derived from them."""
        wanted, maintenance = set(windows), self.maintenance
        maintenance.start_time = min((window.start for window in wanted), default=None)
        maintenance.end_time = max((window.end for window in wanted), default=None)
        is_changed = wanted != self.windows
        self.windows = wanted
        return is_changed

    def _adopt_impacts(self, before: set[AnnouncedImpact], after: set[AnnouncedImpact]) -> bool:
        """Adopt what the provider changed about each circuit; impacts that a person added stay."""
        known = ImpactsByCid(self.impacts)
        gone = _no_longer_announced(known, before, after)
        self.impacts = [row for row in self.impacts if row.pk not in gone]
        is_changed = bool(gone)
        for announced in sorted(after - before):
            is_changed |= self._adopt_impact(known.find(announced.cid), announced)
        return is_changed

    def _adopt_impact(self, row: CircuitImpact | None, announced: AnnouncedImpact) -> bool:
        """Adopt the impact on one circuit; return whether the row differs now."""
        if row is None:
            row = CircuitImpact(maintenance=self.maintenance)
            self.impacts.append(row)
        if (row.cid, row.impact) == announced:
            return False
        row.cid, row.impact = announced
        return True


def _no_longer_announced(known: ImpactsByCid, before: set[AnnouncedImpact], after: set[AnnouncedImpact]) -> set[UUID]:
    """Return the primary keys of the impacts that the provider announced before and does not any more."""
    still_announced = {announced.cid.casefold() for announced in after}
    gone = set()
    for announced in before:
        row = known.find(announced.cid)
        if row and announced.cid.casefold() not in still_announced:
            gone.add(row.pk)
    return gone
