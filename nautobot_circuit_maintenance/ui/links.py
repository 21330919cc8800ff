"""URLs of the lists with filters, and the quick filters above the lists."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone as fixed_zones
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from nautobot.apps.views import ObjectListViewMixin

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State

_ROUTE = "plugins:nautobot_circuit_maintenance:{}_list"
_RISK = "plugins:nautobot_circuit_maintenance:risk"
_RISK_FILTERS = ("location", "provider")
"""Kinds of objects to which the page *Risk* can be limited."""
LONGEST_LIST = 100
"""Objects that a link to a list may name; the length of a URL is limited."""

OVERLAPS_AHEAD = timedelta(days=14)
"""How far the dashboard and the quick filter look for overlaps: as far as the picture by site."""

IN_PROGRESS: dict[str, Any] = {"active": True}
UNACKNOWLEDGED: dict[str, Any] = {"ack": False, "ended": False}
OVERLAPPING: dict[str, Any] = {"overlapping": True, "within_hours": OVERLAPS_AHEAD // timedelta(hours=1)}
DOUBTFUL: dict[str, Any] = {"needs_attention": True, "past": False}
PARTLY_READ: dict[str, Any] = {"state": State.PARSED, "needs_attention": True}

_SAMPLE = "00000000-0000-0000-0000-000000000000"
NOT_FILTERS = ObjectListViewMixin.non_filter_params
"""What the address of a list has beside filters."""


def urls_by_key(route: str) -> Callable[[Any], str]:
    """Return what makes the addresses of many objects, by their keys: Django needs a tenth of a millisecond for each."""
    sample = reverse(route, kwargs={"pk": _SAMPLE})
    return lambda pk: sample.replace(_SAMPLE, str(pk))


def list_url(model: str, **filters: Any) -> str:
    """Return the URL of a model's list with these filters."""
    query = f"?{as_query(filters)}" if filters else ""
    return reverse(_ROUTE.format(model)) + query


def ahead_url(span: timedelta, **filters: Any) -> str:
    """Return the URL of the list of maintenances with a window in the next span of time."""
    return list_url("circuitmaintenance", **ahead(span), **filters)


def ahead(span: timedelta) -> dict[str, Any]:
    """Return the filters for maintenances with a window in the next span of time, current ones included."""
    return {"within_hours": span // timedelta(hours=1), "ended": False}


def risk_url(kind: str, pk: Any) -> str:
    """Return the URL of the page *Risk*, limited to an object if it can be."""
    query = f"?{as_query({kind: pk})}" if kind in _RISK_FILTERS else ""
    return reverse(_RISK) + query


def doubtful_url(**filters: Any) -> str:
    """Return the URL of the list of maintenances that need attention: doubtful and not past, whatever their status."""
    return list_url("circuitmaintenance", **DOUBTFUL, **filters)


def as_query(filters: dict[str, Any]) -> str:
    """Return filters as a query string."""
    return urlencode({key: _as_filter(value) for key, value in filters.items()}, doseq=True)


def _as_filter(value: Any) -> Any:
    """Return a filter value as filters parse it."""
    return value.astimezone(fixed_zones.utc).isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True)
class QuickFilter:
    """A link above a list that applies common filters."""

    label: str
    query: str
    is_chosen: bool


def maintenance_filters(applied: QueryDict) -> list[QuickFilter]:
    """Return the quick filters of maintenances, marking the one that is applied."""
    offered: tuple[tuple[str, dict[str, Any]], ...] = (
        ("All", {}),
        ("In progress", IN_PROGRESS),
        ("Next 24 hours", ahead(timedelta(days=1))),
        ("Next 7 days", ahead(timedelta(days=7))),
        ("Next 30 days", ahead(timedelta(days=30))),
        ("Unacknowledged", UNACKNOWLEDGED),
        ("Overlapping", OVERLAPPING),
        ("Doubtful", DOUBTFUL),
        ("Unknown circuit IDs", {"has_unmatched_circuits": True, "ended": False}),
    )
    return _marked(offered, applied)


def notification_filters(applied: QueryDict) -> list[QuickFilter]:
    """Return the quick filters of notifications, marking the one that is applied."""
    states = (State.FAILED, State.REFUSED, State.IGNORED, State.RECEIVED)
    labels: dict[str, str] = dict(State.CHOICES)
    offered: tuple[tuple[str, dict[str, Any]], ...] = (
        ("All", {}),
        ("Needs attention", {"needs_attention": True}),
        *((labels[state], {"state": state}) for state in states),
        ("Partly read", PARTLY_READ),
    )
    return _marked(offered, applied)


def _marked(offered: tuple[tuple[str, dict[str, Any]], ...], applied: QueryDict) -> list[QuickFilter]:
    current = _normalized(applied)
    quick_filters = []
    for label, filters in offered:
        query = as_query(filters)
        quick_filters.append(QuickFilter(label, query, _normalized(QueryDict(query)) == current))
    return quick_filters


def _normalized(query: QueryDict) -> dict[str, Any]:
    """Return filters without sorting and paging."""
    return {key: values for key, values in query.lists() if key not in NOT_FILTERS}
