"""The keys of updates: what each refers to its maintenance by."""

from collections.abc import Iterator
from uuid import UUID

from nautobot_circuit_maintenance.choices import MaintenanceKeyChoices as Kind
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.models.keys import id_key, uid_key

Key = tuple[UUID, str, str]
"""Primary key of the provider whose notification it is, kind, and value."""

MOST_SIBLINGS = 50
"""A UID that more maintenances of a provider share is part of a template, and identifies nothing."""


def ids_of(update: MaintenanceUpdate) -> Iterator[str]:
    """Yield the maintenance IDs of an update for comparison, its own first."""
    yield id_key(update.maintenance_id)
    for other in update.other_ids:
        if other.strip():
            yield id_key(other)


def keys_of(provider: UUID, update: MaintenanceUpdate) -> set[Key]:
    """Return what an update refers to its maintenance by."""
    uids = {uid_key(event.uid) for event in update.events if event.uid and event.uid.strip()}
    return {(provider, Kind.ID, each) for each in ids_of(update)} | {(provider, Kind.UID, each) for each in uids}
