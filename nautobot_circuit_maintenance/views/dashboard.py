"""The dashboard: what is upcoming, what it affects, and what needs attention."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from nautobot.apps.ui import Breadcrumbs, Titles, ViewNameBreadcrumbItem
from nautobot.apps.views import ContentTypePermissionRequiredMixin, GenericView

from nautobot_circuit_maintenance.analysis import affected, dashboard, trends
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import ahead_url
from nautobot_circuit_maintenance.ui.periods import USUAL_DAYS
from nautobot_circuit_maintenance.ui.tiles import Tile, figure_tiles, maintenance_tiles, problems_tile
from nautobot_circuit_maintenance.views import dashboard_charts as charts, dashboard_panels as panels
from nautobot_circuit_maintenance.views.changes import CHANGES, ON_DASHBOARD, changes_url, context_of
from nautobot_circuit_maintenance.views.dashboard_risk import risk_context
from nautobot_circuit_maintenance.views.dashboard_rows import affected_table, source_row, upcoming_row

_LIST = "plugins:nautobot_circuit_maintenance:circuitmaintenance_list"
_TITLE = "Circuit Maintenance Dashboard"
_PANELS = {
    "upcoming_panels": [panels.UPCOMING],
    "change_panels": [CHANGES],
    "source_panels": [panels.SOURCES],
    "location_panels": [panels.LOCATIONS],
    "device_panels": [panels.DEVICES],
    "left_charts": [charts.WEEKS, charts.NOTICE],
    "right_charts": [charts.PROVIDERS, charts.HOURS],
}


def changes_tile(changes: dict[str, Any]) -> Tile:
    """Return the tile of the recent changes."""
    hint = "emails and edits" if changes["is_all"] else "or more"
    return Tile(f"Changes since {changes['since']:%a %d %b}", changes["count"], changes_url(), hint)


class DashboardView(ContentTypePermissionRequiredMixin, GenericView):
    """The dashboard, for users who may view circuit maintenances."""

    view_titles = Titles(titles={"generic": _TITLE})
    breadcrumbs = Breadcrumbs(
        items={"generic": [ViewNameBreadcrumbItem(view_name=_LIST, label="Circuit Maintenances")]}
    )

    def get_required_permission(self) -> str:
        """Require the permission that the counts are made with."""
        return "nautobot_circuit_maintenance.view_circuitmaintenance"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render the dashboard."""
        now, days = timezone.now(), get_app_settings().dashboard_n_days
        visibility = Visibility.of(request.user)
        context = {
            "view_titles": self.get_view_titles(),
            "breadcrumbs": self.get_breadcrumbs(),
            "view_action": "generic",
            "n_days": days,
            "return_url": request.path,
            **_PANELS,
            **self.rows(visibility, now, timedelta(days=days)),
            **self.trends(visibility, now),
        }
        return TemplateResponse(request, "nautobot_circuit_maintenance/dashboard.html", context)

    def rows(self, visibility: Visibility, now: datetime, span: timedelta) -> dict[str, Any]:
        """Return tiles and tables."""
        sources = dashboard.read_sources(visibility)
        terminations = affected.read_terminations(visibility, now, now + span)
        locations = affected.affected_locations(visibility, terminations, now)
        devices = affected.affected_devices(visibility, terminations, now)
        counts = dashboard.count_maintenances(visibility, now, span)
        upcoming = dashboard.read_upcoming(visibility, now, span)
        changes = context_of(visibility, now, USUAL_DAYS, ON_DASHBOARD)
        risk = risk_context(visibility, now, span)
        return {
            **risk,
            "tiles": [
                *maintenance_tiles(counts),
                *risk["risk_tiles"],
                changes_tile(changes),
                problems_tile(dashboard.count_problems(visibility, now, sources), visibility.user),
            ],
            "what_changed": changes,
            "upcoming": [upcoming_row(each, now) for each in upcoming],
            "upcoming_count": counts.in_span,
            "upcoming_url": ahead_url(span),
            "sources": [source_row(each, now) for each in sources],
            "locations": affected_table("location", locations, now, span),
            "devices": affected_table("device", devices, now, span),
        }

    def trends(self, visibility: Visibility, now: datetime) -> dict[str, Any]:
        """Return charts and figures."""
        figures = trends.figures(visibility, now)
        data = charts.chart_data(visibility, now)
        return {
            "figures": figure_tiles(figures, now),
            "mean_duration": formatting.duration(figures.mean_duration) if figures.mean_duration else "",
            "mean_per_month": figures.mean_per_month,
            "charts": data,
            "has_charts": any(map(charts.has_numbers, data.values())),
        }
