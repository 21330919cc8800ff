"""Querysets of maintenances, their windows and their impacts, behind each model's ``objects``."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

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

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices, NotificationStateChoices as State
from nautobot_circuit_maintenance.models.paging import DeepSlices
from nautobot_circuit_maintenance.models.severity import severity

OVER = (CircuitMaintenanceStatusChoices.CANCELLED, CircuitMaintenanceStatusChoices.COMPLETED)
"""Statuses with which a provider ends a maintenance, whatever its windows."""

_NOT_READ = (State.FAILED, State.REFUSED)

_STORED = {"circuit_count": "sort_circuits", "worst_severity": "sort_severity"}
"""The figures of all impacts, by the names that they have as figures of the visible ones."""

_IS_PAST = Case(When(end_time__lt=Now(), then=Value(1)), default=Value(0), output_field=IntegerField())


class ImpactSummary(NamedTuple):
    """What a maintenance affects: numbers of circuit IDs, and the severity of the worst impact (0: none)."""

    circuit_count: int = 0
    unmatched_count: int = 0
    worst_severity: int = 0


class MaintenanceWindowQuerySet(RestrictedQuerySet):
    """Maintenance windows, a part of their maintenance: who may view that may view its windows."""

    def restrict(self, user: Any, action: str = "view") -> "MaintenanceWindowQuerySet":
        """Filter windows by the permissions on their maintenances; windows have none of their own."""
        maintenances = self.model._meta.get_field("maintenance").related_model.objects.restrict(user, action)
        return self.filter(maintenance__in=maintenances.order_by().values("pk"))

    def overlapping(self, since: datetime | None, until: datetime | None) -> "MaintenanceWindowQuerySet":
        """Filter windows that share time with this range; None leaves a side open."""
        windows = self.filter(end_time__gt=since) if since else self
        # A moment is the range from itself to itself, and the start of a window belongs to the window.
        return windows.filter(start_time__lte=until) if until else windows


class CircuitImpactQuerySet(DeepSlices, RestrictedQuerySet):
    """Circuit impacts."""

    def unmatched(self) -> "CircuitImpactQuerySet":
        """Filter impacts whose circuit ID matches no circuit."""
        return self.filter(circuit=None)

    def affected(self) -> "CircuitImpactQuerySet":
        """Filter impacts on circuits that are still affected, in at least one window; the others are only on record."""
        return self.filter(Q(in_all_windows=True) | Exists(self._own_windows().order_by()))

    def on_record_only(self) -> "CircuitImpactQuerySet":
        """Filter the other impacts. Not "none of those that are affected": databases compare a million keys with a million."""
        return self.filter(~Exists(self._own_windows().order_by()), in_all_windows=False)

    def overlapping(self, since: datetime | None, until: datetime | None) -> "CircuitImpactQuerySet":
        """Filter impacts on circuits that are affected in a window that shares time with this range."""
        # The windows of an impact are some of its maintenance's: few maintenances are left of which to ask for them.
        windows = _windows_of(self.model).order_by().overlapping(since, until)
        own = Exists(self._own_windows().order_by().overlapping(since, until))
        return self.filter(Q(in_all_windows=True) | own, maintenance__in=windows.values("maintenance"))

    def active_at(self, moment: datetime) -> "CircuitImpactQuerySet":
        """Filter impacts on circuits that are affected at this moment, whatever the status of the maintenance."""
        return self.overlapping(moment, moment)

    def _own_windows(self) -> Any:
        return _windows_of(self.model).filter(impacts=OuterRef("pk"))

    def severities(self) -> QuerySet[Any]:
        """Return pairs of a maintenance's primary key and the severity of its worst impact."""
        return self.affected().order_by().values_list("maintenance").annotate(worst=Max(severity("impact")))

    def summaries(self, maintenances: Collection[UUID]) -> "dict[UUID, ImpactSummary]":
        """Return what is affected by each of these maintenances, by one query; nothing for one without impacts."""
        affected = self.affected().filter(maintenance__in=maintenances).order_by().values_list("maintenance")
        rows = affected.annotate(**_figures())
        return {row[0]: ImpactSummary(*row[1:]) for row in rows}


class CircuitMaintenanceQuerySet(DeepSlices, RestrictedQuerySet):
    """Circuit maintenances. What is asked about time is asked of their windows."""

    def overlapping(self, since: datetime | None, until: datetime | None) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances with one window that shares time with this range; None leaves a side open."""
        return self.filter(self._has_window(since, until))

    def active_at(self, moment: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances with a window at this moment, whatever their status."""
        return self.overlapping(moment, moment)

    def in_progress_at(self, moment: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances with a window at this moment that are neither cancelled, completed nor replaced."""
        return self.filter(self._is_in_progress_at(moment))

    def not_in_progress_at(self, moment: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter the other maintenances."""
        return self.filter(~self._is_in_progress_at(moment))

    def over(self, now: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances that are cancelled, completed, replaced or past."""
        return self.filter(_is_over(now))

    def not_over(self, now: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances that are upcoming, in progress or without a time."""
        return self.exclude(_is_over(now))

    def open(self) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances that are neither cancelled, completed nor replaced, past ones included."""
        return self.exclude(_is_ended())

    def not_cancelled(self) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances that took place or are to take place."""
        return self.exclude(Q(status=CircuitMaintenanceStatusChoices.CANCELLED) | Q(replaced_by__isnull=False))

    def starting_between(self, since: datetime, until: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances whose first window starts in this range, both ends included."""
        return self.filter(start_time__gte=since, start_time__lte=until)

    def doubtful(self) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances about which a person should ask the provider."""
        return self.exclude(doubts=[])

    def not_past(self, now: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter maintenances with a time ahead or without any, whatever their status."""
        return self.exclude(end_time__lt=now)

    def needing_attention(self, now: datetime) -> "CircuitMaintenanceQuerySet":
        """Filter doubtful maintenances that are not past, whatever their status: a doubt may be about a cancellation."""
        return self.doubtful().not_past(now)

    def most_urgent_first(self) -> "CircuitMaintenanceQuerySet":
        """Sort in progress and upcoming first, by start; then those without a time; then the past, newest first."""
        return self.order_by(
            _IS_PAST.asc(),
            Case(When(end_time__gte=Now(), then=F("start_time"))).asc(nulls_last=True),
            F("start_time").desc(nulls_last=True),
            "name",
        )

    def soonest_first(self) -> "CircuitMaintenanceQuerySet":
        """Sort by start, those without a time last: the order of ``most_urgent_first`` where nothing is past."""
        return self.order_by(F("start_time").asc(nulls_last=True), "name")

    def with_impact_summary(self, impacts: CircuitImpactQuerySet) -> "CircuitMaintenanceQuerySet":
        """Annotate ``circuit_count``, ``unmatched_count`` and ``worst_severity`` (0: no impact).

        Counts those of these impacts whose circuit is still affected.
        """
        return self.annotate(**{name: _figure_of_each(impacts, name) for name in _figures()})

    def order_by_figure(self, impacts: CircuitImpactQuerySet, name: str, *, descending: bool) -> Any:
        """Sort by one of the figures of these impacts; by the stored one where these are all impacts."""
        figure = F(_STORED[name]) if not impacts.query.where else _figure_of_each(impacts, name)
        rows = self.order_by(figure.asc(), "start_time", "name", "id")
        return rows.reverse() if descending else rows

    def _is_in_progress_at(self, moment: datetime) -> Q:
        return Q(self._has_window(moment, moment)) & ~_is_ended()

    def _has_window(self, since: datetime | None, until: datetime | None) -> Exists:
        windows = _windows_of(self.model).filter(maintenance=OuterRef("pk"))
        return Exists(windows.order_by().overlapping(since, until))


class NotificationQuerySet(DeepSlices, RestrictedQuerySet):
    """Notifications."""

    def needing_attention(self) -> "NotificationQuerySet":
        """Filter notifications that were not read, or only in part, and whose result no one has dismissed."""
        return self.filter(_is_not_read()).not_dismissed()

    def partly_read(self) -> "NotificationQuerySet":
        """Filter parsed notifications of which a part could not be read."""
        return self.filter(_is_partly_read())

    def dismissible(self) -> "NotificationQuerySet":
        """Filter notifications whose result a person can dismiss: not read, only partly read, or ignored."""
        return self.filter(_is_not_read() | Q(state=State.IGNORED)).not_dismissed()

    def not_dismissed(self) -> "NotificationQuerySet":
        """Leave out those whose result was dismissed; another result after reprocessing was not."""
        return self.exclude(self._is_dismissed())

    def dismissed(self) -> "NotificationQuerySet":
        """Filter notifications whose result was dismissed."""
        return self.filter(self._is_dismissed())

    @staticmethod
    def _is_dismissed() -> Q:
        return Q(dismissed_at__isnull=False, state=F("dismissed_state"), error=F("dismissed_error"))


def _is_partly_read() -> Q:
    return Q(state=State.PARSED) & ~Q(error="")


def _is_not_read() -> Q:
    return Q(state__in=_NOT_READ) | _is_partly_read()


def count_up_to(rows: QuerySet[Any], most: int) -> int:
    """Count rows; ``most + 1`` means more than ``most``."""
    return rows.order_by()[: most + 1].count()


def _figures() -> dict[str, Any]:
    """Return the figures of an ``ImpactSummary``, as expressions over impacts."""
    return {
        "circuit_count": Count("pk"),
        "unmatched_count": Count("pk", filter=Q(circuit=None)),
        "worst_severity": Max(severity("impact")),
    }


def _figure_of_each(impacts: CircuitImpactQuerySet, name: str) -> Coalesce:
    of_each = impacts.affected().filter(maintenance=OuterRef("pk")).order_by().values("maintenance")
    return Coalesce(Subquery(of_each.annotate(figure=_figures()[name]).values("figure")), Value(0))


def _windows_of(model: Any) -> Any:
    return model._meta.get_field("windows").related_model.objects.all()


def _is_ended() -> Q:
    """Match maintenances that their provider ended, or replaced by another one."""
    return Q(status__in=OVER) | Q(replaced_by__isnull=False)


def _is_over(now: datetime) -> Q:
    return _is_ended() | Q(end_time__isnull=False, end_time__lt=now)


CircuitMaintenanceManager = BaseManager.from_queryset(CircuitMaintenanceQuerySet)
CircuitImpactManager = BaseManager.from_queryset(CircuitImpactQuerySet)
MaintenanceWindowManager = BaseManager.from_queryset(MaintenanceWindowQuerySet)
