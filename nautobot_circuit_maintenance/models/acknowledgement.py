"""Acknowledge maintenances and take it back: one implementation for the pages and the REST API."""

from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from nautobot_circuit_maintenance.models.maintenances import CircuitMaintenance


@dataclass(frozen=True)
class AcknowledgeResult:
    """What happened to each maintenance that a user acknowledged."""

    acknowledged: list[CircuitMaintenance] = field(default_factory=list)
    changed: list[CircuitMaintenance] = field(default_factory=list)
    """Changed after the user saw them, and therefore not acknowledged."""
    already: list[CircuitMaintenance] = field(default_factory=list)
    """Acknowledged before."""


def acknowledge(
    maintenances: QuerySet[CircuitMaintenance],
    user: AbstractBaseUser,
    *,
    now: datetime,
    seen_at: datetime | None = None,
) -> AcknowledgeResult:
    """Acknowledge maintenances on behalf of a user, except those that changed after the user saw them."""
    result = AcknowledgeResult()
    with transaction.atomic():
        for maintenance in _locked(maintenances):
            if maintenance.ack:
                result.already.append(maintenance)
            elif seen_at and maintenance.last_updated and maintenance.last_updated > seen_at:
                result.changed.append(maintenance)
            else:
                maintenance.acknowledge(user, now)
                maintenance.validated_save()
                result.acknowledged.append(maintenance)
    return result


def unacknowledge(maintenances: QuerySet[CircuitMaintenance]) -> list[CircuitMaintenance]:
    """Remove the acknowledgement of maintenances, and return those that had one."""
    changed = []
    with transaction.atomic():
        for maintenance in _locked(maintenances):
            if maintenance.ack:
                maintenance.unacknowledge()
                maintenance.validated_save()
                changed.append(maintenance)
    return changed


def _locked(maintenances: QuerySet[CircuitMaintenance]) -> QuerySet[CircuitMaintenance]:
    # In the order in which workers lock them; another order could deadlock.
    return maintenances.order_by("provider_id", "name").select_for_update(of=("self",))
