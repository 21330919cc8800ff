"""Panels on the page of one maintenance: its facts, the objects it affects, its circuits."""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from operator import itemgetter
from typing import Any

from django.db.models import Q
from django.template import Context
from django.template.defaultfilters import linebreaksbr, pluralize
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from nautobot.apps.templatetags import hyperlinked_object, placeholder
from nautobot.apps.ui import KeyValueTablePanel, ObjectsTablePanel, Panel
from nautobot.core.templatetags.helpers import table_config_form
from nautobot.core.ui.object_detail import Component

from nautobot_circuit_maintenance.analysis.evidence import Evidence
from nautobot_circuit_maintenance.analysis.scope import Affected, scope_of
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import ConfidenceChoices as Confidence
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.links import LONGEST_LIST
from nautobot_circuit_maintenance.ui.panels import VerbatimLabelsMixin


class _FilledPanel(VerbatimLabelsMixin, KeyValueTablePanel):
    """A table that is never empty: core would collect its data once more to find that out."""

    def should_render(self, context: Context) -> bool:
        """Check permissions only."""
        return Component.should_render(self, context)


class FactsPanel(_FilledPanel):
    """What the provider announced and what people added. Viewing a maintenance includes its windows."""

    label = "Maintenance"
    context_data_key = "facts"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Return the facts by label."""
        maintenance: CircuitMaintenance = context["object"]
        return {
            "Name": maintenance.name,
            **_ids(maintenance),
            **_replacements(maintenance, Visibility.of(context["request"].user)),
            "Provider": hyperlinked_object(maintenance.provider),
            "Status": formatting.badge(maintenance.status),
            "Description": linebreaksbr(maintenance.description) if maintenance.description else placeholder(None),
            "Maintenance Windows": _windows(maintenance),
            "Advance Notice": _notice(maintenance, context["evidence"]),
            "Ticket": maintenance.ticket,
            "Issued": formatting.datetime_badge(maintenance.issued_at),
            "Acknowledged": _acknowledged(maintenance),
        }


def _ids(maintenance: CircuitMaintenance) -> dict[str, str]:
    """Return the provider's IDs, where they differ from the name."""
    found = {}
    if maintenance.provider_maintenance_id.casefold() not in ("", maintenance.name.casefold()):
        found["Provider's Maintenance ID"] = maintenance.provider_maintenance_id
    if maintenance.other_ids:
        found["Other Maintenance IDs"] = ", ".join(maintenance.other_ids)
    return found


def _replacements(maintenance: CircuitMaintenance, visibility: Visibility) -> dict[str, SafeString]:
    """Return links to the maintenances that replaced it, or that it replaced, as far as the user may view them."""
    related = Q(pk=maintenance.replaced_by_id) | Q(replaced_by=maintenance)
    rows = list(visibility.maintenances.filter(related).select_related("provider").order_by("name"))
    by = [row for row in rows if row.pk == maintenance.replaced_by_id]
    of = [row for row in rows if row.replaced_by_id == maintenance.pk]
    named = (("Replaced By", by), ("Replaces", of))
    return {label: formatting.linked_list(found) for label, found in named if found}


def _windows(maintenance: CircuitMaintenance) -> SafeString:
    rows: list[tuple[datetime, SafeString]] = [
        (
            window.start_time,
            format_html(
                "<div>{}, {}</div>",
                formatting.window(window.start_time, window.end_time),
                formatting.distance_badge(window.start_time, window.end_time),
            ),
        )
        for window in maintenance.windows.all()
    ]
    rows += [
        (start, format_html("<div>{}</div>", formatting.cancelled_window(start, end)))
        for start, end in maintenance.cancelled_spans
    ]
    in_order = sorted(rows, key=itemgetter(0))
    return format_html_join("", "{}", ((html,) for _, html in in_order)) or placeholder(None)


def _notice(maintenance: CircuitMaintenance, evidence: Evidence) -> str | SafeString:
    """Show how long before the start the current windows were announced."""
    if not maintenance.start_time or not evidence.entries:
        return placeholder(None)
    # Windows that moved were announced when they moved, not by the first notification.
    windows = evidence.conclusion.windows
    unchanged = list(takewhile(lambda entry: entry.after.windows == windows, evidence.entries))
    notice = maintenance.start_time - unchanged[-1].issued_at
    return formatting.duration(notice) if notice.total_seconds() > 0 else "none (announced after start)"


def _acknowledged(maintenance: CircuitMaintenance) -> str | SafeString:
    if not maintenance.ack:
        return placeholder(None)
    mark = format_html('<span class="{}" aria-hidden="true"></span>', "mdi mdi-check-bold text-success")
    who = maintenance.acknowledged_by or "a deleted user"
    return format_html("{} by {} {}", mark, who, formatting.optional_datetime_badge(maintenance.acknowledged_at))


class ScopePanel(_FilledPanel):
    """What a maintenance affects."""

    label = "Affected Objects"
    context_data_key = "scope"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Return the number of each kind of object, and the first of them."""
        maintenance, visibility = context["object"], Visibility.of(context["request"].user)
        if not visibility.user.has_perm("nautobot_circuit_maintenance.view_circuitimpact"):
            return {"Circuits": formatting.HIDDEN}
        scope = scope_of(maintenance, visibility)
        impacts = reverse("plugins:nautobot_circuit_maintenance:circuitimpact_list")
        of_this = {"maintenance": maintenance.pk, "affected": True}
        found = {
            "Circuits": _circuits(context["affected"], scope.circuits, impacts, of_this),
            "Locations": _counted(scope.locations, reverse("dcim:location_list")),
            "Devices": _counted(scope.devices, reverse("dcim:device_list")),
            "Tenants": _counted(scope.tenants, reverse("tenancy:tenant_list")),
        }
        return {label: value for label, value in found.items() if value} or {"Circuits": "No circuit is affected."}


def _counted(objects: Any, address: str) -> SafeString | str:
    """Show the number of objects, as a link to a list of them, and the first ones; nothing if there are none."""
    found: Sequence[Any] = list(objects)
    if not found:
        return ""
    if "?" not in address and len(found) <= LONGEST_LIST:
        address += "?" + urlencode({"id": [each.pk for each in found]}, doseq=True)
    is_list = "?" in address
    count = format_html('<a href="{}">{}</a>', address, len(found)) if is_list else str(len(found))
    return format_html("{}: {}", count, formatting.linked_list(found))


def _circuits(affected: Affected, known: Any, address: str, filters: dict[str, Any]) -> SafeString | str:
    """Show how many circuits are affected, the first of those in Nautobot, and how many of them it does not know.

    The number is that of the line under the title, of lists and of the table: all circuit IDs.
    """
    if not affected.total:
        return ""
    listed, found = f"{address}?{urlencode(filters)}", list(known)
    parts = [formatting.linked_list(found)] if found else []
    if affected.unknown:
        unknown = f"{address}?{urlencode({**filters, 'has_circuit': False})}"
        label = f"{affected.unknown} unknown circuit ID{pluralize(affected.unknown)}"
        parts.append(format_html('<a href="{}">{}</a>', unknown, label))
    rest = format_html_join(", ", "{}", ((part,) for part in parts))
    return format_html('<a href="{}">{}</a>{}{}', listed, affected.total, ": " if parts else "", rest)


class CircuitsPanel(ObjectsTablePanel):
    """The circuits of a maintenance; its table compares them with what the provider announced."""

    def get_table_config_form_context(self, context: Context) -> dict[str, Any] | None:
        """Offer the columns without rows: core would count those of a page that it does not show."""
        if not self.should_render(context):
            return None
        table = self.table_class(CircuitImpact.objects.none(), user=context["request"].user, configurable=True)
        return table_config_form(table)

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Pass the evidence to the table."""
        extra = super().get_extra_context(context)
        extra["body_content_table"].evidence = context["evidence"]
        return extra


class TimelinePanel(Panel):
    """The timeline, newest first, as far as the user may see it."""

    body_content_template_path = "nautobot_circuit_maintenance/inc/timeline.html"

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Add the lines."""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.views.timeline import lines_of

        visibility = Visibility.of(context["request"].user)
        lines = lines_of(context["object"], context["evidence"], visibility)
        return {**super().get_extra_context(context), "timeline": lines}


def badges(maintenance: CircuitMaintenance, affected: Affected, evidence: Evidence) -> SafeString:
    """Show status and worst impact, and whether it is replaced or doubtful, for the title."""
    worst = affected.worst
    shown = [formatting.badge(maintenance.status)]
    if worst:
        shown.append(formatting.outlined(worst) if maintenance.is_over(timezone.now()) else formatting.badge(worst))
    if maintenance.replaced_by_id:
        shown.append(formatting.REPLACED)
    if maintenance.doubts:
        shown.append(formatting.doubt_badge(maintenance.doubts))
    elif maintenance.confidence:
        shown.append(formatting.confidence_badge(maintenance.confidence, _reasons(maintenance, evidence)))
    return format_html_join(" ", "{}", ((each,) for each in shown))


def _reasons(maintenance: CircuitMaintenance, evidence: Evidence) -> list[dict[str, Any]]:
    """Return why a maintenance without doubts is unchecked."""
    if maintenance.confidence != Confidence.UNCHECKED:
        return []
    findings = (finding for row in evidence.rows if not row.outdated for finding in row.findings)
    return [finding for finding in findings if finding["level"] == Confidence.UNCHECKED]
