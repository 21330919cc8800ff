"""One maintenance in memory: what each notification changes of it, before anything is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from nautobot.extras.models import ObjectChange

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
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult

CONCLUDED = ("status", "description")
"""The fields that follow the provider's words as they are."""

_KEEPS_ACK = (Status.IN_PROCESS, Status.COMPLETED)


@dataclass
class Stored:
    """What the database holds of a maintenance: what is written in the end is the difference to it."""

    windows: list[MaintenanceWindow] = field(default_factory=list)
    impacts: dict[UUID, AnnouncedImpact] = field(default_factory=dict)
    """Circuit id and impact by primary key."""
    evidence: dict[UUID, bool] = field(default_factory=dict)
    """Whether it is marked as outdated, by primary key."""


class Revision:
    """A maintenance while it is brought up to date: locked, with all it was concluded from; nothing is written yet."""

    def __init__(self, maintenance: CircuitMaintenance, evidence: Iterable[ParsedNotification] | None = None) -> None:
        """Take a stored maintenance with its evidence, or one that is not stored yet (None)."""
        self.maintenance = maintenance
        self.is_new = evidence is None
        self.evidence = {row.fingerprint: row for row in evidence or ()}
        self._updates = {fingerprint: row.as_update() for fingerprint, row in self.evidence.items()}
        self.conclusion = conclude(self._updates.values())
        windows = [] if self.is_new else list(maintenance.windows.all())
        self.impacts = [] if self.is_new else list(maintenance.impacts.all())
        self.windows = {Window(row.start_time, row.end_time) for row in windows}
        self.tags = [] if self.is_new else [tag.name for tag in maintenance.tags.all()]
        self.stored = Stored(
            windows=windows,
            impacts={row.pk: AnnouncedImpact(row.cid, row.impact) for row in self.impacts},
            evidence={row.pk: row.outdated for row in self.evidence.values()},
        )

    def hear(self, notification: Notification, update: MaintenanceUpdate | None, now: datetime) -> ApplyResult:
        """Let a notification say this (None: nothing any more), instead of whatever it said before.

        What a person edited stays until the provider says something new about that very field.
        """
        is_first = not self.evidence
        before = self.conclusion
        self._exchange(notification, update)
        if not self.evidence:
            return ApplyResult.UNCHANGED  # Nobody names it any more: whoever stores the revisions withdraws it.
        self.conclusion = conclude(self._updates.values())
        changed = self._take(before, self.conclusion)
        if changed:
            self.maintenance.last_updated = now
        if is_first and self.is_new:
            self.maintenance.created = self.maintenance.last_updated = now
            return ApplyResult.CREATED
        if changed:
            return ApplyResult.UPDATED
        said = self.evidence.get(notification.fingerprint)
        return ApplyResult.OUTDATED if said and said.outdated else ApplyResult.UNCHANGED

    def doubt(self) -> None:
        """Let nobody rely on what is concluded from the evidence that is left."""
        self.maintenance.status = Status.UNKNOWN
        self.maintenance.unacknowledge()

    def record(self, action: str) -> ObjectChange:
        """Return the change record of the maintenance as it stands now; the action is Nautobot's word."""
        impacts = sorted(self.impacts, key=lambda row: row.cid)
        return self.maintenance.change_record(action, spans=sorted(self.windows), impacts=impacts, tags=self.tags)

    def _exchange(self, notification: Notification, update: MaintenanceUpdate | None) -> None:
        """Exchange the evidence, and mark all but the newest as outdated."""
        # By fingerprint: evidence outlives its notification, and the mail may have been recorded anew since.
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

    def _take(self, before: Conclusion, after: Conclusion) -> set[str]:
        """Take over what is concluded otherwise than before; return the names of what really changed."""
        maintenance = self.maintenance
        changed = {name for name in CONCLUDED if self._take_field(name, before, after)}
        if after.windows != before.windows and self._take_windows(after.windows):
            changed.add("windows")
        if after.impacts != before.impacts and self._take_impacts(set(before.impacts), set(after.impacts)):
            changed.add("impacts")
        maintenance.issued_at, maintenance.sequence = after.issued_at, after.sequence
        is_new_status = "status" in changed and maintenance.status not in _KEEPS_ACK
        if is_new_status or changed & {"windows", "impacts"}:
            maintenance.unacknowledge()
        return changed

    def _take_field(self, name: str, before: Conclusion, after: Conclusion) -> bool:
        wanted = getattr(after, name)
        if wanted in (getattr(before, name), getattr(self.maintenance, name)):
            return False
        setattr(self.maintenance, name, wanted)
        return True

    def _take_windows(self, windows: Iterable[Window]) -> bool:
        """Make the windows those of the provider; start and end follow them."""
        wanted, maintenance = set(windows), self.maintenance
        maintenance.start_time = min((window.start for window in wanted), default=None)
        maintenance.end_time = max((window.end for window in wanted), default=None)
        changes = wanted != self.windows
        self.windows = wanted
        return changes

    def _take_impacts(self, before: set[AnnouncedImpact], after: set[AnnouncedImpact]) -> bool:
        """Take what the provider says otherwise about each circuit id; impacts that a person added stay."""
        # Also one whose id differs from the provider's in case only: as it is spelled comes first.
        rows = {row.cid.casefold(): row for row in self.impacts} | {row.cid: row for row in self.impacts}
        said = {word.cid.casefold() for word in after}
        silent = [word.cid for word in before if word.cid.casefold() not in said]
        gone = {row.pk for cid in silent if (row := rows.get(cid) or rows.get(cid.casefold()))}
        self.impacts = [row for row in self.impacts if row.pk not in gone]
        changes = bool(gone)
        for word in sorted(after - before):
            row = rows.get(word.cid) or rows.get(word.cid.casefold())
            if not row:
                row = CircuitImpact(maintenance=self.maintenance)
                self.impacts.append(row)
            if (row.cid, row.impact) != word:
                row.cid, row.impact = word
                changes = True
        return changes
