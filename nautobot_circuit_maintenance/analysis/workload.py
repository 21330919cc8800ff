"""Numbers of maintenances, notifications and sources, for a monitoring system: of all that there is, without permissions."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Q

from nautobot_circuit_maintenance.analysis.site_risks import HORIZONS
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import (
    CircuitMaintenanceStatusChoices as Status,
    DeliveryStateChoices as DeliveryState,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.models import (
    ChannelState,
    CircuitMaintenance,
    Delivery,
    MaintenanceWindow,
    Notification,
    NotificationSource,
    Subscription,
)

PARTLY_READ = "partly_read"


def count_by_provider_and_status() -> dict[tuple[str, str], int]:
    """Return the number of maintenances on record; each provider that has any has a number for each status."""
    rows = CircuitMaintenance.objects.order_by().values_list("provider__name", "status").annotate(count=Count("pk"))
    counts = {(provider or "", status): count for provider, status, count in rows}
    providers = {provider for provider, _ in counts}
    return {(each, status): counts.get((each, status), 0) for each in sorted(providers) for status in Status.values()}


def count_ahead(now: datetime) -> dict[tuple[str, bool], int]:
    """Return the number of open maintenances with a window until each horizon, acknowledged ones and others."""
    open_maintenances = CircuitMaintenance.objects.open().order_by().values("pk")
    windows = MaintenanceWindow.objects.overlapping(now, now + max(HORIZONS.values())).order_by()
    numbers = {
        f"{name}_{ack}": Count(
            "maintenance", distinct=True, filter=Q(start_time__lte=now + ahead, maintenance__ack=ack)
        )
        for name, ahead in HORIZONS.items()
        for ack in (False, True)
    }
    found = windows.filter(maintenance__in=open_maintenances).aggregate(**numbers)
    return {(name, ack): found[f"{name}_{ack}"] for name in HORIZONS for ack in (False, True)}


def count_unacknowledged(now: datetime) -> int:
    """Return the number of maintenances that are not over and that no one acknowledged, without a time included."""
    return CircuitMaintenance.objects.filter(ack=False).not_over(now).count()


def count_doubtful(now: datetime) -> int:
    """Return the number of maintenances with doubts that are not past."""
    return CircuitMaintenance.objects.doubtful().not_past(now).count()


def count_notifications() -> dict[str, int]:
    """Return the number of notifications by state; those that were only partly read are not among the parsed ones."""
    rows = Notification.objects.order_by().values_list("state").annotate(count=Count("pk"))
    counts = Counter(dict(rows))
    partly = Notification.objects.partly_read().count()
    states = {state: counts[state] for state in State.values()}
    return {**states, State.PARSED: max(0, counts[State.PARSED] - partly), PARTLY_READ: partly}


def read_source_ages(now: datetime) -> Iterator[tuple[str, float, bool]]:
    """Yield each configured source, the seconds since it was last read completely, and whether its last run failed.

    Of a source that was never read, the seconds since it is known.
    """
    configured = get_app_settings().source_names
    rows = NotificationSource.objects.order_by("name").values_list("name", "last_fetched_at", "created", "last_error")
    for name, fetched, created, error in rows:
        if name in configured:
            yield name, (now - (fetched or created or now)).total_seconds(), bool(error)


def count_deliveries() -> dict[str, int]:
    """Return the number of deliveries on record by state."""
    counts = dict(Delivery.objects.order_by().values_list("state").annotate(count=Count("pk")))
    return {state: counts.get(state, 0) for state in DeliveryState.values()}


def read_channels() -> dict[str, bool]:
    """Return whether each configured channel works, as far as is known; one with a mistake in its settings does not."""
    channels = get_app_settings().channels
    down = set(ChannelState.objects.filter(down_since__isnull=False).values_list("name", flat=True))
    valid = {each.name for each in channels.entries}
    return {name: name in valid and name not in down for name in sorted(channels.names)}


def count_failing_subscriptions() -> int:
    """Return the number of enabled subscriptions that send nothing because of an error."""
    return Subscription.objects.failing().count()
