"""Whose alerts a subscription wants silent now or soon: for the run that does it, and for the page that shows it."""

from datetime import datetime

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import Subscription
from nautobot_circuit_maintenance.outbound.channels.alertmanager.spans import AHEAD
from nautobot_circuit_maintenance.outbound.stored_filters import filtered
from nautobot_circuit_maintenance.outbound.work import Work, work_on


def work_due(subscription: Subscription, visibility: Visibility, now: datetime) -> list[Work]:
    """Return the work whose silences are on, or begin soon, as far as it may be viewed.

    Raises Silent if the filter of the subscription is not valid any more.
    """
    until = now + subscription.acts_before + AHEAD
    rows = visibility.maintenances.overlapping(now, until)
    maintenances = filtered(subscription.maintenance_filter, visibility, rows)
    return work_on(maintenances, visibility, since=now, until=until)
