"""Sends the changes of maintenances that no ``save()`` of ours makes: impacts and windows that a query deletes, and their links."""

from typing import Any

from django.db.models.signals import m2m_changed, post_delete, pre_delete

from nautobot_circuit_maintenance.models.changes import is_sent_here, send_since, stored
from nautobot_circuit_maintenance.models.impacts import CircuitImpact
from nautobot_circuit_maintenance.models.maintenances import CircuitMaintenance
from nautobot_circuit_maintenance.models.windows import MaintenanceWindow

_BEFORE = "_circuit_maintenance_before"
"""Attribute of what changes, or of the query that deletes it, with the maintenances as they were."""


def is_of_details(origin: Any) -> bool:
    """Return whether a deletion began with impacts or windows, and not with what takes them along."""
    return getattr(origin, "model", type(origin)) in (CircuitImpact, MaintenanceWindow)


def _about_to_be_deleted(*, instance: Any, origin: Any = None, **_kwargs: Any) -> None:
    """Receive that an impact or a window is about to be deleted; a query announces all of its rows first."""
    if is_of_details(origin):
        _keep(origin, instance.maintenance_id)


def _deleted(*, origin: Any = None, **_kwargs: Any) -> None:
    """Receive that an impact or a window was deleted, and with it all that the query deletes."""
    _send(origin)


def _links_changed(*, instance: Any, action: str, **_kwargs: Any) -> None:
    """Receive that an impact gets or loses windows, or got or lost them, from either side."""
    if action.startswith("pre_"):
        _keep(instance, instance.maintenance_id)
    else:
        _send(instance)


def _keep(holder: Any, maintenance: Any) -> None:
    before = holder.__dict__.setdefault(_BEFORE, {})
    if maintenance not in before and is_sent_here():
        before[maintenance] = stored(CircuitMaintenance, maintenance)


def _send(holder: Any) -> None:
    send_since(CircuitMaintenance, getattr(holder, "__dict__", {}).pop(_BEFORE, {}))


def connect() -> None:
    """Connect the receivers."""
    for model in (CircuitImpact, MaintenanceWindow):
        name = model._meta.model_name
        pre_delete.connect(_about_to_be_deleted, sender=model, dispatch_uid=f"cm_details_before_{name}")
        post_delete.connect(_deleted, sender=model, dispatch_uid=f"cm_details_after_{name}")
    through = CircuitImpact.windows.through
    m2m_changed.connect(_links_changed, sender=through, dispatch_uid="cm_details_links")
