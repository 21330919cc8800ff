"""What the pages share that show no list and no single row."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from nautobot.apps.views import ContentTypePermissionRequiredMixin, GenericView


class Page(ContentTypePermissionRequiredMixin, GenericView):
    """A page with its title and breadcrumbs, for users with the permission of ``get_required_permission``."""

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
