"""What a subscription is about, as its owner may see it."""

from types import SimpleNamespace
from typing import Any, cast

from nautobot.core.utils.lookup import get_filterset_for_model

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitMaintenance, Subscription
from nautobot_circuit_maintenance.models.querysets import CircuitMaintenanceQuerySet


def visible_to_owner(subscription: Subscription) -> Visibility | None:
    """Return what the owner may see; None for one that is not active or may not view maintenances.

    The row of the owner has to be fresh: permissions are cached on it.
    """
    owner = subscription.owner
    is_permitted = owner.is_active and owner.has_perm("nautobot_circuit_maintenance.view_circuitmaintenance")
    return Visibility.of(owner) if is_permitted else None


def matching(subscription: Subscription, maintenances: CircuitMaintenanceQuerySet) -> CircuitMaintenanceQuerySet:
    """Return those of these maintenances that the filter of a subscription matches; none if it is not valid any more."""
    filterset: Any = get_filterset_for_model(CircuitMaintenance)
    reader = SimpleNamespace(user=subscription.owner)
    found = filterset(subscription.maintenance_filter, maintenances, request=reader)
    return cast(CircuitMaintenanceQuerySet, found.qs if found.is_valid() else maintenances.none())
