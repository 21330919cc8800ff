"""What waits behind the tabs of the dashboard: the same numbers on each of them."""

from datetime import datetime

from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.analysis.changes import count_changes
from nautobot_circuit_maintenance.analysis.freshness import read_sources
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.ui.periods import USUAL_DAYS, start_of_day
from nautobot_circuit_maintenance.ui.tabs import Tab, tabs_of

_WORDS = {"changes": f"in the last {USUAL_DAYS} days", "health": "need attention"}


def counted_tabs(
    opened: str, visibility: Visibility, now: datetime, *, problems: int | None = None, changes: int | None = None
) -> list[Tab]:
    """Return the tabs with their counts; ``problems`` and ``changes`` of the usual days spare counting them again."""

    def count_problems() -> int:
        if problems is not None:
            return problems
        return dashboard.count_problems(visibility, now, read_sources(visibility, now)).total

    def count_recent() -> int:
        return count_changes(visibility, start_of_day(now, USUAL_DAYS)) if changes is None else changes

    counts = {"changes": count_recent, "health": count_problems}
    return tabs_of(visibility.user, opened, counts, _WORDS)
