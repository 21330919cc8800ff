"""What lists of maintenances are sorted by: figures of all impacts, stored, because no index can serve a sort by a count.

The pipeline writes them along with its rows (``pipeline/apply/store.py``). For whatever else saves or deletes impacts and
windows, cascades included, the receivers below count again. The doubt that no circuit is named ends where the first is counted.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save

from nautobot_circuit_maintenance.domain.doubts import doubts_beside
from nautobot_circuit_maintenance.models.impacts import CircuitImpact
from nautobot_circuit_maintenance.models.maintenances import CircuitMaintenance
from nautobot_circuit_maintenance.models.querysets import ImpactSummary
from nautobot_circuit_maintenance.models.windows import MaintenanceWindow

_is_callers: ContextVar[bool] = ContextVar("_is_callers", default=False)


@contextmanager
def counted_by_caller() -> Iterator[None]:
    """Let the caller write the figures of what is changed or deleted inside."""
    token = _is_callers.set(True)
    try:
        yield
    finally:
        _is_callers.reset(token)


def count_again(maintenances: Iterable[UUID | None]) -> None:
    """Store the figures of these maintenances as their impacts are now, and drop the doubt that the first impact ends.

    Counts after it has locked them: a count in the statement that waits for the lock would miss what the other
    transaction added.
    """
    keys = {pk for pk in maintenances if pk}
    if not keys or _is_callers.get():
        return
    with transaction.atomic(savepoint=False):
        rows = CircuitMaintenance.objects.filter(pk__in=keys).order_by("provider_id", "name").select_for_update()
        names = ("sort_circuits", "sort_severity", "doubts")
        stored = {row.pop("pk"): row for row in rows.values("pk", *names)}
        summaries = CircuitImpact.objects.summaries(list(stored))
        for pk, values in stored.items():
            summary = summaries.get(pk, ImpactSummary())
            wanted = {
                "sort_circuits": summary.circuit_count,
                "sort_severity": summary.worst_severity,
                "doubts": doubts_beside(values["doubts"], has_circuits=summary.circuit_count > 0),
            }
            if values != wanted:
                CircuitMaintenance.objects.filter(pk=pk).update(**wanted)


def _impact_changed(*, instance: Any, **_kwargs: Any) -> None:
    """Receive that an impact was saved or deleted; it may have belonged to another maintenance."""
    count_again([instance.maintenance_id, instance.read_maintenance_id])


def _windows_changed(*, instance: Any, action: str, **_kwargs: Any) -> None:
    """Receive that an impact got or lost windows, from either side."""
    if not action.startswith("post_"):
        return
    count_again([instance.maintenance_id])


def _window_deleted(*, instance: Any, **_kwargs: Any) -> None:
    """Receive that a window was deleted, and with it the windows of impacts."""
    count_again([instance.maintenance_id])


def connect() -> None:
    """Connect the receivers."""
    post_save.connect(_impact_changed, sender=CircuitImpact, dispatch_uid="cm_sort_figures_saved")
    post_delete.connect(_impact_changed, sender=CircuitImpact, dispatch_uid="cm_sort_figures_deleted")
    through = CircuitImpact.windows.through
    m2m_changed.connect(_windows_changed, sender=through, dispatch_uid="cm_sort_figures_windows")
    post_delete.connect(_window_deleted, sender=MaintenanceWindow, dispatch_uid="cm_sort_figures_window")
