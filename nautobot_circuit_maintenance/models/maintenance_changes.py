"""Changes that wait for subscriptions: a row for each change of a maintenance, written in the transaction of the change.

A row and not a time: a slow transaction commits its changes after a quick one was observed, and its row waits all the same.
The pipeline writes the rows of a chunk at once; for whatever else saves or deletes impacts and windows, cascades included,
the receivers below do.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone
from nautobot.apps.models import BaseModel

from nautobot_circuit_maintenance.choices import ChangeKindChoices as Kind
from nautobot_circuit_maintenance.models.changes import ChangedMaintenance, MaintenanceSnapshot

_is_callers: ContextVar[bool] = ContextVar("circuit_maintenance_is_recorded_by_caller", default=False)

FACTS = ("status", "start_time", "end_time", "replaced_by")
"""What a row keeps of a maintenance before and after the change."""

_WRITTEN_AT_ONCE = 1_000


class MaintenanceChange(BaseModel):
    """One change of a maintenance, until it is old; ``dispatched`` is empty while no run has observed it."""

    maintenance = models.ForeignKey(
        to="nautobot_circuit_maintenance.CircuitMaintenance",
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,  # the row of a deletion outlives the maintenance
    )
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=20, choices=Kind)
    before = models.JSONField(default=dict, help_text="Status and times before; empty if it was created.")
    after = models.JSONField(default=dict, help_text="Status and times after; empty if it was deleted.")
    dispatched = models.DateTimeField(null=True, help_text="When it was observed.")

    natural_key_field_names = ["pk"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("at", "id")
        indexes = [models.Index(fields=["dispatched", "at"], name="cm_change_dispatched")]

    def __str__(self) -> str:
        return f"{self.kind} {self.maintenance_id}"


@contextmanager
def recorded_by_caller() -> Iterator[None]:
    """Let the caller record what is changed or deleted inside; the receivers do not."""
    token = _is_callers.set(True)
    try:
        yield
    finally:
        _is_callers.reset(token)


def is_recorded_by_caller() -> bool:
    """Return whether the caller records what is changed now."""
    return _is_callers.get()


def net_changes(changes: Iterable[ChangedMaintenance]) -> list[ChangedMaintenance]:
    """Return one change for each maintenance: from before the first to after the last, if that is any."""
    merged: dict[UUID, ChangedMaintenance] = {}
    for change in changes:
        first = merged.get(change.maintenance.pk, change)
        merged[change.maintenance.pk] = ChangedMaintenance(
            change.maintenance, first.before, change.after, change.notification
        )
    return [change for change in merged.values() if not change.is_empty]


def record_changes(changes: Sequence[ChangedMaintenance]) -> None:
    """Record net changes, whose revisions are counted already; one statement."""
    rows = [
        MaintenanceChange(
            maintenance_id=change.maintenance.pk,
            kind=_KINDS[change.action],
            before=_facts(change.before),
            after=_facts(change.after),
        )
        for change in changes
    ]
    if rows:
        MaintenanceChange.objects.bulk_create(rows, batch_size=_WRITTEN_AT_ONCE)


_KINDS = {"create": Kind.CREATED, "update": Kind.CHANGED, "delete": Kind.DELETED}


def _facts(snapshot: MaintenanceSnapshot | None) -> dict[str, Any]:
    return {name: getattr(snapshot, name) for name in FACTS} if snapshot else {}


def record_change(maintenance: UUID, kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Record a change by a person, whose revision is counted already; one statement."""
    MaintenanceChange.objects.create(maintenance_id=maintenance, kind=kind, before=dict(before), after=dict(after))


def count_and_record(model: Any, maintenances: Iterable[UUID | None]) -> None:
    """Count and record a change of what belongs to these maintenances: impacts, windows, links; two statements.

    ``model``: CircuitMaintenance, which imports this module.
    """
    keys = sorted({pk for pk in maintenances if pk})
    if not keys or _is_callers.get():
        return
    model.objects.filter(pk__in=keys).update(revision=models.F("revision") + 1)
    MaintenanceChange.objects.bulk_create(
        [MaintenanceChange(maintenance_id=pk, kind=Kind.DETAILS) for pk in keys], batch_size=_WRITTEN_AT_ONCE
    )
