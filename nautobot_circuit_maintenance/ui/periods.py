"""The periods that the lists and the page of recent changes offer."""

from datetime import datetime, timedelta

from django.utils import timezone

FEWEST_DAYS = 3
"""Of the usual period of recent changes."""
FRIDAY = 4
"""As Python counts days of the week."""


def days_since_friday(now: datetime) -> int:
    """Return how many days ago the last Friday was, in the user's zone; on a Friday, the one a week before."""
    return (timezone.localtime(now).weekday() - FRIDAY - 1) % 7 + 1


def usual_days(now: datetime) -> int:
    """Return the days of the usual period of recent changes: since the last Friday, and three at least."""
    return max(FEWEST_DAYS, days_since_friday(now))


def start_of_day(now: datetime, days_ago: int) -> datetime:
    """Return the start, in the user's zone, of the day that many days ago."""
    # Days before now in the user's zone, not times 24 hours: late on Monday, 72 hours before is Saturday if clocks changed.
    local: datetime = timezone.localtime(now) - timedelta(days=days_ago)
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
