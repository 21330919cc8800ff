"""What waits behind the tabs of the dashboard: the same numbers on each of them."""

from datetime import datetime

from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.analysis.changes import count_changes
from nautobot_circuit_maintenance.analysis.freshness import read_sources
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.ui.periods import USUAL_DAYS, start_of_day
from nautobot_circuit_maintenance.ui.tabs import Tab, tabs_of


def counted_tabs(opened: str, visibility: Visibility, now: datetime, problems: int | None = None) -> list[Tab]:
    """Return the tabs with their counts; ``problems`` spares counting them again."""
    if problems is None:
        problems = dashboard.count_problems(visibility, now, read_sources(visibility, now)).total
    counts = {"changes": count_changes(visibility, start_of_day(now, USUAL_DAYS)), "health": problems}
    return tabs_of(visibility.user, opened, counts)
