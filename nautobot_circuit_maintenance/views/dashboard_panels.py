"""The cards of the dashboard that show tables."""

from typing import Any

from django.template import Context
from nautobot.apps.ui import Panel

_TEMPLATES = "nautobot_circuit_maintenance/inc/dashboard_{}.html"


class RowsPanel(Panel):
    """A table of rows that the view puts into the context under this name."""

    body_wrapper_template_path = "components/panel/body_wrapper_table.html"
    rows = ""
    is_upcoming = False
    """Whether the rows are those of the next days, which the heading then names."""

    def __init__(self, **kwargs: Any) -> None:
        """Take the template and the id from the name of the rows."""
        super().__init__(**kwargs)
        self.body_id = self.rows
        self.body_content_template_path = self.body_content_template_path or _TEMPLATES.format(self.rows)

    def render_label(self, context: Context) -> str:
        """Add the number of days."""
        span = f", next {context['n_days']} days".upper() if self.is_upcoming else ""
        return f"{super().render_label(context)}{span}"


class AffectedPanel(RowsPanel):
    """What is affected first: one template for locations and devices."""

    body_content_template_path = _TEMPLATES.format("affected")
    is_upcoming = True
    noun = ""
    counted = ""
    """Which circuits count, in case there are none."""

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Add the rows under the name that the template uses."""
        return {"affected": context[self.rows], "noun": self.noun, "counted": self.counted}


UPCOMING = RowsPanel(weight=100, label="Upcoming Maintenances", rows="upcoming", is_upcoming=True)
SOURCES = RowsPanel(
    weight=100,
    label="Sources",
    rows="sources",
    required_permissions=["nautobot_circuit_maintenance.view_notificationsource"],
)
LOCATIONS = AffectedPanel(
    weight=100,
    label="Affected locations",
    rows="locations",
    noun="location",
    counted="Only circuits with a termination at a location are counted.",
    required_permissions=["dcim.view_location"],
)
DEVICES = AffectedPanel(
    weight=100,
    label="Affected devices",
    rows="devices",
    noun="device",
    counted="Only circuits that are cabled to an interface are counted.",
    required_permissions=["dcim.view_device"],
)
