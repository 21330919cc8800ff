"""The tab *Health* of the dashboard: whether email is coming in, and what needs a person."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from nautobot.apps.ui import Breadcrumbs, Titles, ViewNameBreadcrumbItem
from nautobot.apps.views import ContentTypePermissionRequiredMixin, GenericView

from nautobot_circuit_maintenance.analysis import dashboard
from nautobot_circuit_maintenance.analysis.freshness import read_sources
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.ui.tabs import tabs_of
from nautobot_circuit_maintenance.ui.tiles import problems_tile
from nautobot_circuit_maintenance.views.dashboard_rows import source_row

_ROUTE = "plugins:nautobot_circuit_maintenance:{}"


class HealthView(ContentTypePermissionRequiredMixin, GenericView):
    """The page, for users who may view notification sources."""

    view_titles = Titles(titles={"generic": "Health"})
    breadcrumbs = Breadcrumbs(
        items={
            "generic": [
                ViewNameBreadcrumbItem(view_name=_ROUTE.format("dashboard"), label="Circuit Maintenance Dashboard"),
                ViewNameBreadcrumbItem(view_name=_ROUTE.format("health"), label="Health"),
            ]
        }
    )

    def get_required_permission(self) -> str:
        """Return the permission to view sources."""
        return "nautobot_circuit_maintenance.view_notificationsource"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render the page."""
        now, visibility = timezone.now(), Visibility.of(request.user)
        sources = read_sources(visibility, now)
        problems = dashboard.count_problems(visibility, now, sources)
        context = {
            "view_titles": self.get_view_titles(),
            "breadcrumbs": self.get_breadcrumbs(),
            "view_action": "generic",
            "tabs": tabs_of(request.user, "health", {"health": problems.total}),
            "sources": [source_row(each, now) for each in sources],
            "problems": problems_tile(problems, request.user),
        }
        return TemplateResponse(request, "nautobot_circuit_maintenance/health.html", context)
