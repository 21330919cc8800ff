"""What the tables of the dashboard show of each row."""

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from nautobot.apps.templatetags import placeholder

from nautobot_circuit_maintenance.analysis import affected, dashboard
from nautobot_circuit_maintenance.models.severity import impact_of_severity
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import LONGEST_LIST, ahead_url, as_query, list_url

_PLACES_SHOWN = 3


def upcoming_row(upcoming: dashboard.UpcomingMaintenance, now: datetime) -> dict[str, Any]:
    """Return a row of the upcoming maintenances."""
    maintenance, places = upcoming.maintenance, upcoming.places
    # "+ 1" would take as much room as the name that it hides.
    shown = len(places) if len(places) == _PLACES_SHOWN + 1 else _PLACES_SHOWN
    return {
        "maintenance": maintenance,
        "window": formatting.upcoming_window(upcoming.start, upcoming.end, now),
        "urgency": formatting.urgency_badge(upcoming.start, now),
        "impact": formatting.badge(impact_of_severity(maintenance.worst_severity)),
        "status": format_html(
            "{} {}", formatting.badge(maintenance.status), formatting.doubt_badge(maintenance.doubts)
        ),
        "unknown": formatting.unmatched_badge(maintenance.unmatched_count),
        "places": [(place.name, reverse("dcim:location", kwargs={"pk": place.pk})) for place in places[:shown]],
        "more_places": [place.name for place in places[shown:]],
        "ack": formatting.check_mark(str(maintenance.acknowledged_by or ""), maintenance.acknowledged_at),
        "may_acknowledge": upcoming.may_acknowledge,
    }


def source_row(state: dashboard.SourceState, now: datetime) -> dict[str, Any]:
    """Return a row of the notification sources."""
    source = state.source
    return {
        "source": source,
        "last_success": (
            formatting.datetime_badge(source.last_fetched_at, now) if source.last_fetched_at else placeholder(None)
        ),
        "waiting": state.waiting,
        "waiting_url": list_url("notification", source=source.pk, state="received"),
        "not_configured": "" if source.is_configured else formatting.NOT_CONFIGURED,
    }


def affected_table(kind: str, ranking: affected.Ranking, now: datetime, span: timedelta) -> dict[str, Any]:
    """Return the rows of the affected locations or devices, and where to find the others."""
    rows = [
        {
            "name": each.name,
            "url": reverse(f"dcim:{kind}", kwargs={"pk": each.pk}),
            "start": formatting.datetime_badge(each.start, now),
            "urgency": formatting.urgency_badge(each.start, now),
            "impact": formatting.badge(each.impact),
            "affected": len(each.circuits),
            "circuits": each.circuit_count,
            "maintenances_url": ahead_url(span, **{kind: each.pk}),
        }
        for each in ranking.rows
    ]
    more = len(ranking.pks) - len(rows)
    return {
        "rows": rows,
        "more": more,
        "total": len(ranking.pks),
        "more_url": _more_url(kind, ranking, span) if more else "",
    }


def _more_url(kind: str, ranking: affected.Ranking, span: timedelta) -> str:
    """Return the address of a list of all that is affected; if it would be too long, of the maintenances."""
    if len(ranking.pks) > LONGEST_LIST:
        return ahead_url(span)
    return f"{reverse(f'dcim:{kind}_list')}?{as_query({'id': ranking.pks})}"
