"""Why nothing is sent for a subscription: stored on it, shown with it, and cleared once something could be sent."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from nautobot_circuit_maintenance.models import Subscription
from nautobot_circuit_maintenance.outbound.errors import Silent
from nautobot_circuit_maintenance.outbound.owners import Owners
from nautobot_circuit_maintenance.outbound.stored_filters import matching

NO_CHANNEL = "SUB-04: The channel is not in the settings any more."


def note_silent(subscriptions: Collection[UUID], reason: str) -> None:
    """Store why nothing is sent for these subscriptions."""
    Subscription.objects.filter(pk__in=subscriptions).exclude(last_error=reason).update(last_error=reason)


def note_sending(subscriptions: Collection[UUID]) -> None:
    """Store that nothing keeps these subscriptions from sending."""
    Subscription.objects.filter(pk__in=subscriptions).exclude(last_error="").update(last_error="")


def look_again(channels: Collection[str]) -> None:
    """Note the subscriptions whose channel or owner is gone; clear the others whose reason is gone.

    ``channels``: the names of all that are configured. Two queries if nothing is wrong.
    """
    enabled = Subscription.objects.filter(enabled=True)
    lost = enabled.exclude(channel__in=channels).exclude(channel="")
    lost.exclude(last_error=NO_CHANNEL).update(last_error=NO_CHANNEL)
    owners = Owners()
    reasons: dict[tuple[Any, str], str] = {}
    inactive = enabled.filter(owner__is_active=False, last_error="")
    for each in [*inactive, *Subscription.objects.failing().filter(channel__in=channels)]:
        key = (each.owner_id, repr(each.maintenance_filter))
        if key not in reasons:
            reasons[key] = _why_silent(each, owners)
        if reasons[key]:
            note_silent([each.pk], reasons[key])
        else:
            note_sending([each.pk])


def _why_silent(subscription: Subscription, owners: Owners) -> str:
    """Return why nothing may be sent for a subscription; an empty string if it may."""
    try:
        matching(subscription.maintenance_filter, owners.visibility(subscription), ())
    except Silent as error:  # visibility and matching
        return str(error)
    return ""
