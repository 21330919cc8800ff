"""The tab *Health* of the dashboard: whether email is coming in, and what needs a person."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from nautobot.apps.ui import Breadcrumbs, Titles, ViewNameBreadcrumbItem

from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.analysis.freshness import read_sources
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.ui.tiles import problems_tile
from nautobot_circuit_maintenance.views.dashboard_rows import source_row
from nautobot_circuit_maintenance.views.page import Page
from nautobot_circuit_maintenance.views.tab_counts import counted_tabs

_ROUTE = "plugins:nautobot_circuit_maintenance:{}"


class HealthView(Page):
    """The page, for users who may view notification sources."""

    template = "health"
    view_titles = Titles(titles={"generic": "Health"})
    breadcrumbs = Breadcrumbs(
        items={
            "generic": [
                ViewNameBreadcrumbItem(view_name=_ROUTE.format("dashboard"), label="Circuit Maintenance Dashboard"),
                ViewNameBreadcrumbItem(view_name=_ROUTE.format("health"), label="Health"),
            ]
        }
    )

    required_permission = "nautobot_circuit_maintenance.view_notificationsource"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render the page."""
        now, visibility = timezone.now(), Visibility.of(request.user)
        sources = read_sources(visibility, now)
        problems = dashboard.count_problems(visibility, now, sources)
        context = {
            "tabs": counted_tabs("health", visibility, now, problems=problems.total),
            "sources": [source_row(each, now) for each in sources],
            "problems": problems_tile(problems, request.user),
        }
        return self.page(request, **context)
