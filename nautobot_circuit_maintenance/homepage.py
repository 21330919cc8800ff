"""The panel on Nautobot's home page: what works, what comes, what nobody has acknowledged, what needs mending."""

import logging
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.ui import HomePagePanel

from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.ui.links import ahead_url, list_url

_DASHBOARD = "plugins:nautobot_circuit_maintenance:dashboard"
_VIEW = "nautobot_circuit_maintenance.view_circuitmaintenance"
_LOGGER = logging.getLogger(__name__)


def count_maintenances(request: HttpRequest) -> list[dict[str, Any]]:
    """Return label, count and link of each line; nothing for who may not see the panel, or if counting fails."""
    # Nautobot calls this for every user on every load of the home page, before it asks for permissions.
    if not request.user.has_perm(_VIEW):
        return []
    now = timezone.now()
    try:
        with transaction.atomic():  # a query that fails must not take the rest of the page with it
            counts = dashboard.count_maintenances(request.user, now)
            attention = dashboard.count_attention(request.user, now, dashboard.read_sources(request.user))
    except Exception:  # pylint: disable=broad-exception-caught  # core would answer 500 to everybody's home page
        _LOGGER.exception("Counting the circuit maintenances for the home page failed.")
        return []
    return [
        {"label": "In progress", "count": counts.in_progress, "url": list_url("circuitmaintenance", active=True)},
        {"label": "Next 24 hours", "count": counts.next_day, "url": ahead_url(now, dashboard.DAY)},
        {"label": "Next 7 days", "count": counts.next_week, "url": ahead_url(now, dashboard.WEEK)},
        {
            "label": "Not acknowledged",
            "count": counts.unacknowledged,
            "url": list_url("circuitmaintenance", ack=False, ended=False),
        },
        # Several lists together: the dashboard names each.
        {"label": "Needs attention", "count": attention.total, "url": reverse(_DASHBOARD)},
    ]


layout = (
    HomePagePanel(
        name="Circuit Maintenance",
        weight=510,  # after core's Circuits
        permissions=[_VIEW],
        custom_template="homepage_panel.html",
        custom_data={"circuit_maintenance_lines": count_maintenances},
    ),
)
