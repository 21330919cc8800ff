"""Querysets of maintenances, their windows and their impacts, behind each model's ``objects``."""

from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Now
from nautobot.apps.models import BaseManager, RestrictedQuerySet

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices
from nautobot_circuit_maintenance.models.severity import severity

OVER = (CircuitMaintenanceStatusChoices.CANCELLED, CircuitMaintenanceStatusChoices.COMPLETED)
"""Statuses with which a provider ends a maintenance, whatever its windows."""

_IS_PAST = Case(When(end_time__lt=Now(), then=Value(1)), default=Value(0), output_field=IntegerField())


class MaintenanceWindowQuerySet(RestrictedQuerySet):
    """Maintenance windows."""

    def overlapping(self, since: datetime | None, until: datetime | None) -> "MaintenanceWindowQuerySet":
        """Filter windows that share time with this range; None leaves a side open."""
        windows = self.filter(end_time__gt=since) if since else self
        # A moment is the range from itself to itself, and the start of a window belongs to the window.
        return windows.filter(start_time__lte=until) if until else windows


class CircuitImpactQuerySet(RestrictedQuerySet):
    """Circuit impacts."""

    def unmatched(self) -> "CircuitImpactQuerySet":
        """Filter impacts whose circuit ID matches no circuit."""
        return self.filter(circuit=None)

    def severities(self) -> QuerySet[Any]:
        """Return pairs of a maintenance's primary key and the severity of its worst impact."""
        return self.order_by().values_list("maintenance").annotate(worst=Max(severity("impact")))


class CircuitMaintenanceQuerySet(RestrictedQuerySet):
    """Circuit maintenances. What is asked about time is asked of their windows."""

    def overlapping(self, since: datetime | None, until: datetime | None) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances with one window that shares time with this range; None leaves a side open."""
        return self.filter(self._has_window(since, until))

    def active_at(self, moment: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances with a window at this moment, whatever their status."""
        return self.overlapping(moment, moment)

    def in_progress_at(self, moment: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances with a window at this moment that are neither cancelled nor completed."""
        return self.filter(self._is_in_progress_at(moment))

    def not_in_progress_at(self, moment: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter the other maintenances."""
        return self.filter(~self._is_in_progress_at(moment))

    def over(self, now: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances that are cancelled, completed or past."""
        return self.filter(_is_over(now))

    def not_over(self, now: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances that are upcoming, in progress or without a time."""
        return self.exclude(_is_over(now))

    def open(self) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances that are neither cancelled nor completed, past ones included."""
        return self.exclude(status__in=OVER)

    def not_cancelled(self) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances that took place or are to take place."""
        return self.exclude(status=CircuitMaintenanceStatusChoices.CANCELLED)

    def starting_between(self, since: datetime, until: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances whose first window starts in this range, both ends included."""
        return self.filter(start_time__gte=since, start_time__lte=until)

    def most_urgent_first(self) -> "CircuitMaintenanceQuerySet":
        """Sort in progress and upcoming first, by start; then those without a time; then the past, newest first."""
        return self.order_by(
            _IS_PAST.asc(),
            Case(When(end_time__gte=Now(), then=F("start_time"))).asc(nulls_last=True),
            F("start_time").desc(nulls_last=True),
            "name",
        )

    def with_impact_summary(self, impacts: QuerySet[Any]) -> "CircuitMaintenanceQuerySet":
        """Annotate ``circuit_count``, ``unmatched_count`` and ``worst_severity`` (0: no impact), counting these impacts."""
        of_each = impacts.filter(maintenance=OuterRef("pk")).order_by().values("maintenance")
        figures = {
            "circuit_count": Count("pk"),
            "unmatched_count": Count("pk", filter=Q(circuit=None)),
            "worst_severity": Max(severity("impact")),
        }
        return self.annotate(
            **{
                name: Coalesce(Subquery(of_each.annotate(figure=figure).values("figure")), Value(0))
                for name, figure in figures.items()
            }
        )

    def _is_in_progress_at(self, moment: datetime) -> Q:
        return Q(self._has_window(moment, moment)) & ~Q(status__in=OVER)

    def _has_window(self, since: datetime | None, until: datetime | None) -> Exists:
        windows = self.model._meta.get_field("windows").related_model.objects.filter(maintenance=OuterRef("pk"))
        return Exists(windows.order_by().overlapping(since, until))


def _is_over(now: datetime) -> Q:
    return Q(status__in=OVER) | Q(end_time__isnull=False, end_time__lt=now)


CircuitMaintenanceManager = BaseManager.from_queryset(CircuitMaintenanceQuerySet)
CircuitImpactManager = BaseManager.from_queryset(CircuitImpactQuerySet)
MaintenanceWindowManager = BaseManager.from_queryset(MaintenanceWindowQuerySet)
