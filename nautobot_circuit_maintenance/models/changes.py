"""Changes of maintenances as values: what one was before and after, regardless of who changed it.

Change records are made from them, and subscribers of ``maintenances_changed`` receive them: from the pipeline for every
notification that changed a maintenance, from ``save()`` and ``delete()`` for every edit by a person.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import models, transaction
from django.dispatch import Signal
from nautobot.extras.choices import ObjectChangeActionChoices as Action
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.choices import TopicChoices
from nautobot_circuit_maintenance.compat import is_event_wanted

maintenances_changed = Signal()
"""Sent after the commit with ``changes``, a list of ``ChangedMaintenance``. A failing receiver is logged, not raised."""

published_changes = Signal()
"""The same, for Nautobot's event brokers: sent only while one of them wants events about maintenances."""

_is_silent: ContextVar[bool] = ContextVar("circuit_maintenance_is_silent", default=False)

_OWN_FIELDS = (
    *("name", "description", "status", "start_time", "end_time", "ack", "acknowledged_by", "acknowledged_at"),
    *("ticket", "issued_at", "sequence", "created", "last_updated", "provider_maintenance_id", "replaced_by"),
    "confidence",
)


@dataclass(frozen=True)
class MaintenanceSnapshot:  # pylint: disable=too-many-instance-attributes  # a maintenance has as many
    """A maintenance at one moment, JSON-ready: times are ISO 8601 strings in UTC, related objects are primary keys."""

    id: str
    display: str
    provider: str | None
    name: str
    description: str
    status: str
    start_time: str | None
    end_time: str | None
    ack: bool
    acknowledged_by: str | None
    acknowledged_at: str | None
    ticket: str
    issued_at: str | None
    sequence: int | None
    created: str | None
    last_updated: str | None
    tags: tuple[str, ...]
    custom_fields: Mapping[str, Any]
    windows: tuple[tuple[str | None, str | None], ...]
    """Start and end of each window, in time order."""
    impacts: tuple[tuple[str, str], ...]
    """Circuit ID and impact, in the order of the circuit IDs."""
    impact_windows: Mapping[str, tuple[tuple[str | None, str | None], ...]] = field(default_factory=dict)
    """The windows of each circuit ID that is not affected in all of them."""
    cancelled_windows: tuple[tuple[str | None, str | None], ...] = ()
    """Windows that are cancelled while others stand."""
    doubts: tuple[Mapping[str, Any], ...] = ()
    """What a person should clear up: kind, sentence, and fingerprint of the message."""
    confidence: str = ""
    provider_maintenance_id: str = ""
    other_ids: tuple[str, ...] = ()
    replaced_by: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the facts as change records have them."""
        return {
            **{name: getattr(self, name) for name in _OWN_FIELDS},
            "tags": list(self.tags),
            "custom_fields": dict(self.custom_fields),
            "windows": [list(window) for window in self.windows],
            "impacts": [
                {"cid": cid, "impact": impact, "windows": self._windows_of(cid)} for cid, impact in self.impacts
            ],
            "cancelled_windows": [list(window) for window in self.cancelled_windows],
            "doubts": [dict(doubt) for doubt in self.doubts],
            "other_ids": list(self.other_ids),
        }

    def _windows_of(self, cid: str) -> list[list[str | None]] | None:
        """Return the windows of a circuit ID; None: all."""
        windows = self.impact_windows.get(cid)
        return None if windows is None else [list(window) for window in windows]


@dataclass(frozen=True)
class ChangedMaintenance:
    """One change of one maintenance."""

    maintenance: Any
    before: MaintenanceSnapshot | None
    """None if it was created."""
    after: MaintenanceSnapshot | None
    """None if it was deleted."""
    notification: models.Model | None = None
    """The notification that changed it; None if a person did."""

    @property
    def action(self) -> str:
        """Nautobot's name for the kind of change."""
        if self.before is None:
            return Action.ACTION_CREATE
        return Action.ACTION_UPDATE if self.after else Action.ACTION_DELETE

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed but the time of the last save."""
        if self.before is None or self.after is None:
            return self.before is self.after
        return replace(self.before, last_updated=self.after.last_updated) == self.after

    @property
    def record(self) -> ObjectChange:
        """The change record, not saved and without a user."""
        snapshot = self.after or self.before
        assert snapshot is not None  # nosec B101  # one of them is set
        return change_record(self.maintenance, self.action, snapshot)


class ReferencesInRecordsMixin(models.Model):
    """A row whose change records refer to other objects, and do not repeat what these say: not everyone may view them."""

    class Meta:
        abstract = True

    def to_objectchange(self, action: str, **kwargs: Any) -> ObjectChange:
        """Return core's record with references in place of related objects."""
        record: ObjectChange = super().to_objectchange(action, **kwargs)
        record.object_data_v2 = {name: _reference(value) for name, value in record.object_data_v2.items()}
        return record


def _reference(value: Any) -> Any:
    """Return a related object of a serialized row, or several, as type and primary key; other values as they are."""
    if isinstance(value, list):
        return [_reference(each) for each in value]
    if isinstance(value, Mapping) and "object_type" in value and "id" in value:
        return {"id": value["id"], "object_type": value["object_type"]}
    return value


def change_record(maintenance: models.Model, action: str, snapshot: MaintenanceSnapshot) -> ObjectChange:
    """Return the change record of a maintenance, not saved and without a user."""
    facts = snapshot.as_json()
    provider = {"id": snapshot.provider, "object_type": "circuits.provider"} if snapshot.provider else None
    return ObjectChange(
        changed_object=maintenance,
        object_repr=snapshot.display[:200],
        action=action,
        object_data={**facts, "provider": snapshot.provider},
        object_data_v2={
            **facts,
            "id": snapshot.id,
            "object_type": maintenance._meta.label_lower,
            "display": snapshot.display,
            "provider": provider,
        },
    )


def are_awaited() -> bool:
    """Return whether anyone receives changes; without a receiver, no snapshot has to be taken of what a person edits."""
    return maintenances_changed.has_listeners() or _is_published()


def _is_published() -> bool:
    return any(is_event_wanted(topic) for topic in TopicChoices.OF_CHANGES)


def send_after_commit(changes: Sequence[ChangedMaintenance]) -> None:
    """Send changes to the subscribers once the transaction is committed; costs nothing if there are none."""
    if changes and are_awaited():
        transaction.on_commit(lambda: _send(list(changes)))


def _send(changes: list[ChangedMaintenance]) -> None:
    maintenances_changed.send_robust(sender=ChangedMaintenance, changes=changes)
    if _is_published():
        published_changes.send_robust(sender=ChangedMaintenance, changes=changes)


@contextmanager
def sent_by_caller() -> Iterator[None]:
    """Let the caller send what is changed or deleted inside; ``save()`` and ``delete()`` do not."""
    token = _is_silent.set(True)
    try:
        yield
    finally:
        _is_silent.reset(token)


State = tuple[Any, MaintenanceSnapshot | None]
"""A maintenance as the database has it, with its snapshot; None if there is none."""


@contextmanager
def sending_change(model: type[models.Model], *keys: Any) -> Iterator[None]:
    """Send the changes that a person makes to these maintenances inside; does nothing if there are no subscribers.

    A change within another one is sent as a part of that one.
    """
    if not is_sent_here():
        yield
        return
    with transaction.atomic():
        before = {pk: stored(model, pk) for pk in dict.fromkeys(keys) if pk}
        with sent_by_caller():
            yield
        send_since(model, before)


def is_sent_here() -> bool:
    """Return whether someone receives changes, and the caller does not send them."""
    return are_awaited() and not _is_silent.get()


def send_since(model: type[models.Model], before: Mapping[Any, State]) -> None:
    """Send what changed in maintenances since they were in these states."""
    changes = []
    for pk, (stored_before, snapshot) in before.items():
        stored_after, after = stored(model, pk)
        changes.append(ChangedMaintenance(stored_after or stored_before, snapshot, after))
    send_after_commit([change for change in changes if not change.is_empty])


def send_deletion(*, instance: Any, **_kwargs: Any) -> None:
    """Receive ``pre_delete`` of a maintenance, which the deletion of a queryset sends too."""
    if is_sent_here():
        _, before = stored(type(instance), instance.pk)
        send_after_commit([ChangedMaintenance(instance, before, None)])


def stored(model: Any, pk: Any) -> State:
    """Return a maintenance as the database has it now."""
    maintenance = model.objects.select_related("provider").filter(pk=pk).first()
    return maintenance, maintenance.snapshot() if maintenance else None
