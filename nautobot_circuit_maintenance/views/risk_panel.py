"""What a maintenance puts at risk, on its page."""

from typing import Any

from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.apps.ui import Panel

from nautobot_circuit_maintenance.analysis.redundancy.values import Kind
from nautobot_circuit_maintenance.analysis.risk.of_maintenance import Line, lines_about
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models.querysets import OVER
from nautobot_circuit_maintenance.ui import formatting, risk as shown


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
        lines = lines_about(maintenance.pk, Visibility.of(context["request"].user), now)
        if not lines:
            return ""
        with context.update({"risk_lines": [_shown(each) for each in lines]}):
            return super().render(context)


def _shown(line: Line) -> dict[str, Any]:
    return {"html": _sentence(line), "is_dark": line.kind == Kind.DARK}


def _sentence(line: Line) -> SafeString:
    """Return "With this, AMS1 goes dark Tue 02:00 - 03:10 (together with Lumen 42)", or "SYD1 keeps 3 of 4 links"."""
    what = shown.link(line.subject, line.key, line.name)
    if line.start is None or line.end is None:
        return format_html("{} {}", what, line.says)
    why = f" ({line.why})" if line.why else ""
    return format_html("With this, {} {} {}{}", what, line.says, formatting.window(line.start, line.end), why)
