"""The dashboard: what will break, and is anybody on it?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.ui import Breadcrumbs, Titles, ViewNameBreadcrumbItem
from nautobot.apps.views import ContentTypePermissionRequiredMixin, GenericView

from nautobot_circuit_maintenance.analysis import affected, dashboard, trends
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.models import selection
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import LONGEST_LIST, ahead_url, as_query, list_url
from nautobot_circuit_maintenance.ui.periods import USUAL_DAYS
from nautobot_circuit_maintenance.views import dashboard_panels as panels
from nautobot_circuit_maintenance.views.changes import CHANGES, ON_DASHBOARD, changes_url, context_of

_ROUTE = "plugins:nautobot_circuit_maintenance:{}"
_TITLE = "Circuit Maintenance Dashboard"
_PLACES_SHOWN = 3
_NOT_TOLD = "not told"


@dataclass(frozen=True)
class Tile:
    """A number that leads to the rows it counts."""

    label: str
    count: int
    url: str
    """Empty where only the parts lead somewhere."""
    hint: str = ""
    tone: str = ""
    """Colour of Bootstrap's for a number that is not zero."""
    parts: tuple["Tile", ...] = ()


def maintenance_tiles(counts: dashboard.Counts, now: datetime) -> list[Tile]:
    """Return the tiles about maintenances; each count is that of the list behind it."""
    spans = (
        ("Next 24 hours", counts.next_day, dashboard.DAY),
        ("Next 7 days", counts.next_week, dashboard.WEEK),
        ("Next 30 days", counts.next_month, dashboard.MONTH),
    )
    running = list_url("circuitmaintenance", active=True)
    waiting = list_url("circuitmaintenance", ack=False, ended=False)
    return [
        Tile("In progress now", counts.in_progress, running, tone="danger"),
        *(Tile(label, count, ahead_url(now, span), "with those in progress") for label, count, span in spans),
        Tile("Not acknowledged", counts.unacknowledged, waiting, "and not over", "warning"),
    ]


def changes_tile(changes: dict[str, Any]) -> Tile:
    """Return the tile of what a Monday wants to know first."""
    hint = "by mail and by people" if changes["is_all"] else "at least"
    return Tile(f"Changed since {changes['since']:%a %d %b}", changes["count"], changes_url(), hint)


def attention_tile(attention: dashboard.Attention) -> Tile:
    """Return the tile of what a person has to mend; its parts are the links."""
    parts = (
        Tile(f"failed mail{pluralize(attention.failed)}", attention.failed, list_url("notification", state="failed")),
        Tile(
            f"refused mail{pluralize(attention.refused)}", attention.refused, list_url("notification", state="refused")
        ),
        Tile(
            f"failing source{pluralize(attention.failing_sources)}",
            attention.failing_sources,
            list_url("notificationsource", has_error=True),
        ),
        Tile(
            f"circuit ID{pluralize(attention.unmatched)} not in Nautobot",
            attention.unmatched,
            list_url("circuitimpact", has_circuit=False, ended=False),
        ),
    )
    found = tuple(part for part in parts if part.count)
    # The number of several lists together leads to none of them; the parts do.
    url = "" if found else list_url("notification", state="failed")
    return Tile("Needs attention", attention.total, url, "nothing to mend", tone="danger", parts=found)


def coming_row(coming: dashboard.Coming, now: datetime) -> dict[str, Any]:
    """Return what the table of coming maintenances shows of one."""
    maintenance, places = coming.maintenance, coming.places
    # "+ 1" would take as much room as the name that it hides.
    shown = len(places) if len(places) == _PLACES_SHOWN + 1 else _PLACES_SHOWN
    return {
        "maintenance": maintenance,
        "window": formatting.upcoming_window(coming.start, coming.end, now),
        "urgency": formatting.urgency_badge(coming.start, now),
        "impact": formatting.badge(selection.impact_of_severity(maintenance.worst_severity)),
        "status": formatting.badge(maintenance.status),
        "unknown": formatting.unmatched_badge(maintenance.unmatched_count),
        "places": [(place.name, reverse("dcim:location", kwargs={"pk": place.pk})) for place in places[:shown]],
        "more_places": [place.name for place in places[shown:]],
        "ack": formatting.check_mark(str(maintenance.acknowledged_by or ""), maintenance.acknowledged_at),
        "may_acknowledge": coming.may_acknowledge,
    }


def source_row(state: dashboard.SourceState, now: datetime) -> dict[str, Any]:
    """Return what the table of sources shows of one."""
    source = state.source
    return {
        "source": source,
        "last_success": formatting.datetime_badge(source.last_fetched_at, now) if source.last_fetched_at else "never",
        "waiting": state.waiting,
        "waiting_url": list_url("notification", source=source.pk, state="received"),
        "not_configured": "" if source.is_configured else formatting.NOT_CONFIGURED,
    }


def affected_table(kind: str, found: affected.Ranking, now: datetime, span: timedelta) -> dict[str, Any]:
    """Return what the table of locations or devices shows, and where the rest is."""
    rows = [
        {
            "name": each.name,
            "url": reverse(f"dcim:{kind}", kwargs={"pk": each.pk}),
            "start": formatting.datetime_badge(each.start, now),
            "urgency": formatting.urgency_badge(each.start, now),
            "impact": formatting.badge(each.impact),
            "hit": len(each.circuits),
            "there": each.circuits_there,
            "all": formatting.ALL if len(each.circuits) >= each.circuits_there else "",
            "maintenances_url": ahead_url(now, span, **{kind: each.pk}),
        }
        for each in found.rows
    ]
    more = len(found.pks) - len(rows)
    total = len(found.pks)
    return {"rows": rows, "more": more, "total": total, "more_url": _more_url(kind, found, now, span) if more else ""}


def _more_url(kind: str, found: affected.Ranking, now: datetime, span: timedelta) -> str:
    """Return the address of a list of all that is hit; of the maintenances that hit it, where it would be too long."""
    if len(found.pks) > LONGEST_LIST:
        return ahead_url(now, span)
    return f"{reverse(f'dcim:{kind}_list')}?{as_query({'id': found.pks})}"


def single(series: str, pairs: Iterable[tuple[str, float]]) -> dict[str, Any]:
    """Return a chart's numbers: one series."""
    pairs = list(pairs)
    return {
        "x": [label for label, _ in pairs],
        "series": [{"name": series, "data": [value for _, value in pairs]}],
    }


def charts(user: Any, now: datetime) -> dict[str, Any]:
    """Return the numbers of all charts."""
    weeks = trends.by_week(user, now)
    labels = [f"{monday:%d %b}" for monday in weeks.mondays]
    labels[trends.WEEKS_BACK] = "this week"
    hours = ((f"{month:%b %Y}", round(count, 1)) for month, count in trends.hours_by_month(user, now))
    return {
        "weeks": {
            "x": labels,
            "series": [
                {"name": impact or _NOT_TOLD, "data": list(data)}
                for impact, data in weeks.counts.items()
                if impact or any(data)
            ],
        },
        "providers": single("Maintenances", trends.by_provider(user, now)),
        "notice": single("Maintenances", trends.notice_given(user, now)),
        "hours": single("Hours", hours),
    }


def figure_tiles(figures: trends.Figures, now: datetime) -> list[Tile]:
    """Return the counts of what started lately, as links to the lists."""
    spans = (
        ("Started in the last 7 days", figures.last_week, dashboard.WEEK),
        ("Started in the last 30 days", figures.last_month, dashboard.MONTH),
        ("Started in the last 365 days", figures.last_year, trends.YEAR),
    )
    return [
        Tile(
            label,
            count,
            list_url("circuitmaintenance", start_time__gte=now - span, start_time__lte=now, status__n="CANCELLED"),
        )
        for label, count, span in spans
    ]


class DashboardView(ContentTypePermissionRequiredMixin, GenericView):
    """The dashboard, for whoever may view some maintenance."""

    view_titles = Titles(titles={"generic": _TITLE})
    breadcrumbs = Breadcrumbs(
        items={"generic": [ViewNameBreadcrumbItem(view_name=_ROUTE.format("dashboard"), label=_TITLE)]}
    )

    def get_required_permission(self) -> str:
        """Ask for the permission that the numbers are counted with."""
        return "nautobot_circuit_maintenance.view_circuitmaintenance"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show it."""
        now, days = timezone.now(), get_app_settings().dashboard_n_days
        context = {
            "view_titles": self.get_view_titles(),
            "breadcrumbs": self.get_breadcrumbs(),
            "view_action": "generic",
            "n_days": days,
            "return_url": request.path,
            **self.rows(request.user, now, timedelta(days=days)),
            **self.trends(request.user, now),
        }
        return TemplateResponse(request, "nautobot_circuit_maintenance/dashboard.html", context)

    def rows(self, user: Any, now: datetime, span: timedelta) -> dict[str, Any]:
        """Return tiles and tables."""
        sources = dashboard.read_sources(user)
        hits = affected.read_hits(user, now, now + span)
        counts = dashboard.count_maintenances(user, now)
        attention = dashboard.count_attention(user, now, sources)
        coming = dashboard.read_coming(user, now, span)
        changes = context_of(Visibility.of(user), now, USUAL_DAYS, ON_DASHBOARD)
        return {
            "tiles": [*maintenance_tiles(counts, now), changes_tile(changes), attention_tile(attention)],
            "what_changed": changes,
            "coming": [coming_row(each, now) for each in coming],
            "coming_url": ahead_url(now, span),
            "sources": [source_row(each, now) for each in sources],
            "locations": affected_table("location", affected.affected_locations(user, hits), now, span),
            "devices": affected_table("device", affected.affected_devices(user, hits), now, span),
            "coming_panels": [panels.COMING],
            "change_panels": [CHANGES],
            "source_panels": [panels.SOURCES],
            "location_panels": [panels.LOCATIONS],
            "device_panels": [panels.DEVICES],
        }

    def trends(self, user: Any, now: datetime) -> dict[str, Any]:
        """Return charts and figures."""
        figures = trends.figures(user, now)
        numbers = charts(user, now)
        return {
            "figures": figure_tiles(figures, now),
            "mean_duration": formatting.duration(figures.mean_duration) if figures.mean_duration else "",
            "mean_per_month": figures.mean_per_month,
            "charts": numbers,
            "has_charts": any(map(panels.has_numbers, numbers.values())),
            "left_charts": [panels.WEEKS, panels.NOTICE],
            "right_charts": [panels.PROVIDERS, panels.HOURS],
        }
