"""The tab *Maintenances* on core's pages: the list, with all maintenances of the object."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from nautobot.apps.views import ContentTypePermissionRequiredMixin, GenericView

from nautobot_circuit_maintenance.ui.links import list_url


class RelatedView(ContentTypePermissionRequiredMixin, GenericView):
    """Leads to the list; ``kind`` is the filter."""

    def get_required_permission(self) -> str:
        """Return the permission to view maintenances."""
        return "nautobot_circuit_maintenance.view_circuitmaintenance"

    def get(self, _request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
        """Redirect to the list."""
        return redirect(list_url("circuitmaintenance", **{kind: pk}))
