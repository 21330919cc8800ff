"""What a subscription would have sent in the last seven days, from what is recorded: shown before it is saved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from nautobot_circuit_maintenance.choices import (
    ChangeKindChoices as Kind,
    CircuitMaintenanceStatusChoices as Status,
    EventChoices as Event,
)
from nautobot_circuit_maintenance.models import CircuitMaintenance, MaintenanceChange, MaintenanceWindow, Subscription
from nautobot_circuit_maintenance.models.querysets import OVER
from nautobot_circuit_maintenance.outbound.facts_of_clock import OVERDUE_AFTER
from nautobot_circuit_maintenance.outbound.owners import visibility_of
from nautobot_circuit_maintenance.outbound.stored_filters import matching

PERIOD = timedelta(days=7)
_MOST_LOOKED_AT = 5_000
"""Changes and windows; a preview of more would take too long, and mean nothing."""


@dataclass(frozen=True)
class Sent:
    """A message that would have been sent."""

    at: datetime
    event: str
    maintenance: UUID
    name: str = ""


def preview(subscription: Subscription, now: datetime) -> list[Sent]:
    """Return the messages about maintenances, in time order; raises Silent if the owner or the filter allows none."""
    since = now - PERIOD
    visibility = visibility_of(subscription.owner_id)
    found = [*_of_changes(since), *_of_windows(subscription, since, now)]
    wanted = [each for each in found if each.event in subscription.events]
    among = {each.maintenance for each in wanted}
    matched = matching(subscription.maintenance_filter, visibility, among) if among else set()
    names = {
        each.pk: str(each) for each in CircuitMaintenance.objects.select_related("provider").filter(pk__in=matched)
    }
    sent = [
        Sent(each.at, each.event, each.maintenance, names[each.maintenance])
        for each in wanted
        if each.maintenance in names
    ]
    return sorted(sent, key=lambda each: each.at)


def _of_changes(since: datetime) -> Iterator[Sent]:
    rows = MaintenanceChange.objects.filter(at__gte=since).order_by("-at")
    columns = ("at", "maintenance_id", "kind", "before", "after")
    for at, pk, kind, before, after in rows.values_list(*columns)[:_MOST_LOOKED_AT]:
        event = _event_of(kind, before, after)
        if event:
            yield Sent(at, event, pk)


def _event_of(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return the event of a change; empty if nothing changed that would be sent."""
    if kind == Kind.CREATED:
        return Event.NEW
    if kind == Kind.DETAILS:
        return Event.CHANGED
    if kind == Kind.DELETED or after == before:
        return ""
    is_off = after.get("status") == Status.CANCELLED or after.get("replaced_by")
    return Event.CANCELLED if is_off else Event.CHANGED


def _of_windows(subscription: Subscription, since: datetime, now: datetime) -> Iterator[Sent]:
    lead = subscription.reminds_before
    near = Q(start_time__gt=since, start_time__lte=now + lead) | Q(
        end_time__gt=since - OVERDUE_AFTER, end_time__lte=now
    )
    current = CircuitMaintenance.objects.not_cancelled().order_by().values("pk")
    rows = MaintenanceWindow.objects.filter(near, maintenance__in=current).order_by("start_time")
    of_maintenance = ("maintenance__status", "maintenance__ack", "maintenance__end_time")
    columns = ("maintenance_id", "start_time", "end_time", *of_maintenance)
    for pk, start, end, status, ack, last_end in rows.values_list(*columns)[:_MOST_LOOKED_AT]:
        moments = [(Event.STARTS_SOON, start - lead), (Event.STARTED, start), (Event.ENDED, end)]
        moments += [] if ack else [(Event.NOT_ACKNOWLEDGED, start - lead)]
        moments += [(Event.OVERDUE, end + OVERDUE_AFTER)] if status not in OVER and end == last_end else []
        yield from (Sent(at, event, pk) for event, at in moments if since < at <= now)
