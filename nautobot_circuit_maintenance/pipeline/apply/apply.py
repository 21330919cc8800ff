"""Applies updates: stores them as evidence, concludes the maintenances again, writes the difference.

Many notifications at once, in a number of statements that does not grow with them: the maintenances that they name are
locked and read, ``revision`` changes them in memory notification by notification, ``store`` writes the result.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.models import CircuitMatcher
from nautobot_circuit_maintenance.models.changes import ChangedMaintenance
from nautobot_circuit_maintenance.models.maintenance_changes import net_changes, record_changes
from nautobot_circuit_maintenance.pipeline.apply.register import NotificationUpdates, Register
from nautobot_circuit_maintenance.pipeline.apply.replacements import find_replacements
from nautobot_circuit_maintenance.pipeline.apply.revision import Revision
from nautobot_circuit_maintenance.pipeline.apply.store import store
from nautobot_circuit_maintenance.pipeline.apply.withdrawal import (
    has_purged_evidence,
    warn_about_purged_evidence,
    withdraw,
)
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult

__all__ = ("Applied", "NotificationUpdates", "apply_updates")


@dataclass(frozen=True)
class Applied:
    """What some notifications did to maintenances."""

    changes: list[ChangedMaintenance] = field(default_factory=list)
    """In the order in which they happened."""
    results: Counter[ApplyResult] = field(default_factory=Counter)
    """Number of updates by result."""


def apply_updates(readings: Sequence[NotificationUpdates], circuits: CircuitMatcher) -> Applied:
    """Update the maintenances that these notifications name, or named before; return what changed.

    Locks them until the surrounding transaction ends. Raises what the database raises, and ParseError if a maintenance
    would hold too much.
    """
    register = Register.open(readings)
    _match_ahead(readings, register, circuits)
    applied = Applied()
    now = timezone.now()
    for reading in readings:
        for revision, update in register.concerned(reading):
            _apply(reading, revision, update, now, applied, circuits)
    for revision in register.revisions:
        if revision in register.named and not revision.evidence:
            applied.changes.append(withdraw(revision, readings[0].notification, readings[0].named))
    left = [each for each in register.revisions if each.evidence]
    if left:
        applied.changes.extend(find_replacements(left, register.named, readings[-1].notification, now))
        _count_changes(left, applied.changes)
        store(left, circuits)
    record_changes(net_changes(applied.changes))
    return applied


def _count_changes(left: Iterable[Revision], changes: Iterable[ChangedMaintenance]) -> None:
    """Count the changes of maintenances that are about to be written, as if each notification had been applied alone."""
    revisions = {revision.maintenance.pk: revision for revision in left}
    for change in changes:
        revision = revisions.get(change.maintenance.pk)
        if revision and change.before and not change.is_empty:
            revision.maintenance.revision += 1


def _match_ahead(readings: Iterable[NotificationUpdates], register: Register, circuits: CircuitMatcher) -> None:
    """Match the circuit IDs that may take the place of others, all at once; the matcher keeps the answers."""
    wanted: set[tuple[UUID, str]] = set()
    for reading in readings:
        for revision, update in register.concerned(reading):
            provider = revision.maintenance.provider_id
            if provider and update and not revision.is_new:
                wanted |= {(provider, cid) for cid in revision.impacts.candidates(update)}
    circuits.match(wanted)


def _apply(
    reading: NotificationUpdates,
    revision: Revision,
    update: MaintenanceUpdate | None,
    now: datetime,
    applied: Applied,
    circuits: CircuitMatcher,
) -> None:
    """Apply what one notification says about one maintenance (None: nothing any more)."""
    before = revision.snapshot() if not revision.is_new or revision.evidence else None
    result = revision.apply(reading.notification, update, now, _circuit_of(revision, circuits))
    if not revision.evidence:
        return
    if update:
        applied.results[result] += 1
    elif result is ApplyResult.UPDATED and has_purged_evidence(revision):
        revision.mark_unknown()
        warn_about_purged_evidence(revision, reading.named)
    if result in (ApplyResult.CREATED, ApplyResult.UPDATED):
        change = ChangedMaintenance(revision.maintenance, before, revision.snapshot(), reading.notification)
        applied.changes.append(change)


def _circuit_of(revision: Revision, circuits: CircuitMatcher) -> Callable[[str], UUID | None]:
    """Return what finds the circuit of a circuit ID of this maintenance."""
    provider = revision.maintenance.provider_id

    def find(cid: str) -> UUID | None:
        match = circuits.match({(provider, cid)}).get((provider, cid)) if provider else None
        return match and match.circuit

    return find
