"""The next risk in the panels on core's pages: a piece of HTML that the browser asks for once the page stands.

Assessing the network takes longer than the rest of the panel; so no page of core waits for it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from nautobot_circuit_maintenance.analysis.risk.next_finding import NextFinding, next_finding
from nautobot_circuit_maintenance.analysis.risk.words import read_names
from nautobot_circuit_maintenance.analysis.site_risks import read_episodes
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.risk_settings import RISK_PERMISSIONS
from nautobot_circuit_maintenance.ui import risk as shown
from nautobot_circuit_maintenance.ui.links import risk_url
from nautobot_circuit_maintenance.views.page import PermittedView
from nautobot_circuit_maintenance.views.related import MODELS

_TEMPLATE = "nautobot_circuit_maintenance/inc/next_risk.html"
_ALONE = "nautobot_circuit_maintenance/inc/next_risk_alone.html"
SHAPES = ("row", "panel")
"""How it stands where the page shows no coming maintenance of the object: only if something is found, by others' work."""


class NextRiskView(PermittedView):
    """What begins first of what the object causes or suffers."""

    def get(self, request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
        """Render one row; in one of the shapes, nothing if nothing is found."""
        visibility, now = Visibility.of(request.user), timezone.now()
        get_object_or_404(visibility.of_model(MODELS[kind]).only("pk"), pk=pk)
        if not request.user.has_perms(RISK_PERMISSIONS):
            return HttpResponse()
        shape = request.GET.get("as")
        is_alone = shape in SHAPES
        try:
            found = next_finding(kind, pk, visibility, now)
        except RiskError as error:
            return HttpResponse() if is_alone else render(request, _TEMPLATE, {"not_assessed": str(error)})
        if is_alone:
            read_episodes(now)  # so that the next pages know whether there is anything to ask for
            if not found.row:
                return HttpResponse()
        context = {"shape": shape, "risk_url": risk_url(kind, pk), **_context(found, visibility, now)}
        return render(request, _ALONE if is_alone else _TEMPLATE, context)


def _context(found: NextFinding, visibility: Visibility, now: datetime) -> dict[str, Any]:
    context: dict[str, Any] = {
        "more": found.more,
        "not_assessed": found.not_assessed,
        "is_partial": found.risk.is_partial,
    }
    if found.row:
        names = read_names(visibility, found.risk.recorded, [found.row.first])
        context["row"] = shown.row_of(found.row, found.risk, names, now)
    return context
