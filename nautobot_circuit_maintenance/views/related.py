"""The tab *Maintenances* on core's pages: the list, with all maintenances of the object."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from nautobot.circuits.models import Circuit, Provider
from nautobot.dcim.models import Device, Location

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.ui.links import list_url
from nautobot_circuit_maintenance.views.page import PermittedView

MODELS = {"circuit": Circuit, "provider": Provider, "location": Location, "device": Device}


class RelatedView(PermittedView):
    """Leads to the list; ``kind`` is the filter."""

    def get(self, request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
        """Redirect to the list."""
        shown = get_object_or_404(Visibility.of(request.user).of_model(MODELS[kind]), pk=pk)
        return redirect(list_url("circuitmaintenance", **{kind: shown.pk}))
