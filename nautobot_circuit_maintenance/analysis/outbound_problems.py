"""What keeps messages from going out, and only a person can fix."""

from collections import Counter
from typing import Any

from django.db.models import Count, QuerySet, Value

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import DeliveryStateChoices
from nautobot_circuit_maintenance.models import ChannelState, Delivery, Subscription

FAILING, FAILED, DOWN = "failing subscription", "failed delivery", "channel down"


def count_outbound_problems(visibility: Visibility) -> Counter[str]:
    """Return the numbers of failing subscriptions, failed deliveries and channels that are down, by one query."""
    rows: dict[str, QuerySet[Any]] = {
        FAILING: visibility.among(Subscription.objects.failing()),
        FAILED: visibility.of_model(Delivery).filter(state=DeliveryStateChoices.FAILED),
    }
    if visibility.user is None or visibility.user.has_perm("nautobot_circuit_maintenance.view_subscription"):
        down = ChannelState.objects.filter(down_since__isnull=False, name__in=get_app_settings().channels.names)
        rows[DOWN] = down
    first, *others = (
        each.order_by()
        .annotate(kind=Value(name))
        .values("kind")
        .annotate(count=Count("pk"))
        .values_list("kind", "count")
        for name, each in rows.items()
    )
    return Counter(dict(first.union(*others, all=True)))
