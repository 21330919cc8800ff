"""One maintenance in memory: what each notification changes, before anything is written."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.domain.acknowledgement import Recorded, withdraws
from nautobot_circuit_maintenance.domain.baseline import Baseline, adopts
from nautobot_circuit_maintenance.domain.bounds import check_held, check_work
from nautobot_circuit_maintenance.domain.conclusion import EMPTY, Conclusion, conclude
from nautobot_circuit_maintenance.domain.doubts import doubts_beside
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Window
from nautobot_circuit_maintenance.models import (
    CircuitMaintenance,
    MaintenanceBaseline,
    MaintenanceWindow,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.models.changes import MaintenanceSnapshot
from nautobot_circuit_maintenance.models.collation import as_unique
from nautobot_circuit_maintenance.models.providers import counted
from nautobot_circuit_maintenance.models.settling import Settled, without_settled
from nautobot_circuit_maintenance.models.windows import as_rest
from nautobot_circuit_maintenance.pipeline.apply.impacts import CircuitOf, Impacts, ImpactValues, Step
from nautobot_circuit_maintenance.pipeline.apply.keys import Key, keys_of
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult

CONCLUDED = ("status", "description")
"""The fields that are copied from the conclusion as they are, until a person edits them."""


@dataclass
class Stored:
    """The rows of one maintenance as the database has them."""

    last_updated: datetime | None = None
    windows: list[MaintenanceWindow] = field(default_factory=list)
    impacts: Mapping[UUID, ImpactValues] = field(default_factory=dict)
    links: dict[tuple[UUID, UUID], int] = field(default_factory=dict)
    """Rows that link an impact with a window: their primary key by those of the two."""
    evidence: Mapping[UUID, bool] = field(default_factory=dict)
    """Whether it is outdated, by primary key."""
    keys: set[Key] = field(default_factory=set)
    baseline: MaintenanceBaseline | None = None
    """None if nothing was concluded before baselines were kept."""


class Revision:
    """A locked maintenance while notifications are applied to it, with all its evidence; nothing is written yet."""

    def __init__(self, maintenance: CircuitMaintenance, *, is_new: bool) -> None:
        """Start without windows, impacts, tags, keys and evidence."""
        self.maintenance = maintenance
        self.is_new = is_new
        self.evidence: dict[str, ParsedNotification] = {}
        """By fingerprint: evidence outlives its notification, and the message may have been recorded again."""
        self.rewritten: set[UUID] = set()
        """Stored evidence that says something else now."""
        self.updates: dict[str, MaintenanceUpdate] = {}
        self.conclusion = EMPTY
        self.baseline = Baseline()
        self.impacts = Impacts(maintenance)
        self.windows: set[Window] = set()
        self.tags: list[str] = []
        self.keys: set[Key] = set()
        self.stored = Stored()
        self.is_concluded = False
        """Whether a notification was applied; it was only looked at otherwise."""
        self.is_reread = False
        """Whether a notification was applied that was evidence before."""
        self.is_replacement_new = False
        """Whether another maintenance stands in its place now, or does not any more."""
        self.settled: Collection[Settled] = ()
        """Doubts about its messages that a person settled."""
        self.taken_names: Collection[tuple[UUID, str]] = ()
        """Provider and name of maintenances, as the unique key compares them."""

    @classmethod
    def new(cls, maintenance: CircuitMaintenance) -> "Revision":
        """Return the revision of a maintenance that is not stored yet."""
        return cls(maintenance, is_new=True)

    @classmethod
    def of_stored(
        cls, maintenance: CircuitMaintenance, evidence: Iterable[ParsedNotification], stored: Stored
    ) -> "Revision":
        """Return the revision of a stored maintenance with its evidence."""
        revision = cls(maintenance, is_new=False)
        revision.evidence = {row.fingerprint: row for row in evidence}
        revision.updates = {fingerprint: row.as_update() for fingerprint, row in revision.evidence.items()}
        revision.conclusion = conclude(revision.counted_updates)
        revision.baseline = (
            Baseline.from_json(stored.baseline.json) if stored.baseline else Baseline.of(revision.conclusion)
        )
        spans = {row.pk: Window(row.start_time, row.end_time) for row in stored.windows}
        revision.windows = set(spans.values())
        revision.impacts.rows = list(maintenance.impacts.all())
        own: dict[UUID, set[Window]] = {row.pk: set() for row in revision.impacts.rows if not row.in_all_windows}
        for impact, window in stored.links:
            if impact in own and window in spans:
                own[impact].add(spans[window])
        revision.impacts.windows = {pk: frozenset(windows) for pk, windows in own.items()}
        revision.tags = [tag.name for tag in maintenance.tags.all()]
        revision.keys = set(stored.keys)
        stored.impacts = revision.impacts.values
        stored.evidence = {row.pk: row.outdated for row in revision.evidence.values()}
        revision.stored = stored
        return revision

    @property
    def counted_updates(self) -> list[MaintenanceUpdate]:
        """The updates as the rules count them."""
        provider = self.maintenance.provider
        return [counted(without_settled(update, self.settled), provider) for update in self.updates.values()]

    def snapshot(self) -> MaintenanceSnapshot:
        """Return the maintenance as it is now."""
        return self.maintenance.snapshot_with(
            spans=sorted(self.windows), impacts=self.impacts.rows, impact_windows=self.impacts.windows, tags=self.tags
        )

    def apply(
        self, notification: Notification, update: MaintenanceUpdate | None, now: datetime, circuit_of: CircuitOf
    ) -> ApplyResult:
        """Replace what a notification said before by this update (None: it says nothing any more).

        What a person edited stays until the provider says something new about that field; what was read before says
        nothing new, however it is read now. Everything else becomes what today's rules conclude. Raises ParseError if the
        maintenance would hold too much; then nothing of the notification may be stored.
        """
        is_first = not self.evidence
        before = self.conclusion
        is_news = update is not None and notification.fingerprint not in self.updates
        self.is_reread |= not is_news
        self._replace_evidence(notification, update)
        if not self.evidence:
            return ApplyResult.UNCHANGED  # No notification names it any more; the caller withdraws it.
        if update is not None:
            check_work(update.maintenance_id, self.counted_updates)
        self.conclusion = conclude(self.counted_updates)
        check_held(before, self.conclusion)
        self._mark_outdated()
        changed = self._adopt(before, self.conclusion, circuit_of, is_news=is_news)
        self.baseline, self.is_concluded = Baseline.of(self.conclusion), True
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
        """Replace the evidence of a notification; its row stays, and is rewritten only if it says something else."""
        fingerprint = notification.fingerprint
        known, row = self.updates.pop(fingerprint, None), self.evidence.pop(fingerprint, None)
        if update is not None:
            if row is None or known != update or row.notification_id != notification.pk:
                wanted = ParsedNotification.of(self.maintenance, notification, update)
                if row is not None:
                    wanted.pk = row.pk
                    self.rewritten.add(row.pk)
                row = wanted
            self.evidence[fingerprint], self.updates[fingerprint] = row, update
        self._refresh_keys(notification, update)

    def _refresh_keys(self, notification: Notification, update: MaintenanceUpdate | None) -> None:
        """Keep the keys that some update still has, and add those of this one."""
        values = {key[1:] for each in self.updates.values() for key in keys_of(notification.provider_id, each)}
        self.keys = {key for key in self.keys if key[1:] in values}
        if update is not None:
            self.keys |= keys_of(notification.provider_id, update)

    def _mark_outdated(self) -> None:
        standing = self.conclusion.standing
        for fingerprint, row in self.evidence.items():
            row.outdated = fingerprint not in standing

    def _adopt(self, before: Conclusion, after: Conclusion, circuit_of: CircuitOf, *, is_news: bool) -> set[str]:
        """Adopt the conclusion as far as no person edited it; return the names of the fields that differ now."""
        maintenance = self.maintenance
        was = self._recorded() if maintenance.ack else None
        changed = {name for name in CONCLUDED if self._adopt_field(name, before, after, is_news=is_news)}
        if self._adopt_name(after.name):
            changed.add("name")
        wanted, earlier = frozenset(after.windows), frozenset(before.windows)
        if adopts(self.windows, self.baseline.windows, earlier, wanted, is_news=is_news) and self._adopt_windows(
            wanted
        ):
            changed.add("windows")
        step = Step(self.baseline.impacts, before.impacts, after.impacts, is_news)
        if step.is_change and self.impacts.adopt(step, circuit_of):
            changed.add("impacts")
        if "windows" in changed:
            self.impacts.forget(frozenset(self.windows))
        changed |= self._adopt_own_fields(after)  # behind the impacts, some of which may be a person's
        maintenance.issued_at, maintenance.sequence = after.issued_at, after.sequence
        if was and withdraws(before, after, was, self._recorded()):
            maintenance.unacknowledge()
        return changed

    def _recorded(self) -> Recorded:
        """Return what is on record, edits by people included."""
        return Recorded(self.maintenance.status, self.impacts.affected(self.windows), self.impacts.circuits)

    def _adopt_name(self, after: str) -> bool:
        """Adopt the provider's ID, and as the name, too, unless a person renamed the maintenance."""
        maintenance = self.maintenance
        before = maintenance.provider_maintenance_id
        unique = as_unique(after)
        is_free = unique == as_unique(maintenance.name) or (maintenance.provider_id, unique) not in self.taken_names
        if maintenance.name == before and is_free:
            maintenance.name = after
        maintenance.provider_maintenance_id = after
        return before != after

    def _adopt_own_fields(self, after: Conclusion) -> set[str]:
        """Set the fields that only notifications change; return the names of those that differ now."""
        wanted: dict[str, Any] = {
            "confidence": after.confidence,
            "other_ids": list(after.other_ids),
            "cancelled_windows": [[as_rest(start), as_rest(end)] for start, end in after.cancelled_windows],
            "doubts": doubts_beside(
                [
                    {"kind": doubt.kind.value, "sentence": doubt.sentence, "fingerprint": doubt.fingerprint}
                    for doubt in after.doubts
                ],
                has_circuits=bool(self.impacts.affecting(self.windows)),
            ),
        }
        changed = {name for name, value in wanted.items() if getattr(self.maintenance, name) != value}
        for name in changed:
            setattr(self.maintenance, name, wanted[name])
        return changed

    def _adopt_field(self, name: str, before: Conclusion, after: Conclusion, *, is_news: bool) -> bool:
        recorded, baseline, earlier, wanted = (
            getattr(each, name) for each in (self.maintenance, self.baseline, before, after)
        )
        if recorded == wanted or not adopts(recorded, baseline, earlier, wanted, is_news=is_news):
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
