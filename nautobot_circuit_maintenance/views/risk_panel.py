"""What a maintenance puts at risk, on its page."""

from django.template import Context
from django.utils import timezone
from nautobot.apps.ui import Panel

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models.querysets import OVER


class MaintenanceRiskPanel(Panel):
    """A sentence for each site that goes dark, keeps one way, or only loses links; of work that is not over."""

    label = "Risk"
    body_content_template_path = "nautobot_circuit_maintenance/inc/risk_lines.html"

    def render(self, context: Context) -> str:
        """Render nothing if there is nothing to say."""
        maintenance = context["object"]
        now = timezone.now()
        is_over = maintenance.status in OVER or maintenance.replaced_by_id or not maintenance.end_time
        if is_over or maintenance.end_time <= now or not self.should_render(context):
            return ""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.views.risk_lines import risk_lines

        lines = risk_lines(maintenance.pk, Visibility.of(context["request"].user), now)
        if not lines:
            return ""
        with context.update({"risk_lines": lines}):
            return super().render(context)
