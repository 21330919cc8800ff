"""The panel on Nautobot's home page."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.ui import HomePagePanel

from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.analysis.freshness import read_sources
from nautobot_circuit_maintenance.analysis.visibility import Visibility

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.ui.tiles import Tile

_DASHBOARD = "plugins:nautobot_circuit_maintenance:dashboard"
_VIEW = "nautobot_circuit_maintenance.view_circuitmaintenance"
_LOGGER = logging.getLogger(__name__)


def count_maintenances(request: HttpRequest) -> list[dict[str, Any]]:
    """Return label, count and link of each line; nothing without permission to view maintenances, or if counting fails."""
    # Nautobot calls this for every user on every load of the home page, before it checks permissions.
    if not request.user.has_perm(_VIEW):
        return []
    try:
        with transaction.atomic():  # a failing query must not break the rest of the page
            return [{"label": tile.label, "count": tile.count, "url": _url_of(tile)} for tile in _tiles(request.user)]
    except Exception:  # pylint: disable=broad-exception-caught  # core would answer 500 on everyone's home page
        _LOGGER.exception("Counting the circuit maintenances for the home page failed.")
        return []


def _tiles(user: Any) -> "Iterator[Tile]":
    # pylint: disable-next=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.ui.tiles import maintenance_tiles, problems_tile

    # pylint: disable-next=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.views.dashboard_risk import home_tiles

    now, visibility = timezone.now(), Visibility.of(user)
    counts = dashboard.count_maintenances(visibility, now)
    problems = dashboard.count_problems(visibility, now, read_sources(visibility, now))
    risk = home_tiles(visibility, now)
    for tile in (*maintenance_tiles(counts), *risk, problems_tile(problems, user)):
        if tile.is_on_home:
            yield tile


def _url_of(tile: "Tile") -> str:
    """Return the address of the list that a tile counts; of the dashboard if there are several."""
    if len(tile.parts) == 1:
        return tile.parts[0].url
    return tile.url or reverse(_DASHBOARD)


layout = (
    HomePagePanel(
        name="Circuit Maintenance",
        weight=510,  # after core's Circuits
        permissions=[_VIEW],
        custom_template="homepage_panel.html",
        custom_data={"circuit_maintenance_lines": count_maintenances},
    ),
)
