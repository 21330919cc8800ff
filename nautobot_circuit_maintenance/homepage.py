"""The panel on Nautobot's home page."""

import logging
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from nautobot.apps.ui import HomePagePanel

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.risk_settings import RISK_PERMISSIONS

_VIEW = "nautobot_circuit_maintenance.view_circuitmaintenance"
_LOGGER = logging.getLogger(__name__)


def count_maintenances(request: HttpRequest) -> list[dict[str, Any]]:
    """Return label, count and link of each line; nothing without permission to view maintenances, or if counting fails."""
    # Nautobot calls this for every user on every load of the home page, before it checks permissions.
    if not request.user.has_perm(_VIEW):
        return []
    try:
        with transaction.atomic():  # a failing query must not break the rest of the page
            return list(_lines(request.user))
    except Exception:  # pylint: disable=broad-exception-caught  # core would answer 500 on everyone's home page
        _LOGGER.exception("Counting the circuit maintenances for the home page failed.")
        return []


def asks_for_risk(request: HttpRequest) -> bool:
    """Return whether the browser is to ask for the sites at risk: assessing them costs more than the rest of the panel."""
    return bool(request.user.has_perms(RISK_PERMISSIONS))


def _lines(user: Any) -> Iterator[dict[str, Any]]:
    # pylint: disable=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.analysis import dashboard
    from nautobot_circuit_maintenance.analysis.freshness import read_sources
    from nautobot_circuit_maintenance.ui.tiles import home_line, maintenance_tiles, problems_tile

    now, visibility = timezone.now(), Visibility.of(user)
    counts = dashboard.count_maintenances(visibility, now)
    problems = dashboard.count_problems(visibility, now, read_sources(visibility, now))
    for tile in (*maintenance_tiles(counts), problems_tile(problems, user)):
        if tile.is_on_home:
            yield home_line(tile)


layout = (
    HomePagePanel(
        name="Circuit Maintenance",
        weight=510,  # after core's Circuits
        permissions=[_VIEW],
        custom_template="homepage_panel.html",
        custom_data={
            "circuit_maintenance_lines": count_maintenances,
            "circuit_maintenance_asks_for_risk": asks_for_risk,
        },
    ),
)
