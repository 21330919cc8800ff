"""Maintenances."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.models import PrimaryModel, extras_features
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.choices import (
    ChangeKindChoices,
    CircuitMaintenanceStatusChoices,
    ConfidenceChoices,
)
from nautobot_circuit_maintenance.compat import acting_user
from nautobot_circuit_maintenance.models.changes import MaintenanceSnapshot, change_record, sending_change
from nautobot_circuit_maintenance.models.maintenance_changes import FACTS, record_change, recorded_by_caller
from nautobot_circuit_maintenance.models.merging import SaveChangedFieldsMixin
from nautobot_circuit_maintenance.models.protection import protect
from nautobot_circuit_maintenance.models.querysets import OVER, CircuitMaintenanceManager
from nautobot_circuit_maintenance.models.windows import (
    END_AFTER_START,
    Span,
    as_rest,
    check_calendar,
    spans_as_rest,
    times_in_calendar,
    whole_of,
    write_windows,
)

FEATURES = ("custom_links", "custom_validators", "export_templates", "webhooks")

_SEVERAL_WINDOWS = "This maintenance has several windows. Edit the windows; start and end are derived from them."

_TIMES = ("start_time", "end_time")

_NO_NET_CHANGE = {"created", "last_updated", "revision", "issued_at", "sequence", "sort_circuits", "sort_severity"}

_WindowsByImpact = Mapping[UUID, Iterable[Span]]
"""By primary key, the windows of each impact that is not about all windows."""


@extras_features(*FEATURES)
class CircuitMaintenance(SaveChangedFieldsMixin, PrimaryModel):
    """A provider's planned work as currently known, identified by provider and maintenance ID (BCOP maintnote 3.6.3)."""

    name = models.CharField(max_length=CHARFIELD_MAX_LENGTH, help_text="Maintenance ID assigned by the provider.")
    provider = models.ForeignKey(
        to="circuits.Provider",
        on_delete=protect,
        related_name="circuit_maintenances",
        null=True,
        blank=True,
    )
    provider_maintenance_id = models.CharField(
        max_length=CHARFIELD_MAX_LENGTH,
        blank=True,
        editable=False,
        verbose_name="Provider's maintenance ID",
        help_text="Maintenance ID as the provider sends it. Notifications find the maintenance by it, whatever its name.",
    )
    other_ids = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        verbose_name="Other maintenance IDs",
        help_text="Further maintenance IDs by which notifications find the maintenance.",
    )
    description = models.TextField(blank=True)
    status = models.CharField(
        max_length=20,
        choices=CircuitMaintenanceStatusChoices,
        default=CircuitMaintenanceStatusChoices.UNKNOWN,
        db_index=True,
    )
    start_time = models.DateTimeField(null=True, blank=True, help_text="Start of the first maintenance window.")
    end_time = models.DateTimeField(null=True, blank=True, db_index=True, help_text="End of the last window.")
    ack = models.BooleanField(
        default=False,
        db_index=True,
        verbose_name="Acknowledged",
        help_text="An operator has reviewed this maintenance.",
    )
    acknowledged_by = models.ForeignKey(
        to=settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="acknowledged_circuit_maintenances",
        null=True,
        blank=True,
        editable=False,
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True, editable=False)
    unacknowledged_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When an acknowledgement was last removed."
    )
    ticket = models.CharField(
        max_length=CHARFIELD_MAX_LENGTH, blank=True, db_index=True, help_text="Internal ticket or change reference."
    )
    issued_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Issue time of the latest notification."
    )
    sequence = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="Sequence number sent by the provider."
    )

    cancelled_windows = models.JSONField(
        default=list,
        blank=True,
        editable=False,
        help_text="Start and end of each window that was cancelled while others stand.",
    )
    doubts = models.JSONField(
        default=list, blank=True, editable=False, help_text="What a person should clear up with the provider."
    )
    confidence = models.CharField(
        max_length=20,
        choices=ConfidenceChoices,
        blank=True,
        editable=False,
        db_index=True,
        help_text="Whether what was read stands in the emails. Empty if no notification announced it.",
    )
    replaced_by = models.ForeignKey(
        to="self",
        on_delete=models.SET_NULL,
        related_name="replaces",
        null=True,
        blank=True,
        editable=False,
        help_text="The maintenance that the provider announced in place of this one.",
    )

    revision = models.PositiveIntegerField(
        default=0, editable=False, help_text="Number of changes since it was added; never decreases."
    )

    # Of all impacts, so never shown: a user may not be permitted to view some. Kept true by models/sort_figures.py.
    sort_circuits = models.PositiveIntegerField(
        default=0, editable=False, help_text="Number of affected circuits, by which lists are sorted."
    )
    sort_severity = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Severity of the worst impact, by which lists are sorted."
    )

    objects = CircuitMaintenanceManager()

    HIDDEN = ("sort_circuits", "sort_severity", "revision", "unacknowledged_at")
    """Fields that no one may read or sort by: they count what a user may not view, or are for reminders only."""

    _new_spans: list[Span] | None = None

    natural_key_field_names = ["name", "provider"]
    clone_fields = ["provider", "status", "start_time", "end_time", "ticket"]

    class Meta:
        ordering = ("start_time", "name")
        constraints = [
            models.UniqueConstraint(fields=["provider", "name"], name="cm_maintenance_provider_and_name"),
            times_in_calendar("cm_maintenance_in_calendar"),
        ]
        indexes = [
            models.Index(fields=["start_time", "name"], name="cm_maintenance_order"),
            # The figures of a year are read from it alone.
            models.Index(
                fields=["start_time", "status", "replaced_by", "end_time", "id"], name="cm_maintenance_planned"
            ),
            models.Index("provider", Lower("provider_maintenance_id"), name="cm_maintenance_provider_id"),
            models.Index(fields=["sort_circuits", "start_time", "name", "id"], name="cm_maintenance_circuits"),
            models.Index(fields=["sort_severity", "start_time", "name", "id"], name="cm_maintenance_severity"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.name}" if self.provider else self.name

    def clean(self) -> None:
        """Reject times that are not a window or contradict several windows, and a duplicate without a provider."""
        super().clean()
        check_calendar(start_time=self.start_time, end_time=self.end_time)
        if bool(self.start_time) != bool(self.end_time):
            raise ValidationError({"end_time": "Enter both a start and an end time, or leave both empty."})
        if self.start_time and self.start_time >= self.end_time:
            raise ValidationError({"end_time": END_AFTER_START})
        if self.present_in_database and self.has_changed(*_TIMES):
            self._check_several_windows()
        twins = CircuitMaintenance.objects.filter(provider=None, name=self.name).exclude(pk=self.pk)
        if self.provider_id is None and twins.exists():
            raise ValidationError({"name": "A maintenance with this name and no provider already exists."})

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Check constraints on what this copy changed; each costs a query or more, and the rest is stored already."""
        kept = [names for names in (_TIMES, ("name", "provider_id")) if not self.has_changed(*names)]
        fields = {self._meta.get_field(name).name for names in kept for name in names}
        super().validate_constraints(exclude=fields | set(exclude or ()))

    def _check_several_windows(self) -> None:
        spans = self._spans()
        if len(spans) > 1 and (self.start_time, self.end_time) != whole_of(spans):
            raise ValidationError({"start_time": _SEVERAL_WINDOWS})

    def is_over(self, now: datetime) -> bool:
        """Return whether it is cancelled, completed, replaced or past."""
        return bool(self.status in OVER or self.replaced_by_id or (self.end_time and self.end_time < now))

    def needs_attention(self, now: datetime) -> bool:
        """Return whether it is doubtful and not past, as the queryset ``needing_attention`` filters."""
        return bool(self.doubts) and not (self.end_time and self.end_time < now)

    @property
    def cancelled_spans(self) -> list[Span]:
        """Start and end of each window that was cancelled while others stand."""
        return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in self.cancelled_windows]

    def acknowledge(self, user: AbstractBaseUser | None, now: datetime) -> None:
        """Record who acknowledged it and when, unless it is acknowledged already. Does not save."""
        if not self.ack or not self.acknowledged_at:
            self.ack, self.acknowledged_by, self.acknowledged_at = True, user, now

    def unacknowledge(self) -> None:
        """Remove the acknowledgement, and record when if there was one. Does not save."""
        if self.ack or self.acknowledged_at:
            self.unacknowledged_at = datetime.now(timezone.utc)
        self.ack, self.acknowledged_by, self.acknowledged_at = False, None, None

    def set_windows(self, spans: Collection[Span]) -> None:
        """Set the windows; start and end are derived from them. Does not save."""
        self._new_spans = sorted(set(spans))
        self.start_time, self.end_time = whole_of(spans) if spans else (None, None)

    def save(self, *args, **kwargs) -> None:
        """Save with the windows that were set; keep a single window in line with start and end.

        A changed ``ack`` also sets who acknowledged and when. Fields that this copy did not change keep what others saved
        since it was read. Without a savepoint, like Django's own.
        """
        with transaction.atomic(savepoint=False), sending_change(CircuitMaintenance, self.pk), recorded_by_caller():
            moves = self._new_spans is not None or self.has_changed(*_TIMES)
            is_new, before = self._read is None, _facts(self._read or {})
            is_changed = not is_new and self._is_net_change()
            self.merge()
            if self.ack:
                self.acknowledge(acting_user(), datetime.now(timezone.utc))
            else:
                self.unacknowledge()
            if is_changed:
                self.revision += 1
                if kwargs.get("update_fields") is not None:
                    kwargs["update_fields"] = {*kwargs["update_fields"], "revision"}
            super().save(*args, **kwargs)
            self._remember(kwargs.get("update_fields"))
            if self._new_spans is not None:
                write_windows(self, self._new_spans)
                self._new_spans = None
            if moves:
                self._move_single_window()
            if is_new or is_changed:
                kind = ChangeKindChoices.CREATED if is_new else ChangeKindChoices.CHANGED
                record_change(self.pk, kind, {} if is_new else before, facts_of(self))

    def _is_net_change(self) -> bool:
        """Return whether this copy changes anything but the time of the last save; only windows cost a query."""
        names = {field.attname for field in self._meta.concrete_fields} - _NO_NET_CHANGE
        if self.has_changed(*names):
            return True
        if self._new_spans is None:
            return False
        return sorted((row.start_time, row.end_time) for row in self.windows.all()) != self._new_spans

    def _move_single_window(self) -> None:
        if len(self.windows.all()[:2]) < 2:
            write_windows(self, [(self.start_time, self.end_time)] if self.start_time else [])

    def to_objectchange(self, action, *, related_object=None, **_kwargs) -> ObjectChange:
        """Build the change record without the REST serializer, which would expand every circuit (10 ms a maintenance).

        Nautobot's additional and excluded keys do not apply: both data dictionaries hold the same facts.
        """
        record = change_record(self, action, self.snapshot())
        record.related_object = related_object
        return record

    def snapshot(self) -> MaintenanceSnapshot:
        """Return its state, with related rows as the database has them."""
        tags = [tag.name for tag in self.tags.all()] if self.present_in_database else []
        impacts = list(self.impacts.all())
        partial = [impact for impact in impacts if not impact.in_all_windows]
        models.prefetch_related_objects(partial, "windows")
        windows = {each.pk: [(row.start_time, row.end_time) for row in each.windows.all()] for each in partial}
        return self.snapshot_with(spans=self._spans(), impacts=impacts, impact_windows=windows, tags=tags)

    def snapshot_with(
        self, *, spans: Iterable[Span], impacts: Sequence[Any], impact_windows: _WindowsByImpact, tags: Iterable[str]
    ) -> MaintenanceSnapshot:
        """Return its state with these windows, impacts and tag names, without any query."""
        return MaintenanceSnapshot(
            id=str(self.pk),
            display=str(self),
            provider=str(self.provider_id) if self.provider_id else None,
            name=self.name,
            description=self.description,
            status=self.status,
            start_time=as_rest(self.start_time),
            end_time=as_rest(self.end_time),
            ack=self.ack,
            acknowledged_by=str(self.acknowledged_by_id) if self.acknowledged_by_id else None,
            acknowledged_at=as_rest(self.acknowledged_at),
            ticket=self.ticket,
            issued_at=as_rest(self.issued_at),
            sequence=self.sequence,
            created=as_rest(self.created),
            last_updated=as_rest(self.last_updated),
            tags=tuple(tags),
            custom_fields=dict(self._custom_field_data),
            windows=spans_as_rest(spans),
            impacts=_by_cid(impacts),
            impact_windows=_windows_by_cid(impacts, impact_windows),
            cancelled_windows=tuple((start, end) for start, end in self.cancelled_windows),
            doubts=tuple(self.doubts),
            confidence=self.confidence,
            provider_maintenance_id=self.provider_maintenance_id,
            other_ids=tuple(self.other_ids),
            replaced_by=str(self.replaced_by_id) if self.replaced_by_id else None,
        )

    def _spans(self) -> list[Span]:
        """Start and end of each window as it will be: the change record is made before windows are written."""
        if self._new_spans is not None:
            return self._new_spans
        spans = [(window.start_time, window.end_time) for window in self.windows.all()]
        if len(spans) > 1:
            return spans
        return [(self.start_time, self.end_time)] if self.start_time and self.end_time else []

    spans = property(_spans, set_windows)


def facts_of(maintenance: CircuitMaintenance) -> dict[str, Any]:
    """Return what the record of a change keeps of a maintenance."""
    return _facts(maintenance.__dict__)


def _facts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the record of a change keeps, of the values of a maintenance by attribute."""
    facts = {name: values.get(name, values.get(f"{name}_id")) for name in FACTS}
    return {
        name: as_rest(value) if isinstance(value, datetime) else value and str(value) for name, value in facts.items()
    }


def _by_cid(impacts: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    """Return circuit ID and impact, sorted here because databases collate strings differently."""
    return tuple(sorted((impact.cid, impact.impact) for impact in impacts))


def _windows_by_cid(impacts: Iterable[Any], windows: Mapping[UUID, Iterable[Span]]) -> dict[str, Any]:
    """Return the windows of each impact that is not about all windows."""
    return {impact.cid: spans_as_rest(sorted(windows[impact.pk])) for impact in impacts if impact.pk in windows}
