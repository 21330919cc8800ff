"""What waits behind the tabs of the dashboard: the same numbers on each of them."""

from datetime import datetime

from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.analysis.changes import count_changes
from nautobot_circuit_maintenance.analysis.freshness import read_sources
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.periods import days_since_friday, start_of_day, usual_days
from nautobot_circuit_maintenance.ui.tabs import Tab, tabs_of


def counted_tabs(
    opened: str, visibility: Visibility, now: datetime, *, problems: int | None = None, changes: int | None = None
) -> list[Tab]:
    """Return the tabs with their counts; ``problems`` and ``changes`` of the usual period spare counting them again."""

    days = usual_days(now)
    since = start_of_day(now, days)
    period = f"since {formatting.day(since)}" if days == days_since_friday(now) else f"in the last {days} days"

    def count_problems() -> int:
        if problems is not None:
            return problems
        return dashboard.count_problems(visibility, now, read_sources(visibility, now)).total

    def count_recent() -> int:
        return count_changes(visibility, since) if changes is None else changes

    counts = {"changes": count_recent, "health": count_problems}
    return tabs_of(visibility.user, opened, counts, {"changes": period, "health": "need attention"})
