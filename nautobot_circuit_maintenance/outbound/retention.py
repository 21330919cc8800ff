"""Deletes what is old: changes that were observed, and deliveries that ended. Conversations stay, and keep what was sent."""

from datetime import datetime, timedelta

from nautobot_circuit_maintenance.choices import DeliveryStateChoices as State
from nautobot_circuit_maintenance.models import Delivery, MaintenanceChange

KEEP_CHANGES = timedelta(days=30)
KEEP_DELIVERIES = timedelta(days=365)
"""Much longer than any event of the clock stays true, so that no fact is sent again because its row is gone."""
_AT_ONCE = 5_000


def delete_old(now: datetime) -> None:
    """Delete at most 5,000 rows of each; the next run continues."""
    changes = MaintenanceChange.objects.filter(dispatched__lt=now - KEEP_CHANGES).order_by()
    ended = Delivery.objects.messages().filter(
        state__in=(State.SENT, State.SUPERSEDED, State.FAILED), open_threads=None
    )
    old = ended.filter(created__lt=now - KEEP_DELIVERIES).order_by()
    for rows in (changes, old):
        keys = list(rows.values_list("pk", flat=True)[:_AT_ONCE])
        if keys:
            rows.model.objects.filter(pk__in=keys).delete()
