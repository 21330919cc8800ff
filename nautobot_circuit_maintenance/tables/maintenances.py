"""Tables of what we concluded."""

from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import django_tables2 as tables
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from nautobot.apps.tables import BaseTable, ButtonsColumn, TagColumn, ToggleColumn
from nautobot.apps.templatetags import placeholder, render_markdown

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, Note
from nautobot_circuit_maintenance.models.querysets import OVER, CircuitMaintenanceQuerySet
from nautobot_circuit_maintenance.models.severity import impact_of_severity
from nautobot_circuit_maintenance.tables.columns import BadgeColumn, DateTimeBadgeColumn, stacked
from nautobot_circuit_maintenance.ui import formatting

_LIST = "plugins:nautobot_circuit_maintenance:{}_list"


class CircuitMaintenanceTable(BaseTable):
    """Maintenances: what, when, how bad, is anybody on it."""

    pk = ToggleColumn()
    name = tables.Column(linkify=True)
    provider = tables.Column(linkify=True)
    status = BadgeColumn()
    start_time = DateTimeBadgeColumn(verbose_name="Start")
    end_time = DateTimeBadgeColumn(verbose_name="End")
    worst_impact = BadgeColumn(accessor="worst_severity", verbose_name="Worst impact")
    circuits = tables.Column(accessor="circuit_count", verbose_name="Circuits")
    ticket = tables.Column(attrs={"td": {"class": "text-nowrap"}})
    ack = tables.Column(verbose_name="Ack")
    acknowledged_by = tables.Column()
    acknowledged_at = DateTimeBadgeColumn()
    issued_at = DateTimeBadgeColumn(verbose_name="Issued")
    tags = TagColumn(url_name=_LIST.format("circuitmaintenance"))
    actions = ButtonsColumn(CircuitMaintenance)

    class Meta(BaseTable.Meta):
        model = CircuitMaintenance
        empty_text = "No circuit maintenances found. Where no filter is set, none is known yet: they come by mail, or are added by hand"
        fields = (
            "pk",
            "name",
            "provider",
            "status",
            "start_time",
            "end_time",
            "worst_impact",
            "circuits",
            "ticket",
            "ack",
            "acknowledged_by",
            "acknowledged_at",
            "description",
            "issued_at",
            "sequence",
            "tags",
            "actions",
        )
        default_columns = (
            "pk",
            "name",
            "provider",
            "status",
            "start_time",
            "end_time",
            "worst_impact",
            "circuits",
            "ticket",
            "ack",
            "actions",
        )

    def __init__(self, data: Any, *args: Any, user: Any = None, **kwargs: Any) -> None:
        """Count the circuits along with the maintenances, whoever shows the table."""
        if isinstance(data, CircuitMaintenanceQuerySet):
            visibility = Visibility.of(user) if user else Visibility.everything()
            data = data.with_impact_summary(visibility.impacts).select_related("acknowledged_by")
        super().__init__(data, *args, user=user, **kwargs)

    def render_end_time(self, record: CircuitMaintenance, value: datetime) -> SafeString:
        """Show when it ends, and how long that is after its start."""
        return stacked(formatting.datetime_badge(value, remark=formatting.duration(value - record.start_time)))

    def render_worst_impact(self, value: int) -> SafeString:
        """Show the worst impact on a circuit."""
        return formatting.badge(impact_of_severity(value))

    def render_circuits(self, record: CircuitMaintenance, value: int) -> str | SafeString:
        """Show how many circuits are hit, and how many of them Nautobot does not know."""
        return (
            format_html("{} {}", value, formatting.unmatched_badge(record.unmatched_count))
            if record.unmatched_count
            else str(value)
        )

    def render_ack(self, record: CircuitMaintenance, value: bool) -> SafeString:
        """Show a check mark with who and when."""
        if not value:
            return placeholder(None)
        return formatting.check_mark(str(record.acknowledged_by or ""), record.acknowledged_at)


class CircuitMaintenanceListTable(CircuitMaintenanceTable):
    """The same on the list's own page: what nobody has acknowledged can be acknowledged there."""

    request: HttpRequest | None = None
    """The one that is answered; django-tables2 sets it."""

    class Meta(CircuitMaintenanceTable.Meta):
        pass

    def __init__(self, data: Any, *args: Any, user: Any = None, **kwargs: Any) -> None:
        """Remember who looks, and whether this is the list: elsewhere there is no form around the table."""
        super().__init__(data, *args, user=user, **kwargs)
        is_list = kwargs.get("configurable") and not kwargs.get("is_object_embedded_search_results")
        self.viewer = user if is_list else None
        self.now = timezone.now()

    @cached_property
    def changeable(self) -> set[UUID]:
        """The rows of this page that the user may change, read once."""
        if not self.viewer:
            return set()
        rows = self.page.object_list if getattr(self, "page", None) else self.rows
        permitted = Visibility.of(self.viewer).of_model(CircuitMaintenance, "change")
        return set(permitted.filter(pk__in=[row.record.pk for row in rows]).values_list("pk", flat=True))

    def render_ack(self, record: CircuitMaintenance, value: bool) -> SafeString:
        """Offer to acknowledge what is not over; the button belongs to the form around the list."""
        is_over = record.status in OVER or (record.end_time and record.end_time < self.now)
        if value or is_over or record.pk not in self.changeable:
            return super().render_ack(record, value)
        return format_html(
            # A short word: the row has to fit beside the menu, and a mark alone would look like what is done.
            '<button type="submit" formmethod="post" formaction="{}?{}" class="btn btn-outline-success btn-sm" '
            'aria-label="Acknowledge {}" title="Acknowledge">Ack</button>',
            reverse("plugins:nautobot_circuit_maintenance:circuitmaintenance_acknowledge", args=[record.pk]),
            urlencode(
                {
                    "return_url": self.request.get_full_path() if self.request else "",
                    "seen": record.last_updated.isoformat() if record.last_updated else "",
                }
            ),
            record,
        )


class CircuitImpactTable(BaseTable):
    """Impacts: which circuit, how bad, in which maintenance."""

    pk = ToggleColumn()
    cid = tables.Column(linkify=True, verbose_name="Circuit ID")
    circuit = tables.Column(linkify=True, empty_values=())
    impact = BadgeColumn()
    side_a = tables.Column(
        accessor="circuit__circuit_termination_a__location", verbose_name="Side A", linkify=True, orderable=False
    )
    side_z = tables.Column(
        accessor="circuit__circuit_termination_z__location", verbose_name="Side Z", linkify=True, orderable=False
    )
    maintenance = tables.Column(linkify=True)
    status = BadgeColumn(accessor="maintenance__status", verbose_name="Maintenance status")
    start_time = DateTimeBadgeColumn(accessor="maintenance__start_time", verbose_name="Start")
    end_time = DateTimeBadgeColumn(accessor="maintenance__end_time", verbose_name="End")
    actions = ButtonsColumn(CircuitImpact)

    class Meta(BaseTable.Meta):
        model = CircuitImpact
        empty_text = "No circuit impacts found: they come with the maintenances, or are added to one by hand"
        fields = (
            "pk",
            "cid",
            "circuit",
            "impact",
            "side_a",
            "side_z",
            "maintenance",
            "status",
            "start_time",
            "end_time",
            "actions",
        )
        default_columns = ("pk", "cid", "circuit", "impact", "maintenance", "status", "start_time", "actions")

    def __init__(self, data: Any, *args: Any, user: Any = None, **kwargs: Any) -> None:
        """Read the provider along: it is in the name of the maintenance."""
        if isinstance(data, QuerySet):
            data = data.select_related("maintenance__provider")
        super().__init__(data, *args, user=user, **kwargs)
        self.can_add_circuits = may_add_circuits(user)

    def render_circuit(self, record: CircuitImpact) -> str | SafeString:
        """Show the circuit; or say that Nautobot does not know it, and offer to add it."""
        if record.circuit_id:
            return str(record.circuit)
        return unknown_circuit(record, offers_to_add=self.can_add_circuits)


def may_add_circuits(user: Any) -> bool:
    """Tell whether a user may add circuits."""
    return bool(user and user.has_perm("circuits.add_circuit"))


def unknown_circuit(record: CircuitImpact, *, offers_to_add: bool) -> SafeString:
    """Say that Nautobot does not know a circuit, with a link to the filled-in form that adds it."""
    if not offers_to_add or not record.maintenance.provider_id:
        return formatting.UNKNOWN_CIRCUIT_ID
    known = urlencode({"provider": record.maintenance.provider_id, "cid": record.cid})
    return format_html(
        '{} <a href="{}?{}">Add</a>', formatting.UNKNOWN_CIRCUIT_ID, reverse("circuits:circuit_add"), known
    )


class CircuitMaintenanceNoteTable(BaseTable):
    """Maintenance notes; core's NoteTable has taken the plain name in the users' preferences."""

    pk = ToggleColumn()
    title = tables.Column(linkify=True)
    level = BadgeColumn()
    maintenance = tables.Column(linkify=True)
    comment = tables.Column()
    last_updated = DateTimeBadgeColumn()
    actions = ButtonsColumn(Note)

    class Meta(BaseTable.Meta):
        model = Note
        empty_text = "No circuit maintenance notes found: add what your colleagues should know"
        fields = ("pk", "level", "title", "maintenance", "comment", "last_updated", "actions")
        default_columns = ("pk", "level", "title", "maintenance", "comment", "last_updated", "actions")

    def __init__(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Read the provider along: it is in the name of the maintenance."""
        if isinstance(data, QuerySet):
            data = data.select_related("maintenance__provider")
        super().__init__(data, *args, **kwargs)

    def render_comment(self, value: str) -> SafeString:
        """Show it as the note's own page does."""
        return render_markdown(value)


NoteTable = CircuitMaintenanceNoteTable  # Nautobot looks it up by the model's name
