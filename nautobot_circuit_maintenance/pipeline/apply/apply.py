"""Applies updates: stores them as evidence, concludes the maintenances again, writes the difference.

Many notifications at once, in a number of statements that does not grow with them: the maintenances that they name are
locked and read, ``revision`` changes them in memory notification by notification, ``store`` writes the result.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.models import CircuitMaintenance, CircuitMatcher, Notification, ParsedNotification
from nautobot_circuit_maintenance.models.changes import MaintenanceChange
from nautobot_circuit_maintenance.pipeline.apply.revision import Revision
from nautobot_circuit_maintenance.pipeline.apply.store import store
from nautobot_circuit_maintenance.pipeline.apply.withdrawal import (
    has_purged_evidence,
    warn_about_purged_evidence,
    withdraw,
)
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult

Key = tuple[UUID | None, str]
"""What identifies a maintenance: primary key of its provider (one added manually may have none), and its name."""

_EVIDENCE = ("json", "received_at", "sent_at", "fingerprint", "outdated", "maintenance_id")


@dataclass(frozen=True)
class NotificationUpdates:
    """The updates of one notification, one for each maintenance that it names."""

    notification: Notification
    updates: Sequence[MaintenanceUpdate]
    is_retry: bool = False
    """Whether it may have been digested before, so that its earlier updates are replaced. It is applied alone then."""

    @property
    def named(self) -> str:
        """The maintenances that it names, for a sentence; empty if there is none."""
        return ", ".join(f"{self.notification.provider} {update.maintenance_id}" for update in self.updates)


@dataclass(frozen=True)
class Applied:
    """What some notifications did to maintenances."""

    changes: list[MaintenanceChange] = field(default_factory=list)
    """In the order in which they happened."""
    results: Counter[ApplyResult] = field(default_factory=Counter)
    """Number of updates by result."""


def apply_updates(readings: Sequence[NotificationUpdates], circuits: CircuitMatcher) -> Applied:
    """Update the maintenances that these notifications name, or named before; return what changed.

    Locks them in the order of provider and name until the surrounding transaction ends; that order keeps two workers
    from waiting for each other. Raises what the database raises.
    """
    revisions = _open(readings)
    applied = Applied()
    now = timezone.now()
    for reading in readings:
        for revision, update in _concerned(reading, revisions):
            _apply(reading, revision, update, now, applied)
    for revision in revisions.values():
        if not revision.evidence:
            applied.changes.append(withdraw(revision, readings[0].notification, readings[0].named))
    store([each for each in revisions.values() if each.evidence], circuits)
    return applied


def _apply(
    reading: NotificationUpdates, revision: Revision, update: MaintenanceUpdate | None, now: datetime, applied: Applied
) -> None:
    """Apply what one notification says about one maintenance (None: nothing any more)."""
    before = revision.snapshot() if not revision.is_new or revision.evidence else None
    result = revision.apply(reading.notification, update, now)
    if not revision.evidence:
        return
    if update:
        applied.results[result] += 1
    elif result is ApplyResult.UPDATED and has_purged_evidence(revision):
        revision.mark_unknown()
        warn_about_purged_evidence(revision, reading.named)
    if result in (ApplyResult.CREATED, ApplyResult.UPDATED):
        change = MaintenanceChange(revision.maintenance, before, revision.snapshot(), reading.notification)
        applied.changes.append(change)


def _concerned(
    reading: NotificationUpdates, revisions: dict[Key, Revision]
) -> list[tuple[Revision, MaintenanceUpdate | None]]:
    """Return the maintenances that a notification names, with its updates, and those that it named before."""
    provider = reading.notification.provider_id
    named = {(provider, update.maintenance_id): update for update in reading.updates}
    return [(revisions[key], named.get(key)) for key in (revisions if reading.is_retry else sorted(named))]


def _open(readings: Sequence[NotificationUpdates]) -> dict[Key, Revision]:
    """Lock and read every maintenance that is concerned, and prepare those that are new; in their order."""
    named = {
        (reading.notification.provider_id, update.maintenance_id): reading.notification.provider
        for reading in readings
        for update in reading.updates
    }
    rows = {(row.provider_id, row.name): row for row in _lock(readings, named)}
    evidence = _evidence_of(rows.values())
    revisions = {}
    # Compared as strings: a maintenance may have lost its provider, and None has no order among UUIDs.
    for key in sorted(rows.keys() | named.keys(), key=lambda key: (str(key[0]), key[1])):
        if key in rows:
            revisions[key] = Revision.stored(rows[key], evidence[rows[key].pk])
        else:
            # MySQL's collation may hold two names to be equal; names that differ only in case do not occur.
            revisions[key] = Revision.new(CircuitMaintenance(name=key[1], provider=named[key]))
    return revisions


def _evidence_of(maintenances: Iterable[CircuitMaintenance]) -> dict[UUID, list[ParsedNotification]]:
    evidence: dict[UUID, list[ParsedNotification]] = {row.pk: [] for row in maintenances}
    if evidence:
        for row in ParsedNotification.objects.filter(maintenance__in=evidence).only(*_EVIDENCE):
            evidence[row.maintenance_id].append(row)
    return evidence


def _lock(readings: Sequence[NotificationUpdates], named: Iterable[Key]) -> list[CircuitMaintenance]:
    """Lock the stored maintenances with these keys, and those that retried notifications named before."""
    wanted = Q(pk__in=())
    for provider in {provider for provider, _ in named}:
        wanted |= Q(provider=provider, name__in=[name for owner, name in named if owner == provider])
    retried = [reading.notification.pk for reading in readings if reading.is_retry]
    if retried:
        earlier = ParsedNotification.objects.filter(notification__in=retried).values_list("maintenance", flat=True)
        wanted |= Q(pk__in=list(earlier))
    rows = CircuitMaintenance.objects.select_for_update(of=("self",)).filter(wanted).order_by("provider_id", "name")
    # The change record has the name of the provider.
    return list(rows.select_related("provider").prefetch_related("windows", "impacts", "tags"))
