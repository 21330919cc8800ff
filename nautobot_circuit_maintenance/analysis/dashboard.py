"""What will break, and is anybody on it: counts and rows of the dashboard, as far as a user may see them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet
from nautobot.circuits.models import Circuit, CircuitTermination
from nautobot.dcim.models import Location

from nautobot_circuit_maintenance.choices import NotificationStateChoices
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Notification,
    NotificationSource,
    selection,
)

DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=30)
COMING_ROWS = 15


@dataclass(frozen=True)
class Counts:
    """How many maintenances; what works right now counts in each of the spans too."""

    in_progress: int
    next_day: int
    """Within 24 hours; the others within 7 and 30 days."""
    next_week: int
    next_month: int
    unacknowledged: int


@dataclass(frozen=True)
class Attention:
    """What only a person can mend."""

    failed: int
    refused: int
    unmatched: int
    """Circuit ids of work ahead that Nautobot does not know."""
    failing_sources: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.failed + self.refused + self.unmatched + self.failing_sources


@dataclass(frozen=True)
class Place:
    """A location by its name."""

    pk: UUID
    name: str


@dataclass(frozen=True)
class Coming:
    """A maintenance that works now or soon, with the window it works in next."""

    maintenance: CircuitMaintenance
    start: datetime
    """When that window begins, or began."""
    end: datetime
    places: tuple[Place, ...]
    may_acknowledge: bool


@dataclass(frozen=True)
class SourceState:
    """A notification source and how many of its messages wait to be digested."""

    source: NotificationSource
    waiting: int


def not_over(user: Any) -> QuerySet[CircuitMaintenance]:
    """Return the maintenances that the user may see and that the provider neither cancelled nor completed."""
    return CircuitMaintenance.objects.restrict(user, "view").exclude(status__in=selection.OVER).order_by()


def windows_between(user: Any, since: datetime, until: datetime) -> QuerySet[MaintenanceWindow]:
    """Return the windows in this span of the maintenances that are not over."""
    windows = MaintenanceWindow.objects.filter(end_time__gt=since, start_time__lte=until)
    return windows.filter(maintenance__in=not_over(user)).order_by()


def count_maintenances(user: Any, now: datetime) -> Counts:
    """Count what works now, what works soon, and what nobody has acknowledged; read from the windows of 30 days."""

    def within(span: timedelta) -> Count:
        return Count("maintenance", distinct=True, filter=Q(start_time__lte=now + span))

    spans = windows_between(user, now, now + MONTH).aggregate(
        in_progress=within(timedelta()), next_day=within(DAY), next_week=within(WEEK), next_month=within(MONTH)
    )
    waiting = CircuitMaintenance.objects.restrict(user, "view").filter(ack=False).exclude(selection.over_at(now))
    return Counts(**spans, unacknowledged=waiting.count())


def count_attention(user: Any, now: datetime, sources: Iterable[SourceState]) -> Attention:
    """Count mail that nobody understood, circuit ids of work ahead that Nautobot does not know, and failing sources."""
    trouble = (NotificationStateChoices.FAILED, NotificationStateChoices.REFUSED)
    mails = Notification.objects.restrict(user, "view").filter(state__in=trouble).order_by()
    by_state = dict(mails.values_list("state").annotate(count=Count("pk")))
    unmatched = CircuitImpact.objects.restrict(user, "view").filter(
        circuit=None, maintenance__in=CircuitMaintenance.objects.exclude(selection.over_at(now)).order_by()
    )
    return Attention(
        failed=by_state.get(NotificationStateChoices.FAILED, 0),
        refused=by_state.get(NotificationStateChoices.REFUSED, 0),
        unmatched=unmatched.count(),
        failing_sources=sum(bool(each.source.last_error) for each in sources),
    )


def read_sources(user: Any) -> list[SourceState]:
    """Return the sources, failing ones first."""
    sources = list(NotificationSource.objects.restrict(user, "view").order_by("name"))
    mails = Notification.objects.restrict(user, "view").filter(state=NotificationStateChoices.RECEIVED).order_by()
    waiting = dict(mails.values_list("source").annotate(count=Count("pk")))
    sources.sort(key=lambda source: not source.last_error)
    return [SourceState(source, waiting.get(source.pk, 0)) for source in sources]


def read_coming(user: Any, now: datetime, span: timedelta) -> list[Coming]:
    """Return the first maintenances that work now or within this span, by the start of their next window."""
    ahead = windows_between(user, now, now + span).values_list("maintenance")
    first = ahead.annotate(start=Min("start_time")).order_by("start", "maintenance__name")[:COMING_ROWS]
    starts = dict(first.values_list("maintenance", "start"))
    found = CircuitMaintenance.objects.filter(pk__in=starts).select_related("provider", "acknowledged_by")
    maintenances = {each.pk: each for each in selection.with_impact_summary(found, user).order_by()}
    ends = _ends(starts)
    places = _places(user, starts)
    changeable = set(
        CircuitMaintenance.objects.restrict(user, "change").filter(pk__in=starts).values_list("pk", flat=True)
    )
    return [
        Coming(maintenances[pk], start, ends[pk], tuple(places[pk]), may_acknowledge=pk in changeable)
        for pk, start in starts.items()
        if pk in maintenances  # else it was deleted between the two queries
    ]


def _ends(starts: dict[UUID, datetime]) -> dict[UUID, datetime]:
    """Return the end of the window that starts then, for each maintenance."""
    windows = MaintenanceWindow.objects.filter(maintenance__in=starts).order_by("end_time")
    rows = windows.values_list("maintenance", "start_time", "end_time")
    return {pk: end for pk, start, end in rows if starts[pk] == start}


def _places(user: Any, maintenances: Iterable[UUID]) -> defaultdict[UUID, list[Place]]:
    """Return where the circuits of each maintenance end, by name."""
    ends = "circuit__circuit_terminations"
    rows = CircuitImpact.objects.restrict(user, "view").filter(
        maintenance__in=list(maintenances),
        circuit__in=Circuit.objects.restrict(user, "view").order_by(),
        **{
            f"{ends}__in": CircuitTermination.objects.restrict(user, "view").order_by(),
            f"{ends}__location__in": Location.objects.restrict(user, "view").without_tree_fields().order_by(),
        },
    )
    names = rows.order_by(f"{ends}__location__name").values_list(
        "maintenance", f"{ends}__location", f"{ends}__location__name"
    )
    places: defaultdict[UUID, list[Place]] = defaultdict(list)
    for maintenance, pk, name in names.distinct():
        places[maintenance].append(Place(pk, name))
    return places
