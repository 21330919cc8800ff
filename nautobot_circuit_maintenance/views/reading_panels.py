"""What was concluded from one notification, field by field, with what its maintenance was announced with before."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from nautobot.apps.ui import Panel

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceUpdate
from nautobot_circuit_maintenance.models import CircuitMaintenance, ManualReading, Notification, ParsedNotification
from nautobot_circuit_maintenance.models.manual_readings import PARSER
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.views.doubt_panels import doubt_rows, settle_url_of

MOST = 10
"""Maintenances of one notification that are shown; the table below has all."""
_MOST_EARLIER = 100
_MOST_CIRCUITS = 10


class Fact(NamedTuple):
    """One field of a reading."""

    name: str
    value: Any
    before: Any
    """What it was before, if that differs; empty otherwise."""


class ReadingPanel(Panel):
    """What was read, beside what was announced before."""

    label = "What Was Read"
    body_content_template_path = "nautobot_circuit_maintenance/inc/reading.html"

    def should_render(self, context: Context) -> bool:
        """Render only if something was read that the user may view; it is queried once."""
        rows = Visibility.of(context["request"].user).parsed_notifications.filter(notification=context["object"])
        context["readings"] = list(
            rows.select_related("maintenance__provider").order_by("maintenance__name", "pk")[:MOST]
        )
        return bool(context["readings"]) and super().should_render(context)

    def get_extra_context(self, context: Context) -> dict[str, Any]:
        """Add the fields of each maintenance, and who read it if that was a person."""
        notification, rows = context["object"], context["readings"]
        earlier = _earlier(notification, rows, context["request"].user)
        readings = [
            {
                "maintenance": row.maintenance,
                "facts": _facts(row.as_update(), earlier.get(row.maintenance_id)),
                "confidence": formatting.confidence_badge(row.confidence, row.findings),
                **_doubts(row.maintenance, notification, context["request"].user),
            }
            for row in rows
        ]
        person = None
        if any(row.parser == PARSER for row in rows):
            person = ManualReading.objects.filter(fingerprint=notification.fingerprint).first()
        return {**super().get_extra_context(context), "readings": readings, "person": person}


def _earlier(
    notification: Notification, rows: Sequence[ParsedNotification], user: Any
) -> dict[UUID, MaintenanceUpdate]:
    """Return what was announced last before, by maintenance; one query for all."""
    before = Visibility.of(user).parsed_notifications.filter(
        maintenance__in={row.maintenance_id for row in rows}, received_at__lt=notification.received_at
    )
    newest = list(before.order_by("-received_at", "-fingerprint")[:_MOST_EARLIER])
    return {row.maintenance_id: row.as_update() for row in reversed(newest)}


def _doubts(maintenance: CircuitMaintenance, notification: Notification, user: Any) -> dict[str, Any]:
    """Return the doubts of a maintenance that this notification raised."""
    own = [doubt for doubt in maintenance.doubts if doubt.get("fingerprint") == notification.fingerprint]
    url = settle_url_of(maintenance, user) if own else ""
    return {"doubts": doubt_rows(maintenance, own, {}, may_settle=bool(url)), "settle_url": url}


def _facts(update: MaintenanceUpdate, before: MaintenanceUpdate | None) -> list[Fact]:
    shown = {
        "Maintenance ID": lambda each: each.maintenance_id,
        "Status": lambda each: formatting.badge(each.status),
        "Windows": lambda each: formatting.windows(each.windows),
        "Circuits": lambda each: _circuits(each.circuits),
    }
    facts = []
    for name, render in shown.items():
        value, old = render(update), render(before) if before else ""
        facts.append(Fact(name, value or "\u2014", old if old != value else ""))
    return facts


def _circuits(circuits: Sequence[AnnouncedImpact]) -> SafeString:
    distinct = sorted(set(circuits))
    lines = format_html_join(
        "", "<div>{} {}</div>", ((each.cid, formatting.badge(each.impact)) for each in distinct[:_MOST_CIRCUITS])
    )
    more = len(distinct) - _MOST_CIRCUITS
    return format_html("{}{}", lines, f"and {more} more" if more > 0 else "")
