"""How much work, by whom, and how long before it they say so; what was cancelled does not count."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, Max, Min, Q, QuerySet, Sum
from django.utils import timezone

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    ParsedNotification,
    selection,
)

DAY, WEEK, YEAR = timedelta(days=1), timedelta(weeks=1), timedelta(days=365)
WEEKS_BACK, WEEKS_AHEAD = 12, 4
MONTHS_BACK, MONTHS_AHEAD = 11, 1
PROVIDERS = 10
NOTICES = (
    ("none", None, timedelta()),
    ("under 24 h", timedelta(), DAY),
    ("24 to 72 h", DAY, 3 * DAY),
    ("72 to 168 h", 3 * DAY, 7 * DAY),
    ("168 to 336 h", 7 * DAY, 14 * DAY),
    ("over 336 h", 14 * DAY, None),
)
"""Label, at least, less than."""


@dataclass(frozen=True)
class Weeks:
    """Maintenances by the week they start in, and by their worst impact."""

    mondays: tuple[date, ...]
    """The first day of each week, in the active time zone."""
    counts: dict[str, tuple[int, ...]]
    """By impact, a number for each week; the empty impact stands for "not told"."""


@dataclass(frozen=True)
class Figures:
    """How many started in the days until now, and how long they take."""

    last_week: int
    last_month: int
    last_year: int
    mean_duration: timedelta | None
    """From the start to the end of a maintenance, over the last year; None where there was none."""

    @property
    def mean_per_month(self) -> float:
        """Maintenances a month, over the last year."""
        return self.last_year / 12


def planned(user: Any, since: datetime, until: datetime) -> QuerySet[CircuitMaintenance]:
    """Return the maintenances that the user may see, that start in this span and were not cancelled."""
    maintenances = CircuitMaintenance.objects.restrict(user, "view").filter(
        start_time__gte=since, start_time__lte=until
    )
    return maintenances.exclude(status=CircuitMaintenanceStatusChoices.CANCELLED).order_by()


def by_week(user: Any, now: datetime) -> Weeks:
    """Count the maintenances of the weeks around now, in the active time zone."""
    this_monday = _monday(now)
    weeks = range(-WEEKS_BACK, WEEKS_AHEAD + 1)
    mondays = tuple(this_monday + week * WEEK for week in weeks)
    maintenances = planned(user, _midnight(mondays[0]), _midnight(mondays[-1] + WEEK) - timedelta(microseconds=1))
    impacts = CircuitImpact.objects.restrict(user, "view").filter(maintenance__in=maintenances).order_by()
    worst: dict[UUID, int] = dict(impacts.values_list("maintenance").annotate(worst=Max(selection.severity("impact"))))
    counts = Counter(
        (_monday(start), selection.impact_of_severity(worst.get(pk, 0)))
        for pk, start in maintenances.values_list("pk", "start_time")
    )
    impacts_told = (*selection.SEVERITIES, "")
    return Weeks(mondays, {impact: tuple(counts[monday, impact] for monday in mondays) for impact in impacts_told})


def by_provider(user: Any, now: datetime) -> list[tuple[str, int]]:
    """Return the providers with the most maintenances of the last year, and how many."""
    maintenances = planned(user, now - YEAR, now).exclude(provider=None)
    counts = maintenances.values_list("provider__name").annotate(count=Count("pk"))
    return list(counts.order_by("-count", "provider__name")[:PROVIDERS])


def notice_given(user: Any, now: datetime) -> list[tuple[str, int]]:
    """Count the last year's maintenances by the time from the first word about them to their start."""
    told = ParsedNotification.objects.restrict(user, "view").filter(maintenance__in=planned(user, now - YEAR, now))
    notices = (
        told.order_by()
        .values("maintenance")
        .annotate(notice=F("maintenance__start_time") - Min("issued_at"))
        .aggregate(**{f"class_{number}": _count_notice(*limits) for number, (_, *limits) in enumerate(NOTICES)})
    )
    return [(label, notices[f"class_{number}"]) for number, (label, *_) in enumerate(NOTICES)]


def _count_notice(at_least: timedelta | None, less_than: timedelta | None) -> Count:
    """Count what lies between; None leaves a side open."""
    inside = Q() if at_least is None else Q(notice__gte=at_least)
    inside &= Q() if less_than is None else Q(notice__lt=less_than)
    return Count("maintenance", filter=inside)


def hours_by_month(user: Any, now: datetime) -> list[tuple[date, float]]:
    """Sum up the hours of all windows by the month they start in, in the active time zone."""
    this_month = timezone.localtime(now).date().replace(day=1)
    months = [_months_later(this_month, count) for count in range(-MONTHS_BACK, MONTHS_AHEAD + 1)]
    windows = MaintenanceWindow.objects.filter(
        start_time__gte=_midnight(months[0]),
        start_time__lt=_midnight(_months_later(months[-1], 1)),
        maintenance__in=CircuitMaintenance.objects.restrict(user, "view")
        .exclude(status=CircuitMaintenanceStatusChoices.CANCELLED)
        .order_by(),
    ).order_by()
    # Not TruncMonth: MySQL knows time zones only where an administrator has loaded them.
    spans = windows.aggregate(**{f"month_{number}": _span_of(month) for number, month in enumerate(months)})
    found = (spans[f"month_{number}"] or timedelta() for number in range(len(months)))
    return [(month, span.total_seconds() / 3600) for month, span in zip(months, found)]


def _span_of(month: date) -> Sum:
    """Sum up the windows that start in a month."""
    begin, end = _midnight(month), _midnight(_months_later(month, 1))
    return Sum(F("end_time") - F("start_time"), filter=Q(start_time__gte=begin, start_time__lt=end))


def figures(user: Any, now: datetime) -> Figures:
    """Count what started lately, and take the mean of how long it was planned for."""
    found = planned(user, now - YEAR, now).aggregate(
        last_week=Count("pk", filter=Q(start_time__gte=now - WEEK)),
        last_month=Count("pk", filter=Q(start_time__gte=now - timedelta(days=30))),
        last_year=Count("pk"),
        mean_duration=Avg(F("end_time") - F("start_time")),
    )
    return Figures(**found)


def _monday(moment: datetime) -> date:
    """Return the first day of a moment's week."""
    day: date = timezone.localtime(moment).date()
    return day - timedelta(days=day.weekday())


def _midnight(day: date) -> datetime:
    """Return the begin of a day in the active time zone."""
    return datetime.combine(day, datetime.min.time(), tzinfo=timezone.get_current_timezone())


def _months_later(first: date, count: int) -> date:
    """Return the first day of another month."""
    months = first.year * 12 + first.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)
