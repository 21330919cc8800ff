"""What a maintenance puts at risk, on its page."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.template import Context
from nautobot.apps.ui import Panel

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.models.querysets import OVER

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.analysis.risk.of_maintenance import Line


def risk_of(maintenance: CircuitMaintenance, visibility: Visibility, now: datetime) -> "list[Line]":
    """Return what a maintenance puts at risk, the worst first; nothing if it is over."""
    is_over = maintenance.status in OVER or maintenance.replaced_by_id or not maintenance.end_time
    if is_over or maintenance.end_time <= now:
        return []
    # pylint: disable-next=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.analysis.risk.of_maintenance import lines_about

    return lines_about(maintenance.pk, maintenance.end_time, visibility, now)


class MaintenanceRiskPanel(Panel):
    """A sentence for each site that goes dark, keeps one way, or only loses links; of work that is not over."""

    label = "Risk"
    body_content_template_path = "nautobot_circuit_maintenance/inc/risk_lines.html"

    def render(self, context: Context) -> str:
        """Render nothing if there is nothing to say."""
        if not self.should_render(context) or not context["risk"]:
            return ""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.views.risk_lines import risk_lines

        with context.update({"risk_lines": risk_lines(context["risk"])}):
            return super().render(context)
