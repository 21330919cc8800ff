"""What should have come by now: email of a provider that fell silent, and the end of work whose window is over.

Both are measured by what the provider used to do: one that writes twice a year is not silent after a month, and one that never
says that work is completed need not say it now.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Min, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.http import urlencode
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.domain.custom_fields import QUIET
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.models.querysets import OVER, CircuitMaintenanceQuerySet

_LOOKED_BACK = timedelta(days=365)
_FEWEST = 5
"""Emails that make a habit, and works that do."""
_TIMES_LONGER, _SHORTEST_SILENCE = 4, timedelta(days=30)
_PATIENCE, _FORGOTTEN = timedelta(days=1), timedelta(days=30)
_MOST = 100


@dataclass(frozen=True)
class SilentProvider:
    """A provider that used to write."""

    provider: Provider
    last: datetime
    """When its last email was received."""
    interval: timedelta
    """How often it wrote, on average."""

    @property
    def pk(self) -> UUID:
        """The primary key of the provider."""
        return self.provider.pk

    def get_absolute_url(self) -> str:
        """Return the list of its notifications."""
        listed = reverse("plugins:nautobot_circuit_maintenance:notification_list")
        return f"{listed}?{urlencode({'provider': self.provider.name})}"


@dataclass(frozen=True)
class Unended:
    """A maintenance whose windows are over, of a provider that usually says so."""

    maintenance: CircuitMaintenance
    since: datetime
    """The end of its last window."""

    @property
    def pk(self) -> UUID:
        """The primary key of the maintenance."""
        return self.maintenance.pk

    def get_absolute_url(self) -> str:
        """Return its page."""
        return self.maintenance.get_absolute_url()


def silent_providers(visibility: Visibility, now: datetime) -> Iterator[SilentProvider]:
    """Yield the providers that fell silent, unless someone said that they write rarely; by two queries.

    The first asks for the last email of each provider only, which an index knows.
    """
    quiet = visibility.notifications.filter(provider=OuterRef("pk")).order_by("-received_at").values("received_at")
    providers = visibility.providers.annotate(last=Subquery(quiet[:1]))
    spell = {"last__lt": now - _SHORTEST_SILENCE, "last__gte": now - _LOOKED_BACK}
    silent = {
        provider.pk: provider
        for provider in providers.filter(**spell).order_by("-last")[:_MOST]
        if not provider.cf.get(QUIET.key)
    }
    if not silent:
        return
    recent = visibility.notifications.filter(provider__in=silent, received_at__gte=now - _LOOKED_BACK)
    habits = recent.values("provider").annotate(first=Min("received_at"), last=Max("received_at"), number=Count("pk"))
    for habit in habits.filter(number__gte=_FEWEST).order_by("-last"):
        interval = (habit["last"] - habit["first"]) / (habit["number"] - 1)
        if now - habit["last"] > _TIMES_LONGER * interval:
            yield SilentProvider(silent[habit["provider"]], habit["last"], interval)


def unended(visibility: Visibility, now: datetime) -> Iterator[Unended]:
    """Yield the maintenances whose last window is over for a day, without a word about its end; by three queries."""
    past = visibility.maintenances.filter(end_time__lt=now - _PATIENCE, end_time__gte=now - _LOOKED_BACK)
    open_ones = past.filter(end_time__gte=now - _FORGOTTEN, replaced_by=None).exclude(status__in=OVER)
    providers = set(open_ones.filter(provider__isnull=False).values_list("provider", flat=True).distinct())
    usual = _usually_completed(past.filter(provider__in=providers)) if providers else []
    if not usual:
        return
    rows = open_ones.filter(provider__in=usual).select_related("provider").order_by("-end_time", "name")
    for row in rows[:_MOST]:
        yield Unended(row, row.end_time)


def _usually_completed(maintenances: CircuitMaintenanceQuerySet) -> list[UUID]:
    """Return the providers of these maintenances that usually say that work is completed."""
    habits = maintenances.exclude(status=Status.CANCELLED).values("provider")
    habits = habits.annotate(number=Count("pk"), ended=Count("pk", filter=Q(status=Status.COMPLETED)))
    return [
        each["provider"]
        for each in habits.order_by()
        if each["ended"] >= _FEWEST and 2 * each["ended"] > each["number"]
    ]


def count_overdue(visibility: Visibility, now: datetime) -> int:
    """Return the number of both, as far as the inbox lists them."""
    return sum(1 for _ in silent_providers(visibility, now)) + sum(1 for _ in unended(visibility, now))
