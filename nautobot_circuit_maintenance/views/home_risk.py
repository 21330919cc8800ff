"""The sites at risk on Nautobot's home page: a line that the browser asks for once the page stands."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.ui.tiles import home_line
from nautobot_circuit_maintenance.views.dashboard_risk import home_tiles
from nautobot_circuit_maintenance.views.page import PermittedView


class HomeRiskView(PermittedView):
    """How many sites go dark or keep one way."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render the line; nothing where a number would mean nothing."""
        tiles = home_tiles(Visibility.of(request.user), timezone.now())
        if not tiles:
            return HttpResponse()
        return render(request, "nautobot_circuit_maintenance/inc/homepage_line.html", {"line": home_line(tiles[0])})
