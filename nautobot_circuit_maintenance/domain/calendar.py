"""The moments that the app takes: later and earlier ones leave Python's calendar when a time zone is applied to them."""

from datetime import datetime, timezone

EARLIEST = datetime(1970, 1, 1, tzinfo=timezone.utc)
LATEST = datetime(9999, 1, 1, tzinfo=timezone.utc)
"""The first moment that is too late."""

OUT_OF_CALENDAR = "Times must be between the years 1970 and 9998."


def is_in_calendar(moment: datetime) -> bool:
    """Return whether an aware datetime can be shown in every time zone."""
    return EARLIEST <= moment < LATEST
