"""What the tables of the dashboard show of each row."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from nautobot.apps.templatetags import placeholder

from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.analysis.freshness import SourceState
from nautobot_circuit_maintenance.choices import SourceHealthChoices as Health
from nautobot_circuit_maintenance.models.severity import impact_of_severity
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import list_url

_PLACES_SHOWN = 1


def upcoming_row(upcoming: dashboard.UpcomingMaintenance, now: datetime, *, sees_impacts: bool) -> dict[str, Any]:
    """Return a row of the upcoming maintenances; what the user may not see is not shown as 0."""
    maintenance, places = upcoming.maintenance, upcoming.places
    impact = formatting.badge(impact_of_severity(maintenance.worst_severity))
    return {
        "maintenance": maintenance,
        "window": formatting.which_window(upcoming.spans, now),
        "impact": impact if sees_impacts else formatting.HIDDEN,
        "circuits": maintenance.circuit_count if sees_impacts else formatting.HIDDEN,
        "status": format_html(
            "{} {}", formatting.badge(maintenance.status), formatting.doubt_badge(maintenance.doubts)
        ),
        "unknown": formatting.unmatched_badge(maintenance.unmatched_count),
        "places": [(place.name, reverse("dcim:location", kwargs={"pk": place.pk})) for place in places[:_PLACES_SHOWN]],
        "more_places": [place.name for place in places[_PLACES_SHOWN:]],
        "no_places": placeholder(None) if sees_impacts else formatting.HIDDEN,
        "ack": formatting.check_mark(str(maintenance.acknowledged_by or ""), maintenance.acknowledged_at),
        "may_acknowledge": upcoming.may_acknowledge,
    }


def source_row(state: SourceState, now: datetime) -> dict[str, Any]:
    """Return a row of the notification sources."""
    source = state.source
    return {
        "source": source,
        "health": formatting.badge(state.health),
        "last_success": (
            formatting.datetime_badge(source.last_fetched_at, now) if source.last_fetched_at else placeholder(None)
        ),
        "waiting": state.waiting,
        "waiting_url": list_url("notification", source=source.pk, state="received"),
        "silent": [(each.name, formatting.datetime_badge(each.last, now)) for each in state.silent],
        "is_stale": state.health == Health.STALE,
    }
