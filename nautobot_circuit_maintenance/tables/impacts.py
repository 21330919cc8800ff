"""Tables on the page of one maintenance: its circuits with both ends, and its notifications."""

from functools import cached_property
from typing import Any
from uuid import UUID

import django_tables2 as tables
from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from nautobot.apps.tables import BaseTable
from nautobot.apps.templatetags import humanize_speed, placeholder
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.analysis.endpoints import Connection, Endpoint, endpoints_of
from nautobot_circuit_maintenance.analysis.evidence import Evidence
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitImpact, ParsedNotification
from nautobot_circuit_maintenance.tables.columns import (
    LINK_CIRCUIT,
    ActionsColumn,
    BadgeColumn,
    DateTimeBadgeColumn,
    NotificationStateColumn,
    SupersededColumn,
)
from nautobot_circuit_maintenance.tables.maintenances import may_add_circuits, unknown_circuit
from nautobot_circuit_maintenance.tables.stacking import StackedMixin
from nautobot_circuit_maintenance.ui import formatting

_WIDE = {"td": {"style": "min-width: 11em"}}
"""For columns that a narrow screen would otherwise squeeze to one word a line."""


class MaintenanceCircuitTable(StackedMixin, BaseTable):
    """The circuits of one maintenance: their impact, where they end, who announced it."""

    cid = tables.Column(verbose_name="Circuit ID")
    impact = tables.Column()
    windows = tables.Column(empty_values=(), orderable=False, verbose_name="Affected in", attrs=_WIDE)
    side_a = tables.Column(empty_values=(), orderable=False, verbose_name="Side A", attrs=_WIDE)
    side_z = tables.Column(empty_values=(), orderable=False, verbose_name="Side Z", attrs=_WIDE)
    circuit_status = tables.Column(empty_values=(), orderable=False)
    bandwidth = tables.Column(empty_values=(), orderable=False)
    source = tables.Column(empty_values=(), orderable=False, attrs={"td": {"class": "text-nowrap"}})
    actions = ActionsColumn(CircuitImpact, prepend_template=LINK_CIRCUIT)

    class Meta(BaseTable.Meta):
        model = CircuitImpact
        empty_text = "No circuits found"
        fields = (
            "cid",
            "impact",
            "windows",
            "side_a",
            "side_z",
            "circuit_status",
            "bandwidth",
            "source",
            "last_updated",
            "actions",
        )
        default_columns = (
            "cid",
            "impact",
            "windows",
            "side_a",
            "side_z",
            "circuit_status",
            "bandwidth",
            "source",
            "actions",
        )

    evidence: Evidence | None = None
    """What the notifications announced; set by the panel."""

    def __init__(self, data: Any, *args: Any, user: Any = None, **kwargs: Any) -> None:
        """Read the providers of the maintenances along with the impacts."""
        if isinstance(data, QuerySet):
            data = data.select_related("maintenance__provider").prefetch_related("windows")
        super().__init__(data, *args, user=user, **kwargs)
        self.viewer = user
        self.visibility = Visibility.of(user) if user else Visibility.everything()
        if user and not user.has_perm("nautobot_circuit_maintenance.view_circuitimpact"):
            self.empty_text = "No circuits found. You may not have permission to view them."

    def before_render(self, request: Any) -> None:  # pylint: disable=unused-argument  # django-tables2 passes it
        """Show windows only where circuits differ."""
        if all(row.record.in_all_windows for row in self.paginated_rows):
            self.columns.hide("windows")

    @cached_property
    def circuits(self) -> dict[UUID, Circuit]:
        """The visible circuits of the rows on this page, read once."""
        rows = self.page.object_list if getattr(self, "page", None) else self.rows
        wanted = {row.record.circuit_id for row in rows} - {None}
        return self.visibility.circuits.select_related("status").in_bulk(wanted)

    @cached_property
    def endpoints(self) -> dict[tuple[UUID, str], Endpoint]:
        """Their ends, read once."""
        return endpoints_of(list(self.circuits), self.visibility)

    @cached_property
    def announced(self) -> set[tuple[str, str]]:
        """Pairs of circuit ID and impact that the provider announced."""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.domain.timeline import announced_impacts

        return announced_impacts(self.evidence.conclusion) if self.evidence else set()

    @cached_property
    def offers_to_add(self) -> bool:
        """Whether the user may add circuits."""
        return may_add_circuits(self.viewer)

    def render_cid(self, record: CircuitImpact, value: str) -> str | SafeString:
        """Link to the circuit; mark an unknown circuit ID and offer to add the circuit."""
        if not record.circuit_id:
            return format_html("{} {}", value, unknown_circuit(record, offers_to_add=self.offers_to_add))
        circuit = self.circuits.get(record.circuit_id)
        if not circuit:
            return value
        match = formatting.inexact_match(record.matched_by, circuit)
        return format_html('<a href="{}">{}</a>{}', circuit.get_absolute_url(), value, match)

    def render_impact(self, record: CircuitImpact) -> SafeString:
        """Render the impact, without color if the circuit is only on record."""
        return formatting.impact_badge(record)

    def render_windows(self, record: CircuitImpact) -> str | SafeString:
        """Show the windows in which the circuit is affected."""
        return formatting.windows_of_impact(record)

    def render_side_a(self, record: CircuitImpact) -> SafeString:
        """Show the A side."""
        return _endpoint(self.endpoints.get((record.circuit_id, "A")))

    def render_side_z(self, record: CircuitImpact) -> SafeString:
        """Show the Z side."""
        return _endpoint(self.endpoints.get((record.circuit_id, "Z")))

    def render_circuit_status(self, record: CircuitImpact) -> str | SafeString:
        """Show the status of the circuit in Nautobot."""
        circuit = self.circuits.get(record.circuit_id)
        return placeholder(str(circuit.status) if circuit else None)

    def render_bandwidth(self, record: CircuitImpact) -> str | SafeString:
        """Show the commit rate."""
        circuit = self.circuits.get(record.circuit_id)
        return placeholder(humanize_speed(circuit.commit_rate) if circuit else None)

    def render_source(self, record: CircuitImpact) -> str:
        """Show the provider if its notifications announce this impact, else that it was added manually."""
        if (record.cid.casefold(), record.impact) in self.announced:
            return str(record.maintenance.provider or "provider")
        return "manual"


def _endpoint(endpoint: Endpoint | None) -> SafeString:
    """Show the location or network, and below it each device and port that the circuit is cabled to."""
    if not endpoint or not (endpoint.place or endpoint.connections):
        return placeholder(None)
    return format_html("<div>{}</div>{}", _links(endpoint.place), _connections(endpoint.connections))


def _connections(connections: tuple[Connection, ...]) -> SafeString:
    return format_html_join("", "<div>{}</div>", ((_links(each.device, each.port),) for each in connections))


def _links(*objects: Any) -> SafeString:
    return format_html_join(
        " \u00b7 ", '<a href="{}">{}</a>', ((each.get_absolute_url(), each) for each in objects if each)
    )


class MaintenanceNotificationTable(StackedMixin, BaseTable):
    """The notifications of one maintenance: what they announce, and their state."""

    subject = tables.Column(empty_values=())
    sender = tables.Column()
    received_at = DateTimeBadgeColumn(verbose_name="Received")
    state = NotificationStateColumn(accessor="notification__state")
    status = BadgeColumn(verbose_name="Status")
    outdated = SupersededColumn(verbose_name="Superseded")
    actions = ActionsColumn(ParsedNotification, buttons=("detail",))

    class Meta(BaseTable.Meta):
        model = ParsedNotification
        empty_text = "No notifications found"
        fields = ("subject", "sender", "received_at", "state", "status", "outdated", "parser", "actions")
        default_columns = ("subject", "sender", "received_at", "state", "status", "outdated", "actions")

    def __init__(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Read the notifications along, without their raw bytes."""
        if isinstance(data, QuerySet):
            data = data.select_related("notification").defer("notification__raw", "json")
        super().__init__(data, *args, **kwargs)

    def render_subject(self, record: ParsedNotification) -> SafeString:
        """Link to the notification; if it was deleted, to what was read from it."""
        target = record.notification or record
        return format_html('<a href="{}">{}</a>', target.get_absolute_url(), record.subject or "(no subject)")
