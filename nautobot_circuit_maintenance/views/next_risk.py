"""The next risk in the panels on core's pages: a piece of HTML that the browser asks for once the page stands.

Assessing the network takes longer than the rest of the panel; so no page of core waits for it.
"""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from nautobot.apps.views import ContentTypePermissionRequiredMixin, GenericView

from nautobot_circuit_maintenance.analysis.risk.next_finding import next_finding
from nautobot_circuit_maintenance.analysis.risk.words import read_names
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.risk_settings import RISK_PERMISSIONS
from nautobot_circuit_maintenance.ui import risk as shown
from nautobot_circuit_maintenance.ui.links import risk_url
from nautobot_circuit_maintenance.views.related import MODELS

_TEMPLATE = "nautobot_circuit_maintenance/inc/next_risk.html"


class NextRiskView(ContentTypePermissionRequiredMixin, GenericView):
    """What begins first of what the object causes or suffers."""

    def get_required_permission(self) -> str:
        """Require the permission of the panel; without the others, nothing is said."""
        return "nautobot_circuit_maintenance.view_circuitmaintenance"

    def get(self, request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
        """Render one row."""
        visibility, now = Visibility.of(request.user), timezone.now()
        get_object_or_404(visibility.of_model(MODELS[kind]).only("pk"), pk=pk)
        if not request.user.has_perms(RISK_PERMISSIONS):
            return HttpResponse()
        try:
            found = next_finding(kind, pk, visibility, now)
        except RiskError as error:
            return render(request, _TEMPLATE, {"not_assessed": str(error)})
        context: dict[str, Any] = {
            "more": found.more,
            "not_assessed": found.not_assessed,
            "is_partial": found.risk.is_partial,
            "risk_url": risk_url(kind, pk),
        }
        if found.row:
            names = read_names(visibility, found.risk.recorded, [found.row.first])
            context["row"] = shown.row_of(found.row, found.risk, names, now)
        return render(request, _TEMPLATE, context)
