"""What the pages share that show no list and no single row."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from nautobot.apps.views import ContentTypePermissionRequiredMixin, GenericView


class PermittedView(ContentTypePermissionRequiredMixin, GenericView):
    """A view for users with one permission; what else they may not see, it leaves out or says."""

    required_permission = "nautobot_circuit_maintenance.view_circuitmaintenance"

    def get_required_permission(self) -> str:
        """Return the permission, for core."""
        return self.required_permission


class Page(PermittedView):
    """A page with its title and breadcrumbs."""

    template = ""
    """The name of its template, without folder and ".html"."""

    def page(self, request: HttpRequest, **context: Any) -> HttpResponse:
        """Render the page."""
        common = {
            "view_titles": self.get_view_titles(),
            "breadcrumbs": self.get_breadcrumbs(),
            "view_action": "generic",
        }
        return TemplateResponse(request, f"nautobot_circuit_maintenance/{self.template}.html", {**common, **context})
