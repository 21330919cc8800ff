"""Addresses of our lists with their filters, and the questions that stand above the lists."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone as fixed_zones
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.ui.periods import USUAL_DAYS, start_of_day

_ROUTE = "plugins:nautobot_circuit_maintenance:{}_list"
LONGEST_LIST = 100
"""Objects that a link to a list of them may name: the address of a page is not endless."""

_FROM, _UNTIL = "overlaps_from", "overlaps_until"
_NOT_FILTERS = ("page", "per_page", "sort", "saved_view")


def list_url(model: str, **filters: Any) -> str:
    """Return the address of a model's list with these filters."""
    query = f"?{as_query(filters)}" if filters else ""
    return reverse(_ROUTE.format(model)) + query


def ahead_url(now: datetime, span: timedelta, **filters: Any) -> str:
    """Return the address of the list of what works between now and then."""
    return list_url("circuitmaintenance", **ahead(now, span), **filters)


def ahead(now: datetime, span: timedelta) -> dict[str, Any]:
    """Return the filters that find what works between now and then; what works now is part of it."""
    return {_FROM: now, _UNTIL: now + span, "ended": False}


def as_query(filters: dict[str, Any]) -> str:
    """Write filters as addresses have them."""
    return urlencode({key: _as_filter(value) for key, value in filters.items()}, doseq=True)


def _as_filter(value: Any) -> Any:
    """Return a moment as filters read it."""
    return value.astimezone(fixed_zones.utc).isoformat() if isinstance(value, datetime) else value


@dataclass(frozen=True)
class QuickFilter:
    """A question that is asked often, as a link above a list."""

    label: str
    query: str
    is_chosen: bool


def maintenance_filters(now: datetime, asked: QueryDict) -> list[QuickFilter]:
    """Return the questions about maintenances, and which of them the page answers."""
    questions: tuple[tuple[str, dict[str, Any]], ...] = (
        ("All", {}),
        ("In progress", {"active": True}),
        ("Next 24 hours", ahead(now, timedelta(days=1))),
        ("Next 7 days", ahead(now, timedelta(days=7))),
        ("Not acknowledged", {"ack": False, "ended": False}),
        ("Changed in 3 days", {"last_updated__gte": start_of_day(now, USUAL_DAYS)}),
        ("Not in Nautobot", {"has_unmatched_circuits": True, "ended": False}),
    )
    return _offered(questions, asked)


def notification_filters(asked: QueryDict) -> list[QuickFilter]:
    """Return the questions about notifications, and which of them the page answers."""
    states = (("Failed", State.FAILED), ("Refused", State.REFUSED), ("Ignored", State.IGNORED))
    questions = (("All", {}), *((label, {"state": state}) for label, state in (*states, ("Waiting", State.RECEIVED))))
    return _offered(questions, asked)


def _offered(questions: tuple[tuple[str, dict[str, Any]], ...], asked: QueryDict) -> list[QuickFilter]:
    """Compare each question with what was asked."""
    answered = _shape(asked)
    offered = [(label, as_query(filters)) for label, filters in questions]
    return [QuickFilter(label, query, _shape(QueryDict(query)) == answered) for label, query in offered]


def _shape(asked: QueryDict) -> dict[str, Any]:
    """Return what was asked, however the page is sorted; a span by its length, for now was another moment then."""
    shape: dict[str, Any] = {key: values for key, values in asked.lists() if key not in _NOT_FILTERS}
    if _FROM in asked and _UNTIL in asked:
        return {**shape, _FROM: None, _UNTIL: _span(asked[_FROM], asked[_UNTIL])}
    return shape


def _span(since: str, until: str) -> timedelta | None:
    """Return the time between two moments as an address has them; None where they are none."""
    try:
        return datetime.fromisoformat(until) - datetime.fromisoformat(since)
    except (TypeError, ValueError):  # one with a zone and one without, or no moment at all
        return None
