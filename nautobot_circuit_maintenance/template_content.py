"""The panels on core's pages: which maintenances hit this circuit, provider, location or device."""

from dataclasses import dataclass
from typing import Any

from django.template import Context
from django.utils import timezone
from nautobot.apps.ui import Panel, SectionChoices, TemplateExtension

from nautobot_circuit_maintenance.filters import CircuitImpactFilterSet, CircuitMaintenanceFilterSet
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, selection
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import list_url

_SHOWN = 5


@dataclass(frozen=True)
class _Found:
    """What there is to show about an object."""

    ahead: list[CircuitMaintenance]
    count_ahead: int
    count_past: int
    impacts: dict[Any, list[CircuitImpact]]


class MaintenancesPanel(Panel):
    """What is in progress and coming first, then how much is past; the same filter as that of the lists."""

    label = "Circuit maintenances"
    section = SectionChoices.FULL_WIDTH
    required_permissions = ("nautobot_circuit_maintenance.view_circuitmaintenance",)
    body_wrapper_template_path = "components/panel/body_wrapper_table.html"
    body_content_template_path = "nautobot_circuit_maintenance/inc/maintenances_panel.html"
    filter_name = ""

    def render(self, context: Context) -> str:
        """Show nothing at all where there is nothing to show."""
        if not self.should_render(context):
            return ""
        found = self._find(context["object"].pk, context["request"].user)
        if not found.ahead and not found.count_past:
            return ""
        with context.update(self._shown(found, context["object"].pk)):
            return super().render(context)

    def _find(self, pk: Any, user: Any) -> _Found:
        """Ask the filters of the lists, so that the numbers are those behind the links."""
        asked = {self.filter_name: [str(pk)]}
        visible = CircuitMaintenance.objects.restrict(user, "view")
        hitting = visible.filter(pk__in=CircuitMaintenanceFilterSet(asked, visible).qs.order_by().values("pk"))
        over = selection.over_at(timezone.now())
        ahead = hitting.exclude(over).order_by(*selection.MOST_URGENT_FIRST)
        shown = list(ahead.select_related("provider", "acknowledged_by")[:_SHOWN])
        impacts: dict[Any, list[CircuitImpact]] = {each.pk: [] for each in shown}
        told = CircuitImpact.objects.restrict(user, "view").filter(maintenance__in=list(impacts))
        for impact in CircuitImpactFilterSet(asked, told).qs:
            impacts[impact.maintenance_id].append(impact)
        return _Found(shown, ahead.count(), hitting.filter(over).count(), impacts)

    def _shown(self, found: _Found, pk: Any) -> dict[str, Any]:
        """Return what the template shows."""
        now = timezone.now()
        rows = [
            {
                "maintenance": each,
                "start": formatting.datetime_badge(each.start_time, now),
                "impact": formatting.badge(selection.worst(found.impacts[each.pk])),
                "status": formatting.badge(each.status),
                "ack": (
                    formatting.check_mark(str(each.acknowledged_by or ""), each.acknowledged_at) if each.ack else "no"
                ),
            }
            for each in found.ahead
        ]
        return {
            "circuit_maintenances": rows,
            "more_ahead": found.count_ahead - len(rows),
            "ahead_url": list_url("circuitmaintenance", **{self.filter_name: pk}, ended=False),
            "count_past": found.count_past,
            "past_url": list_url("circuitmaintenance", **{self.filter_name: pk}, ended=True),
        }


def _extension(model: str, filter_name: str) -> type[TemplateExtension]:
    """Return what puts the panel on the pages of a model."""
    panel = MaintenancesPanel(weight=910, filter_name=filter_name)  # from 900 on: after core's panels
    return type(
        f"{filter_name.title()}Maintenances", (TemplateExtension,), {"model": model, "object_detail_panels": (panel,)}
    )


template_extensions = [
    _extension("circuits.circuit", "circuit"),
    _extension("circuits.provider", "provider"),
    _extension("dcim.location", "location"),
    _extension("dcim.device", "device"),
]
