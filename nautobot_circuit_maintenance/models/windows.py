"""The windows of a maintenance."""

from collections.abc import Collection, Iterable
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.timezone import now
from nautobot.apps.models import BaseModel

from nautobot_circuit_maintenance.domain.calendar import EARLIEST, LATEST, OUT_OF_CALENDAR, is_in_calendar
from nautobot_circuit_maintenance.models.querysets import MaintenanceWindowManager

END_AFTER_START = "End time must be after start time."

_LIMITS = (("gte", EARLIEST), ("lt", LATEST))

Span = tuple[datetime, datetime]
"""Start and end of a window."""


def as_rest(moment: datetime | None) -> str | None:
    """Return a time as the REST API writes it: ISO 8601 in UTC."""
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z") if moment else None


def times_in_calendar(name: str) -> models.CheckConstraint:
    """Return the constraint on ``start_time`` and ``end_time`` of a model; rows without times meet it."""
    in_calendar = {f"{end}__{lookup}": limit for end in ("start_time", "end_time") for lookup, limit in _LIMITS}
    return models.CheckConstraint(condition=models.Q(**in_calendar), name=name, violation_error_message=OUT_OF_CALENDAR)


def check_calendar(**moments: datetime | None) -> None:
    """Raise ValidationError for the fields whose time some time zone could not show."""
    wrong = {name: OUT_OF_CALENDAR for name, moment in moments.items() if moment and not is_in_calendar(moment)}
    if wrong:
        raise ValidationError(wrong)


def spans_as_rest(spans: Iterable[Span]) -> tuple[tuple[str | None, str | None], ...]:
    """Return windows as the REST API writes their times."""
    return tuple((as_rest(start), as_rest(end)) for start, end in spans)


def whole_of(spans: Collection[Span]) -> Span:
    """Return the time from the start of the first window to the end of the last."""
    return min(start for start, _ in spans), max(end for _, end in spans)


class MaintenanceWindow(BaseModel):
    """One period of work of a maintenance; shown within its maintenance only."""

    maintenance = models.ForeignKey(
        to="nautobot_circuit_maintenance.CircuitMaintenance",
        on_delete=models.CASCADE,
        related_name="windows",
        db_index=False,  # the unique constraint begins with it
    )
    start_time = models.DateTimeField()
    end_time = models.DateTimeField()
    created = models.DateTimeField(default=now, editable=False)
    """A window that moves is a new row: messages about the old one are not about it."""

    objects = MaintenanceWindowManager()

    natural_key_field_names = ["maintenance", "start_time", "end_time"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("start_time", "end_time")
        constraints = [
            models.UniqueConstraint(
                fields=["maintenance", "start_time", "end_time"], name="cm_window_once_per_maintenance"
            ),
            models.CheckConstraint(
                condition=models.Q(end_time__gt=models.F("start_time")), name="cm_window_end_after_start"
            ),
            times_in_calendar("cm_window_in_calendar"),
        ]
        indexes = [
            models.Index(fields=["start_time", "end_time"], name="cm_window_start_end"),
            models.Index(fields=["end_time"], name="cm_window_end"),
        ]

    def __str__(self) -> str:
        return f"{as_rest(self.start_time)} - {as_rest(self.end_time)}"

    def clean(self) -> None:
        """Reject a window that ends before it starts, or that some time zone could not show."""
        super().clean()
        check_calendar(start_time=self.start_time, end_time=self.end_time)
        if self.start_time and self.end_time and self.end_time <= self.start_time:
            raise ValidationError({"end_time": END_AFTER_START})


def write_windows(maintenance: Any, spans: Iterable[Span]) -> None:
    """Set the windows of a maintenance.

    A window that stays keeps its row. One that moves is a new row, and takes over the circuits affected in the old one.
    """
    wanted = set(spans)
    stored = {(row.start_time, row.end_time): row for row in MaintenanceWindow.objects.filter(maintenance=maintenance)}
    gone = [row for span, row in stored.items() if span not in wanted]
    fresh = [
        MaintenanceWindow(maintenance=maintenance, start_time=start, end_time=end)
        for start, end in sorted(wanted - stored.keys())
    ]
    MaintenanceWindow.objects.bulk_create(fresh)
    links = MaintenanceWindow.impacts.through.objects
    for old, new in zip(gone, fresh):
        links.filter(maintenancewindow=old).update(maintenancewindow=new)
    if gone:
        MaintenanceWindow.objects.filter(pk__in=[row.pk for row in gone]).delete()


def spans_of(maintenances: Iterable[UUID]) -> dict[UUID, list[Span]]:
    """Return the windows of each of these maintenances, in their order, by one query."""
    found: dict[UUID, list[Span]] = {}
    rows = MaintenanceWindow.objects.filter(maintenance__in=list(maintenances)).order_by("start_time", "end_time")
    for pk, start, end in rows.values_list("maintenance", "start_time", "end_time"):
        found.setdefault(pk, []).append((start, end))
    return found
