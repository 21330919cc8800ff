"""Records the changes of maintenances that no ``save()`` of a maintenance makes: of impacts, windows and links, by whomever."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete

from nautobot_circuit_maintenance.choices import ChangeKindChoices
from nautobot_circuit_maintenance.models.detail_changes import is_of_details
from nautobot_circuit_maintenance.models.impacts import CircuitImpact
from nautobot_circuit_maintenance.models.maintenance_changes import (
    count_and_record,
    is_recorded_by_caller,
    record_change,
)
from nautobot_circuit_maintenance.models.maintenances import CircuitMaintenance, facts_of
from nautobot_circuit_maintenance.models.windows import MaintenanceWindow


def record_details(maintenances: Iterable[UUID | None]) -> None:
    """Count and record that something changed that belongs to these maintenances."""
    count_and_record(CircuitMaintenance, maintenances)


def _impact_saved(*, instance: CircuitImpact, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    """Receive that an impact was saved; it may have belonged to another maintenance."""
    if not raw and (created or instance.is_changed):
        record_details([instance.maintenance_id, instance.read_maintenance_id])


def _impact_deleted(*, instance: CircuitImpact, origin: Any = None, **_kwargs: Any) -> None:
    """Receive that an impact was deleted, not along with its maintenance."""
    if is_of_details(origin):
        record_details([instance.maintenance_id])


def _windows_changed(*, instance: Any, action: str, **_kwargs: Any) -> None:
    """Receive that an impact got or lost windows, from either side."""
    if action.startswith("post_"):
        record_details([instance.maintenance_id])


def _window_saved(*, instance: MaintenanceWindow, raw: bool = False, **_kwargs: Any) -> None:
    """Receive that a window was saved."""
    if not raw:
        record_details([instance.maintenance_id])


def _window_deleted(*, instance: MaintenanceWindow, origin: Any = None, **_kwargs: Any) -> None:
    """Receive that a window was deleted, not along with its maintenance."""
    if is_of_details(origin):
        record_details([instance.maintenance_id])


def _maintenance_deleted(*, instance: CircuitMaintenance, **_kwargs: Any) -> None:
    """Receive that a maintenance is about to be deleted."""
    if not is_recorded_by_caller():
        record_change(instance.pk, ChangeKindChoices.DELETED, facts_of(instance), {})


def connect() -> None:
    """Connect the receivers."""
    post_save.connect(_impact_saved, sender=CircuitImpact, dispatch_uid="cm_changes_impact_saved")
    post_delete.connect(_impact_deleted, sender=CircuitImpact, dispatch_uid="cm_changes_impact_deleted")
    through = CircuitImpact.windows.through
    m2m_changed.connect(_windows_changed, sender=through, dispatch_uid="cm_changes_impact_windows")
    post_save.connect(_window_saved, sender=MaintenanceWindow, dispatch_uid="cm_changes_window_saved")
    post_delete.connect(_window_deleted, sender=MaintenanceWindow, dispatch_uid="cm_changes_window_deleted")
    pre_delete.connect(_maintenance_deleted, sender=CircuitMaintenance, dispatch_uid="cm_changes_deleted")
