"""Applies what notifications say: keeps it as evidence, concludes the maintenances again, writes the difference.

Many notifications at once, in a number of statements that does not grow with them: the maintenances that they name are
locked and read, ``revision`` changes them in memory notification by notification, ``store`` writes the outcome.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.models import CircuitMaintenance, CircuitMatcher, Notification, ParsedNotification
from nautobot_circuit_maintenance.pipeline.apply.revision import Revision
from nautobot_circuit_maintenance.pipeline.apply.store import store
from nautobot_circuit_maintenance.pipeline.apply.withdrawal import (
    has_purged_evidence,
    warn_about_purged_evidence,
    withdraw,
)
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult

Key = tuple[UUID | None, str]
"""What a maintenance is identified by: primary key of its provider (one made by hand may have none), and its name."""

KeepRecord = Callable[[ObjectChange], None]
"""Takes a change record that is not stored yet."""

_EVIDENCE = ("json", "received_at", "sent_at", "fingerprint", "outdated", "maintenance_id")


@dataclass(frozen=True)
class NotificationUpdates:
    """What one notification says: an update for each maintenance that it names."""

    notification: Notification
    updates: Sequence[MaintenanceUpdate]
    is_again: bool = False
    """Whether it may have been digested before: what it said then is replaced. Such a reading is applied alone."""


def apply_updates(
    readings: Sequence[NotificationUpdates], circuits: CircuitMatcher, keep_record: KeepRecord
) -> Counter[ApplyResult]:
    """Bring the maintenances up to date that these notifications name, or named before; count what was done.

    Locks them in the order of provider and name until the surrounding transaction ends; that order keeps two workers
    from waiting for each other. Hands over a change record for each notification that really changed a maintenance.
    Raises what the database raises.
    """
    revisions = _open(readings)
    now, done = timezone.now(), Counter[ApplyResult]()
    for reading in readings:
        for revision, update in _concerned(reading, revisions):
            change = revision.hear(reading.notification, update, now)
            if not revision.evidence:
                continue
            if update is None and change is ApplyResult.UPDATED and has_purged_evidence(revision):
                revision.doubt()
                warn_about_purged_evidence(revision, _names(reading))
            if change in (ApplyResult.CREATED, ApplyResult.UPDATED):
                keep_record(revision.record("create" if change is ApplyResult.CREATED else "update"))
            if update:
                done[change] += 1
    left = [each for each in revisions.values() if not each.evidence]
    for revision in left:
        withdraw(revision, _names(readings[0]), keep_record)
    store([each for each in revisions.values() if each.evidence], circuits)
    return done


def _names(reading: NotificationUpdates) -> str:
    """Say what a notification names, for a sentence."""
    named = [f"{reading.notification.provider} {update.maintenance_id}" for update in reading.updates]
    return ", ".join(named) or "no maintenance"


def _concerned(
    reading: NotificationUpdates, revisions: dict[Key, Revision]
) -> list[tuple[Revision, MaintenanceUpdate | None]]:
    """Return the maintenances that a notification names with what it says of them, and those that it named before."""
    provider = reading.notification.provider_id
    named = {(provider, update.maintenance_id): update for update in reading.updates}
    return [(revisions[key], named.get(key)) for key in (revisions if reading.is_again else sorted(named))]


def _open(readings: Sequence[NotificationUpdates]) -> dict[Key, Revision]:
    """Lock and read every maintenance that is concerned, and make those that are new; in their order."""
    named = {
        (reading.notification.provider_id, update.maintenance_id): reading.notification.provider
        for reading in readings
        for update in reading.updates
    }
    rows = {(row.provider_id, row.name): row for row in _locked(readings, named)}
    evidence: dict[UUID, list[ParsedNotification]] = {row.pk: [] for row in rows.values()}
    if rows:
        for said in ParsedNotification.objects.filter(maintenance__in=evidence).only(*_EVIDENCE):
            evidence[said.maintenance_id].append(said)
    revisions = {}
    # By their text: a maintenance that a person took its provider from has None, which has no order among UUIDs.
    for key in sorted(rows.keys() | named.keys(), key=lambda key: (str(key[0]), key[1])):
        if key in rows:
            revisions[key] = Revision(rows[key], evidence[rows[key].pk])
        else:
            # A name that MySQL's collation holds to be the same is the same: names do not occur that differ in case only.
            revisions[key] = Revision(CircuitMaintenance(name=key[1], provider=named[key]))
    return revisions


def _locked(readings: Sequence[NotificationUpdates], named: Iterable[Key]) -> list[CircuitMaintenance]:
    wanted = Q(pk__in=())
    for provider in {provider for provider, _ in named}:
        wanted |= Q(provider=provider, name__in=[name for owner, name in named if owner == provider])
    again = [reading.notification.pk for reading in readings if reading.is_again]
    if again:
        earlier = ParsedNotification.objects.filter(notification__in=again).values_list("maintenance", flat=True)
        wanted |= Q(pk__in=list(earlier))
    rows = CircuitMaintenance.objects.select_for_update(of=("self",)).filter(wanted).order_by("provider_id", "name")
    # The name of the provider stands in the change record.
    return list(rows.select_related("provider").prefetch_related("windows", "impacts", "tags"))
