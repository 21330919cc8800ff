"""Tables on the page of one maintenance: its circuits with both ends, and its notifications."""

from functools import cached_property
from typing import Any
from uuid import UUID

import django_tables2 as tables
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from nautobot.apps.tables import BaseTable, ButtonsColumn
from nautobot.apps.templatetags import humanize_speed, placeholder
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.analysis.endpoints import End, endpoints_of
from nautobot_circuit_maintenance.analysis.evidence import Evidence
from nautobot_circuit_maintenance.domain.timeline import said_by_provider
from nautobot_circuit_maintenance.models import CircuitImpact, ParsedNotification
from nautobot_circuit_maintenance.tables.columns import BadgeColumn, DateTimeBadgeColumn, SupersededColumn
from nautobot_circuit_maintenance.tables.maintenances import may_add_circuits, unknown_circuit

_WIDE = {"td": {"style": "min-width: 11em"}}
"""Columns that a narrow screen would else squeeze to one word a line."""


class MaintenanceCircuitTable(BaseTable):
    """The circuits of one maintenance: how bad, where they end, who said so; as far as the user may see it."""

    cid = tables.Column(verbose_name="Circuit ID")
    impact = BadgeColumn()
    side_a = tables.Column(empty_values=(), orderable=False, verbose_name="Side A", attrs=_WIDE)
    side_z = tables.Column(empty_values=(), orderable=False, verbose_name="Side Z", attrs=_WIDE)
    circuit_status = tables.Column(empty_values=(), orderable=False)
    bandwidth = tables.Column(empty_values=(), orderable=False)
    said_by = tables.Column(
        empty_values=(), orderable=False, verbose_name="Said by", attrs={"td": {"class": "text-nowrap"}}
    )
    actions = ButtonsColumn(CircuitImpact)

    class Meta(BaseTable.Meta):
        model = CircuitImpact
        empty_text = "No circuits: the provider named none, or you may not see them; add them by hand"
        fields = (
            "cid",
            "impact",
            "side_a",
            "side_z",
            "circuit_status",
            "bandwidth",
            "said_by",
            "last_updated",
            "actions",
        )
        default_columns = (
            "cid",
            "impact",
            "side_a",
            "side_z",
            "circuit_status",
            "bandwidth",
            "said_by",
            "actions",
        )

    evidence: Evidence | None = None
    """What the notifications said; the panel sets it."""

    def __init__(self, data: Any, *args: Any, user: Any = None, **kwargs: Any) -> None:
        """Remember who looks."""
        if isinstance(data, QuerySet):
            data = data.select_related("maintenance__provider")
        super().__init__(data, *args, user=user, **kwargs)
        self.viewer = user

    @cached_property
    def circuits(self) -> dict[UUID, Circuit]:
        """The circuits of this page of rows that the user may see, read once."""
        rows = self.page.object_list if getattr(self, "page", None) else self.rows
        wanted = {row.record.circuit_id for row in rows} - {None}
        seen = Circuit.objects.restrict(self.viewer, "view").filter(pk__in=wanted).order_by()
        return {circuit.pk: circuit for circuit in seen.select_related("status")}

    @cached_property
    def ends(self) -> dict[tuple[UUID, str], End]:
        """Their ends, read once."""
        return endpoints_of(list(self.circuits), self.viewer)

    @cached_property
    def said(self) -> set[tuple[str, str]]:
        """What the provider says about which circuit id, all in all."""
        return said_by_provider(self.evidence.conclusion) if self.evidence else set()

    @cached_property
    def offers_to_add(self) -> bool:
        """Whether the user may add circuits."""
        return may_add_circuits(self.viewer)

    def render_cid(self, record: CircuitImpact, value: str) -> str | SafeString:
        """Link to the circuit; or say that Nautobot does not know it, and offer to add it."""
        if not record.circuit_id:
            return format_html("{} {}", value, unknown_circuit(record, offers_to_add=self.offers_to_add))
        circuit = self.circuits.get(record.circuit_id)
        return format_html('<a href="{}">{}</a>', circuit.get_absolute_url(), value) if circuit else value

    def render_side_a(self, record: CircuitImpact) -> SafeString:
        """Show where the A side is."""
        return _end(self.ends.get((record.circuit_id, "A")))

    def render_side_z(self, record: CircuitImpact) -> SafeString:
        """Show where the Z side is."""
        return _end(self.ends.get((record.circuit_id, "Z")))

    def render_circuit_status(self, record: CircuitImpact) -> str | SafeString:
        """Show the status of the circuit in Nautobot."""
        circuit = self.circuits.get(record.circuit_id)
        return placeholder(str(circuit.status) if circuit else None)

    def render_bandwidth(self, record: CircuitImpact) -> str | SafeString:
        """Show the commit rate."""
        circuit = self.circuits.get(record.circuit_id)
        return placeholder(humanize_speed(circuit.commit_rate) if circuit else None)

    def render_said_by(self, record: CircuitImpact) -> str:
        """Tell whether the provider says so, or a person does."""
        if (record.cid.casefold(), record.impact) in self.said:
            return str(record.maintenance.provider or "the provider")
        return "a person"


def _end(end: End | None) -> SafeString:
    """Show the location, and below it the device and the interface that the circuit is cabled to."""
    if not end or not (end.location or end.device or end.interface):
        return placeholder(None)
    return format_html("<div>{}</div><div>{}</div>", _links(end.location), _links(end.device, end.interface))


def _links(*objects: Any) -> SafeString:
    return format_html_join(
        " \u00b7 ", '<a href="{}">{}</a>', ((each.get_absolute_url(), each) for each in objects if each)
    )


class MaintenanceNotificationTable(BaseTable):
    """The notifications of one maintenance: what they said, and what became of them."""

    subject = tables.Column(empty_values=())
    sender = tables.Column()
    received_at = DateTimeBadgeColumn(verbose_name="Received")
    state = BadgeColumn(accessor="notification__state")
    status = BadgeColumn(verbose_name="Says")
    outdated = SupersededColumn()
    actions = ButtonsColumn(ParsedNotification, buttons=("detail",))

    class Meta(BaseTable.Meta):
        model = ParsedNotification
        empty_text = "No notifications: the maintenance was made by hand, or you may not see them"
        fields = ("subject", "sender", "received_at", "state", "status", "outdated", "parser", "actions")
        default_columns = ("subject", "sender", "received_at", "state", "status", "outdated", "actions")

    def __init__(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Read the notification along, never its raw bytes."""
        if isinstance(data, QuerySet):
            data = data.select_related("notification").defer("notification__raw", "json")
        super().__init__(data, *args, **kwargs)

    def render_subject(self, record: ParsedNotification) -> SafeString:
        """Link to the message; it may be gone, then to what it said."""
        target = record.notification or record
        return format_html('<a href="{}">{}</a>', target.get_absolute_url(), record.subject or "(no subject)")
