"""How much maintenance there was and is to come, by whom, and how long in advance it was announced.

Cancelled maintenances are not counted. Weeks and months are those of the active time zone.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone as zones

from django.db.models import Avg, Case, Count, F, IntegerField, Min, Q, Sum, Value, When
from django.utils import timezone

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices
from nautobot_circuit_maintenance.models import MaintenanceWindow
from nautobot_circuit_maintenance.models.evidence_times import ISSUED
from nautobot_circuit_maintenance.models.querysets import CircuitMaintenanceQuerySet
from nautobot_circuit_maintenance.models.severity import SEVERITIES, impact_of_severity

DAY, WEEK, YEAR = timedelta(days=1), timedelta(weeks=1), timedelta(days=365)
MONTH = YEAR / 12
WEEKS_BACK, WEEKS_AHEAD = 12, 4
MONTHS_BACK, MONTHS_AHEAD = 11, 1
PROVIDERS = 10


@dataclass(frozen=True)
class NoticeRange:
    """A range of advance notice; None leaves a side open."""

    label: str
    at_least: timedelta | None
    less_than: timedelta | None

    def count(self) -> Count:
        """Return an expression that counts the maintenances whose ``notice`` is in this range."""
        inside = Q() if self.at_least is None else Q(notice__gte=self.at_least)
        inside &= Q() if self.less_than is None else Q(notice__lt=self.less_than)
        return Count("maintenance", filter=inside)


NOTICE_RANGES = (
    NoticeRange("none", None, timedelta()),
    NoticeRange("under 1 day", timedelta(), DAY),
    NoticeRange("1\u20133 days", DAY, 3 * DAY),
    NoticeRange("3\u20137 days", 3 * DAY, 7 * DAY),
    NoticeRange("7\u201314 days", 7 * DAY, 14 * DAY),
    NoticeRange("over 14 days", 14 * DAY, None),
)


@dataclass(frozen=True)
class Weeks:
    """Maintenances by the week they start in, and by their worst impact."""

    mondays: tuple[date, ...]
    """The first day of each week."""
    counts: dict[str, tuple[int, ...]]
    """By impact, a number for each week; the empty impact is that of maintenances without impacts."""


@dataclass(frozen=True)
class Figures:
    """How many maintenances started in the last 7, 30 and 365 days, and how long they take."""

    last_week: int
    last_month: int
    last_year: int
    mean_duration: timedelta | None
    """From the start to the end of a maintenance, over the last year; None if there was none."""
    since: datetime
    """A year ago, or when the first maintenance of all started, if that was later."""
    now: datetime

    @property
    def mean_per_month(self) -> float | None:
        """Maintenances a month in that time; None for less than two months, which is too short for an average."""
        span = self.now - self.since
        return self.last_year * MONTH / span if span >= 2 * MONTH else None


def planned(visibility: Visibility, since: datetime, until: datetime) -> CircuitMaintenanceQuerySet:
    """Return the visible maintenances that start in this span and are not cancelled."""
    return visibility.maintenances.starting_between(since, until).not_cancelled()


def by_week(visibility: Visibility, now: datetime) -> Weeks:
    """Count the maintenances of the weeks around now."""
    this_monday = _monday(now)
    mondays = tuple(this_monday + week * WEEK for week in range(-WEEKS_BACK, WEEKS_AHEAD + 1))
    # Compared in UTC: there are thousands of starts, and converting each to local time costs more than the rest.
    starts = [_midnight(day).astimezone(zones.utc) for day in mondays]
    end = _midnight(mondays[-1] + WEEK) - timedelta(microseconds=1)
    maintenances = planned(visibility, starts[0], end)
    counts = (
        _counted(maintenances, starts) if visibility.sees_all_impacts() else _read(visibility, maintenances, starts)
    )
    places = (*range(1, len(SEVERITIES) + 1), 0)
    return Weeks(
        mondays,
        {impact_of_severity(place): tuple(counts[week, place] for week in range(len(mondays))) for place in places},
    )


def _counted(maintenances: CircuitMaintenanceQuerySet, starts: Sequence[datetime]) -> Counter[tuple[int, int]]:
    """Count by week and severity in the database, by the stored severity of all impacts."""
    weeks = {f"week_{number}": _starts_in(number, starts) for number in range(len(starts))}
    rows = maintenances.values_list("sort_severity").annotate(**weeks)
    return Counter({(week, row[0]): count for row in rows for week, count in enumerate(row[1:])})


def _starts_in(number: int, starts: Sequence[datetime]) -> Count:
    """Return an expression that counts the maintenances of a week."""
    week = Q(start_time__gte=starts[number])
    return Count("pk", filter=week & Q(start_time__lt=starts[number + 1]) if number + 1 < len(starts) else week)


def _read(
    visibility: Visibility, maintenances: CircuitMaintenanceQuerySet, starts: Sequence[datetime]
) -> Counter[tuple[int, int]]:
    """Count by week and severity of the visible impacts."""
    worst = dict(visibility.impacts.filter(maintenance__in=maintenances).severities())
    rows = maintenances.values_list("pk", "start_time")
    return Counter((bisect_right(starts, start) - 1, worst.get(pk, 0)) for pk, start in rows)


def by_provider(visibility: Visibility, now: datetime) -> list[tuple[str, int]]:
    """Return the providers with the most maintenances of the last year, and how many."""
    maintenances = planned(visibility, now - YEAR, now).exclude(provider=None)
    counts = maintenances.values_list("provider__name").annotate(count=Count("pk"))
    return list(counts.order_by("-count", "provider__name")[:PROVIDERS])


def notice_given(visibility: Visibility, now: datetime) -> list[tuple[str, int]]:
    """Count the last year's maintenances by the time from their first announcement to their start."""
    announced = visibility.of_visible_maintenances(visibility.parsed_notifications).filter(
        maintenance__start_time__gte=now - YEAR, maintenance__start_time__lte=now, maintenance__replaced_by=None
    )
    announced = announced.exclude(maintenance__status=CircuitMaintenanceStatusChoices.CANCELLED)
    counts = (
        announced.values("maintenance")
        .annotate(notice=F("maintenance__start_time") - Min(ISSUED))
        .aggregate(**{f"range_{number}": each.count() for number, each in enumerate(NOTICE_RANGES)})
    )
    return [(each.label, counts[f"range_{number}"]) for number, each in enumerate(NOTICE_RANGES)]


def hours_by_month(visibility: Visibility, now: datetime) -> list[tuple[date, float]]:
    """Add up the hours of all windows by the month they start in."""
    this_month = timezone.localtime(now).date().replace(day=1)
    months = [_months_later(this_month, count) for count in range(-MONTHS_BACK, MONTHS_AHEAD + 1)]
    ends = [_midnight(_months_later(month, 1)) for month in months]
    windows = MaintenanceWindow.objects.filter(
        start_time__gte=_midnight(months[0]),
        start_time__lt=ends[-1],
        maintenance__in=visibility.maintenances.not_cancelled(),
    ).order_by()
    # Not TruncMonth: MySQL knows time zones only where an administrator has loaded them.
    places = (When(start_time__lt=end, then=Value(place)) for place, end in enumerate(ends))
    by_month = windows.annotate(month=Case(*places, output_field=IntegerField())).values_list("month")
    spans = dict(by_month.annotate(span=Sum(F("end_time") - F("start_time"))))
    found = (spans.get(place, timedelta()) for place in range(len(months)))
    return [(month, span.total_seconds() / 3600) for month, span in zip(months, found, strict=True)]


def figures(visibility: Visibility, now: datetime) -> Figures:
    """Count the maintenances that started in the last year, and average their planned duration."""
    found = planned(visibility, now - YEAR, now).aggregate(
        last_week=Count("pk", filter=Q(start_time__gte=now - WEEK)),
        last_month=Count("pk", filter=Q(start_time__gte=now - timedelta(days=30))),
        last_year=Count("pk"),
        mean_duration=Avg(F("end_time") - F("start_time")),
    )
    first = (
        visibility.maintenances.not_cancelled().filter(start_time__lt=now).aggregate(first=Min("start_time"))["first"]
    )
    return Figures(**found, since=max(first or now, now - YEAR), now=now)


def _monday(moment: datetime) -> date:
    """Return the first day of a moment's week."""
    day: date = timezone.localtime(moment).date()
    return day - timedelta(days=day.weekday())


def _midnight(day: date) -> datetime:
    """Return the start of a day."""
    return datetime.combine(day, datetime.min.time(), tzinfo=timezone.get_current_timezone())


def _months_later(first: date, count: int) -> date:
    """Return the first day of another month."""
    months = first.year * 12 + first.month - 1 + count
    return date(months // 12, months % 12 + 1, 1)
