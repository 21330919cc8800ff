"""Panels of the page of one maintenance: its facts, what it hits, its circuits."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from django.template import Context
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from nautobot.apps.templatetags import hyperlinked_object, placeholder
from nautobot.apps.ui import KeyValueTablePanel, ObjectsTablePanel
from nautobot.core.ui.object_detail import Component

from nautobot_circuit_maintenance.analysis.evidence import Evidence
from nautobot_circuit_maintenance.analysis.scope import reach_of
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, selection
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import LONGEST_LIST
from nautobot_circuit_maintenance.ui.panels import VerbatimLabelsMixin


class _FilledPanel(VerbatimLabelsMixin, KeyValueTablePanel):
    """A table that always has something to show: core would gather all of it once more to find that out."""

    def should_render(self, context: Context) -> bool:
        """Ask for the permissions only."""
        return Component.should_render(self, context)


class FactsPanel(_FilledPanel):
    """What the provider says and what people added; who sees the maintenance sees the windows."""

    label = "Maintenance"
    context_data_key = "facts"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Gather the facts."""
        maintenance: CircuitMaintenance = context["object"]
        return {
            "Name": maintenance.name,
            "Provider": hyperlinked_object(maintenance.provider),
            "Status": formatting.badge(maintenance.status),
            "Description": linebreaksbr(maintenance.description) if maintenance.description else placeholder(None),
            "Maintenance Windows": _windows(maintenance),
            "Notice Given": _notice(maintenance, context["evidence"]),
            "Ticket": maintenance.ticket,
            "Issued": formatting.datetime_badge(maintenance.issued_at),
            "Acknowledged": _acknowledged(maintenance),
        }


def _windows(maintenance: CircuitMaintenance) -> SafeString:
    rows = [
        (formatting.window(window.start_time, window.end_time), formatting.relative_badge(window.start_time))
        for window in maintenance.windows.all()
    ]
    return format_html_join("", "<div>{}, {}</div>", rows) or placeholder(None)


def _notice(maintenance: CircuitMaintenance, evidence: Evidence) -> str | SafeString:
    """Show how long before its start the windows were announced that hold now."""
    if not maintenance.start_time or not evidence.steps:
        return placeholder(None)
    # A window that was moved has been announced when it was moved, not with the first mail.
    windows = evidence.conclusion.windows
    told = list(takewhile(lambda step: step.after.windows == windows, evidence.steps))
    notice = maintenance.start_time - told[-1].issued_at
    return formatting.duration(notice) if notice.total_seconds() > 0 else "none: announced after its start"


def _acknowledged(maintenance: CircuitMaintenance) -> str | SafeString:
    if not maintenance.ack:
        return "not yet"
    mark = format_html('<span class="{}" aria-hidden="true"></span>', "mdi mdi-check-bold text-success")
    who = maintenance.acknowledged_by or "somebody"
    return format_html("{} by {} {}", mark, who, formatting.optional_datetime_badge(maintenance.acknowledged_at))


class ReachPanel(_FilledPanel):
    """What a maintenance hits, as far as the user may see it."""

    label = "What is hit"
    context_data_key = "reach"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Count each kind, and name the first of it."""
        maintenance, user = context["object"], context["request"].user
        reach = reach_of(maintenance, user)
        unknown = CircuitImpact.objects.restrict(user, "view").filter(maintenance=maintenance, circuit=None).count()
        impacts = reverse("plugins:nautobot_circuit_maintenance:circuitimpact_list")
        of_this = {"maintenance": maintenance.pk}
        return {
            "Circuits": _counted(reach.circuits, f"{impacts}?{urlencode({**of_this, 'has_circuit': True})}"),
            "Not in Nautobot": _linked(unknown, f"{impacts}?{urlencode({**of_this, 'has_circuit': False})}"),
            "Locations": _counted(reach.locations, reverse("dcim:location_list")),
            "Devices": _counted(reach.devices, reverse("dcim:device_list")),
            "Tenants": _counted(reach.tenants, reverse("tenancy:tenant_list")),
        }


def _counted(objects: Any, address: str) -> SafeString:
    """Show how many there are, as a link to a list of them, and the first ones."""
    found: Sequence[Any] = list(objects)
    if not found:
        return format_html("{}", 0)
    if "?" not in address and len(found) <= LONGEST_LIST:
        address += "?" + urlencode({"id": [each.pk for each in found]}, doseq=True)
    is_list = "?" in address
    count = format_html('<a href="{}">{}</a>', address, len(found)) if is_list else str(len(found))
    return format_html("{}: {}", count, formatting.linked_list(found))


def _linked(count: int, address: str) -> SafeString:
    """Show how many there are, as a link to a list of them where there are any."""
    return format_html('<a href="{}">{}</a>', address, count) if count else format_html("{}", 0)


class CircuitsPanel(ObjectsTablePanel):
    """The circuits of a maintenance; its table knows what the provider said."""

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Hand the evidence on."""
        extra = super().get_extra_context(context)
        extra["body_content_table"].evidence = context["evidence"]
        return extra


def badges(maintenance: CircuitMaintenance, user: Any) -> SafeString:
    """Show status and worst impact, for the title."""
    seen = CircuitImpact.objects.restrict(user, "view").filter(maintenance=maintenance).order_by()
    worst = selection.worst(CircuitImpact(impact=impact) for impact in seen.values_list("impact", flat=True).distinct())
    words = [word for word in (maintenance.status, worst) if word]
    return format_html_join(" ", "{}", ((formatting.badge(word),) for word in words))
