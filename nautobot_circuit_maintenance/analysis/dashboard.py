"""Counts and rows of the dashboard: upcoming maintenances, and problems to fix."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from nautobot_circuit_maintenance.analysis.freshness import SourceState
from nautobot_circuit_maintenance.analysis.layout_offers import suspended_layouts
from nautobot_circuit_maintenance.analysis.outbound_problems import DOWN, FAILED, FAILING, count_outbound_problems
from nautobot_circuit_maintenance.analysis.overdue import count_overdue
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import NotificationStateChoices, SourceHealthChoices as Health
from nautobot_circuit_maintenance.models import (
    CircuitMaintenance,
    MaintenanceWindow,
)
from nautobot_circuit_maintenance.models.windows import Span, spans_of

DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=30)
UPCOMING_ROWS = 8


@dataclass(frozen=True)
class Counts:
    """Numbers of maintenances; those in progress count in each of the spans too."""

    in_progress: int
    next_day: int
    """Within 24 hours; the others within 7 and 30 days."""
    next_week: int
    next_month: int
    in_span: int
    """Within the span that was asked for."""
    unacknowledged: int


@dataclass(frozen=True)
class OpenProblems:
    """Numbers of what only a person can fix."""

    failed: int
    refused: int
    partly_read: int
    doubtful: int
    """Maintenances with doubts that are not past; a doubt may be about a cancellation."""
    unmatched: int
    """Circuit IDs without a matching circuit, of maintenances that are not over."""
    failing_sources: int
    stale_sources: int
    silent_sources: int
    unknown_senders: int
    """Addresses that belong to no provider, unless dismissed."""
    suspended_layouts: int
    """Layouts that suspended themselves."""
    overdue: int
    """Providers that fell silent, and maintenances that are over without a word."""
    failing_subscriptions: int
    """Subscriptions that send nothing because of an error."""
    failed_deliveries: int
    channels_down: int

    @property
    def total(self) -> int:
        """All of them."""
        notifications = self.failed + self.refused + self.partly_read
        sources = self.failing_sources + self.stale_sources + self.silent_sources
        return sum(
            (
                *(notifications, self.doubtful, self.unmatched, sources, self.unknown_senders),
                *(self.suspended_layouts, self.overdue),
                *(self.failing_subscriptions, self.failed_deliveries, self.channels_down),
            )
        )


@dataclass(frozen=True)
class Place:
    """A location by its name."""

    pk: UUID
    name: str


@dataclass(frozen=True)
class UpcomingMaintenance:
    """A maintenance that is in progress or upcoming, with all its windows."""

    maintenance: CircuitMaintenance
    spans: tuple[Span, ...]
    places: tuple[Place, ...]
    may_acknowledge: bool


def open_windows(visibility: Visibility, since: datetime, until: datetime) -> QuerySet[MaintenanceWindow]:
    """Return the windows in this span of visible maintenances that are neither cancelled nor completed."""
    windows = MaintenanceWindow.objects.overlapping(since, until)
    return windows.filter(maintenance__in=visibility.maintenances.open()).order_by()


def count_maintenances(visibility: Visibility, now: datetime, span: timedelta = MONTH) -> Counts:
    """Count by two queries: one reads the windows ahead, the other what is not acknowledged."""

    def within(ahead: timedelta) -> Count:
        return Count("maintenance", distinct=True, filter=Q(start_time__lte=now + ahead))

    spans = open_windows(visibility, now, now + max(span, MONTH)).aggregate(
        in_progress=within(timedelta()),
        next_day=within(DAY),
        next_week=within(WEEK),
        next_month=within(MONTH),
        in_span=within(span),
    )
    unacknowledged = visibility.maintenances.filter(ack=False).not_over(now)
    return Counts(**spans, unacknowledged=unacknowledged.count())


def count_problems(visibility: Visibility, now: datetime, sources: Iterable[SourceState]) -> OpenProblems:
    """Count what only a person can fix: mail that was not read, doubts, unknown circuit IDs and senders, what is overdue."""
    notifications = visibility.notifications.needing_attention()
    by_state = dict(notifications.values_list("state").annotate(count=Count("pk")))
    not_over = CircuitMaintenance.objects.not_over(now).order_by()
    unmatched = visibility.impacts.unmatched().filter(maintenance__in=not_over)
    health, outbound = Counter(each.health for each in sources), count_outbound_problems(visibility)
    return OpenProblems(
        failed=by_state.get(NotificationStateChoices.FAILED, 0),
        refused=by_state.get(NotificationStateChoices.REFUSED, 0),
        partly_read=by_state.get(NotificationStateChoices.PARSED, 0),
        doubtful=visibility.maintenances.needing_attention(now).count(),
        unmatched=unmatched.count(),
        failing_sources=health[Health.ERROR],
        stale_sources=health[Health.STALE],
        silent_sources=health[Health.SILENT],
        unknown_senders=visibility.unknown_senders.needing_attention().count(),
        suspended_layouts=suspended_layouts(visibility).count(),
        overdue=count_overdue(visibility, now),
        failing_subscriptions=outbound[FAILING],
        failed_deliveries=outbound[FAILED],
        channels_down=outbound[DOWN],
    )


def read_upcoming(visibility: Visibility, now: datetime, span: timedelta) -> list[UpcomingMaintenance]:
    """Return the first maintenances that are in progress now or within this span, by the start of their next window."""
    windows = open_windows(visibility, now, now + span).values_list("maintenance")
    first = windows.annotate(start=Min("start_time")).order_by("start", "maintenance__name")[:UPCOMING_ROWS]
    starts = dict(first.values_list("maintenance", "start"))
    rows = CircuitMaintenance.objects.filter(pk__in=starts).select_related("provider", "acknowledged_by")
    maintenances = rows.with_impact_summary(visibility.impacts).order_by().in_bulk()
    spans = spans_of(starts)
    places = places_of(visibility, starts)
    changeable = visibility.of_model(CircuitMaintenance, "change").filter(pk__in=starts)
    changeable_pks = set(changeable.values_list("pk", flat=True))
    return [
        UpcomingMaintenance(maintenances[pk], tuple(spans[pk]), tuple(places[pk]), may_acknowledge=pk in changeable_pks)
        for pk in starts
        if pk in maintenances and pk in spans  # else it was deleted between the two queries
    ]


def places_of(visibility: Visibility, maintenances: Iterable[UUID]) -> defaultdict[UUID, list[Place]]:
    """Return where the circuits of each maintenance end, by name."""
    ends = "circuit__circuit_terminations"
    rows = visibility.impacts.filter(
        maintenance__in=list(maintenances),
        circuit__in=visibility.circuits,
        **{f"{ends}__in": visibility.terminations, f"{ends}__location__in": visibility.locations},
    )
    names = rows.order_by(f"{ends}__location__name").values_list(
        "maintenance", f"{ends}__location", f"{ends}__location__name"
    )
    places: defaultdict[UUID, list[Place]] = defaultdict(list)
    for maintenance, pk, name in names.distinct():
        places[maintenance].append(Place(pk, name))
    return places
