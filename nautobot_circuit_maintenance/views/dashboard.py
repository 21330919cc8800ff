"""The dashboard: what will break, and whether anyone is on it. Its other tabs are pages of their own."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from nautobot.apps.ui import Breadcrumbs, Titles, ViewNameBreadcrumbItem

from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.analysis.freshness import read_sources
from nautobot_circuit_maintenance.analysis.overlaps import overlapping
from nautobot_circuit_maintenance.analysis.site_timeline import read_timeline
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.collecting import without_collections
from nautobot_circuit_maintenance.ui.links import ahead_url
from nautobot_circuit_maintenance.ui.tiles import mail_tiles, maintenance_tiles, overlap_tile
from nautobot_circuit_maintenance.views.dashboard_risk import risk_context
from nautobot_circuit_maintenance.views.dashboard_rows import upcoming_row
from nautobot_circuit_maintenance.views.mail_line import mail_line
from nautobot_circuit_maintenance.views.page import Page
from nautobot_circuit_maintenance.views.site_timeline import DAYS, timeline_of
from nautobot_circuit_maintenance.views.tab_counts import counted_tabs

_LIST = "plugins:nautobot_circuit_maintenance:circuitmaintenance_list"
_TITLE = "Circuit Maintenance Dashboard"
_OF_SITES = (
    "nautobot_circuit_maintenance.view_circuitimpact",
    "dcim.view_location",
    "circuits.view_circuit",
    "circuits.view_circuittermination",
)
"""Permissions without which the picture of the sites would be empty, and the number of overlaps 0, for another reason."""


class DashboardView(Page):
    """The dashboard, for users who may view circuit maintenances."""

    template = "dashboard"
    view_titles = Titles(titles={"generic": _TITLE})
    breadcrumbs = Breadcrumbs(
        items={"generic": [ViewNameBreadcrumbItem(view_name=_LIST, label="Circuit Maintenances")]}
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render the dashboard."""
        now, days = timezone.now(), get_app_settings().dashboard_n_days
        visibility = Visibility.of(request.user)
        sources = read_sources(visibility, now)
        problems = dashboard.count_problems(visibility, now, sources)
        context = {
            "n_days": days,
            "return_url": request.path,
            "sources": sources,
            "mail": mail_line(sources, visibility, now),
            "open_mail": mail_tiles(problems),
            "zone": f"{timezone.localtime(now):%Z}",
            "tabs": counted_tabs("dashboard", visibility, now, problems=problems.total),
            "timeline_days": DAYS,
        }
        with without_collections():
            context |= self.rows(visibility, now, timedelta(days=days))
        return self.page(request, **context)

    def rows(self, visibility: Visibility, now: datetime, span: timedelta) -> dict[str, Any]:
        """Return tiles, picture and table."""
        counts = dashboard.count_maintenances(visibility, now, span)
        upcoming = dashboard.read_upcoming(visibility, now, span)
        sees_impacts = visibility.user.has_perm("nautobot_circuit_maintenance.view_circuitimpact")
        risk = risk_context(visibility, now, span, timedelta(days=DAYS))
        tiles, timeline = maintenance_tiles(counts), {}
        if visibility.user.has_perms(_OF_SITES):
            sites = read_timeline(visibility, now, now + timedelta(days=DAYS), risk["risk"])
            tiles.append(overlap_tile(len(overlapping(row.down for row in sites))))
            timeline = {"timeline": timeline_of(sites, now, visibility)}
        return {
            **risk,
            **timeline,
            "tiles": [*tiles, *risk["risk_tiles"]],
            "upcoming": [upcoming_row(each, now, sees_impacts=sees_impacts) for each in upcoming],
            "upcoming_count": counts.in_span,
            "upcoming_url": ahead_url(span),
        }
