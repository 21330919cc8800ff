"""The tabs of the dashboard: pages of their own, so that each is read only when it is opened."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.urls import reverse

_APP = "nautobot_circuit_maintenance"


class Tab(NamedTuple):
    """A link of the row of tabs."""

    label: str
    url: str
    is_open: bool
    count: int | None = None
    """What waits behind it, where that is known."""
    words: str = ""
    """What is counted, where the label does not say it."""


_TABS = (
    ("Now", "dashboard", f"{_APP}.view_circuitmaintenance"),
    ("Calendar", "calendar", f"{_APP}.view_circuitmaintenance"),
    ("Changes", "changes", f"{_APP}.view_circuitmaintenance"),
    ("Providers", "providers", "circuits.view_provider"),
    ("Health", "health", f"{_APP}.view_notificationsource"),
)


def tabs_of(user: Any, opened: str, counts: Mapping[str, Callable[[], int]], words: Mapping[str, str]) -> list[Tab]:
    """Return the tabs that a user may open, with what waits behind them, by route; nothing is counted for others."""
    return [
        Tab(
            label,
            reverse(f"plugins:{_APP}:{route}"),
            route == opened,
            counts[route]() if route in counts else None,
            words.get(route, ""),
        )
        for label, route, permission in _TABS
        if user.has_perms([permission, f"{_APP}.view_circuitmaintenance"])
    ]
