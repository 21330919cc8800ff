"""Whether email is still coming in: sources that are not read any more, and providers that stopped writing."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Max, Min
from nautobot.extras.models import ScheduledJob

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import NotificationStateChoices, SourceHealthChoices as Health
from nautobot_circuit_maintenance.domain.custom_fields import QUIET
from nautobot_circuit_maintenance.models import Notification, NotificationSource

JOB = "nautobot_circuit_maintenance.jobs.HandleCircuitMaintenanceNotifications"
UNSCHEDULED_PAUSE = timedelta(hours=24)
"""How old the last success may be if no schedule says how often the job runs."""
MISSED_RUNS = 3
REGULAR_PERIOD, REGULAR_COUNT = timedelta(days=180), 5
"""A provider that sent so many emails in this time writes regularly."""
SHORTEST_SILENCE, MISSED_EMAILS = timedelta(days=14), 4
"""It is silent after so many of its usual pauses, and not before these days."""
_CACHE, _CACHE_SECONDS = "nautobot_circuit_maintenance.usual_pauses", 600


@dataclass(frozen=True)
class SilentProvider:
    """A provider that used to write to a source."""

    pk: UUID
    name: str
    last: datetime
    """When its last email was received."""


@dataclass(frozen=True)
class SourceState:
    """A notification source, how many of its notifications wait to be processed, and whether email is coming in."""

    source: NotificationSource
    waiting: int
    health: str = Health.OK
    silent: tuple[SilentProvider, ...] = ()
    """Providers that used to write, as far as the user may view them."""


def read_sources(visibility: Visibility, now: datetime) -> list[SourceState]:
    """Return the notification sources, the worst first."""
    sources = list(visibility.sources.order_by("name"))
    if not sources:
        return []
    notifications = visibility.notifications.filter(state=NotificationStateChoices.RECEIVED)
    waiting = dict(notifications.values_list("source").annotate(count=Count("pk")))
    silent, pause, configured = _silent_providers(visibility, now), longest_pause(), get_app_settings().source_names
    states = []
    for source in sources:
        quiet = tuple(silent.get(source.pk, ()))
        health = _health(source, now, pause, quiet) if source.name in configured else Health.NOT_CONFIGURED
        health = Health.ERROR if source.last_error else health
        states.append(SourceState(source, waiting.get(source.pk, 0), health, quiet))
    return sorted(states, key=lambda state: Health.values().index(state.health))


def _health(source: NotificationSource, now: datetime, pause: timedelta, silent: Collection[SilentProvider]) -> str:
    seen = source.last_fetched_at or source.created
    if seen and now - seen > pause:
        return Health.STALE
    return Health.SILENT if silent else Health.OK


def longest_pause() -> timedelta:
    """Return how old the last success of a source may be: three intervals of the job's schedule."""
    schedules = ScheduledJob.objects.filter(
        enabled=True, task=JOB, interval__in=("hourly", "daily", "weekly", "custom")
    )
    intervals = [interval_of(schedule.to_cron()) for schedule in schedules]
    return MISSED_RUNS * min(intervals) if intervals else UNSCHEDULED_PAUSE


def interval_of(cron: Any) -> timedelta:
    """Return the longest time between two runs of a schedule, within a month."""
    if len(cron.day_of_week) < 7:
        return timedelta(days=_longest_gap(cron.day_of_week, 7))
    if len(cron.day_of_month) < 31:
        return timedelta(days=_longest_gap(cron.day_of_month, 31))
    if len(cron.hour) < 24:
        return timedelta(hours=_longest_gap(cron.hour, 24))
    return timedelta(minutes=_longest_gap(cron.minute, 60))


def _longest_gap(values: Iterable[int], cycle: int) -> int:
    """Return the longest way from one of these values to the next, around the cycle."""
    ordered = sorted(values)
    return max(after - before for before, after in zip(ordered, [*ordered[1:], ordered[0] + cycle]))


def _silent_providers(visibility: Visibility, now: datetime) -> dict[UUID, list[SilentProvider]]:
    """Return the visible providers that used to write to each source, and do not any more.

    Not those of which a person said in the inbox that they write rarely.
    """
    found = [(source, provider, last) for source, provider, last, pause in _regular_writers(now) if now - last > pause]
    providers = visibility.providers.in_bulk({provider for _, provider, _ in found})
    names = {pk: each.name for pk, each in providers.items() if not each.cf.get(QUIET.key)}
    silent = defaultdict(list)
    for source, provider, last in found:
        if provider in names:
            silent[source].append(SilentProvider(provider, names[provider], last))
    return silent


def _regular_writers(now: datetime) -> list[tuple[UUID, UUID, datetime, timedelta]]:
    """Return source, provider, its last email there and the pause after which it is silent, for all that write regularly.

    Kept for ten minutes: silence is a matter of days, and reading half a year of notifications takes a while.
    """
    known: list[tuple[UUID, UUID, datetime, timedelta]] | None = cache.get(_CACHE)
    if known is None:
        recent = Notification.objects.filter(received_at__gte=now - REGULAR_PERIOD, source__isnull=False).order_by()
        rows = recent.values_list("source", "provider").annotate(
            count=Count("pk"), first=Min("received_at"), last=Max("received_at")
        )
        known = [
            (source, provider, last, max(SHORTEST_SILENCE, MISSED_EMAILS * (last - first) / (count - 1)))
            for source, provider, count, first, last in rows.filter(count__gte=REGULAR_COUNT)
        ]
        cache.set(_CACHE, known, _CACHE_SECONDS)
    return known
