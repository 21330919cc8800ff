"""Tables of maintenances, impacts and notes."""

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

import django_tables2 as tables
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from nautobot.apps.tables import BaseTable, TagColumn, ToggleColumn
from nautobot.apps.templatetags import placeholder, render_markdown

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, Note
from nautobot_circuit_maintenance.models.querysets import CircuitMaintenanceQuerySet, ImpactSummary
from nautobot_circuit_maintenance.models.severity import impact_of_severity
from nautobot_circuit_maintenance.models.windows import Span, spans_of
from nautobot_circuit_maintenance.tables.columns import (
    LINK_CIRCUIT,
    ActionsColumn,
    BadgeColumn,
    DateTimeBadgeColumn,
    stacked,
)
from nautobot_circuit_maintenance.tables.overlaps import OverlapsColumn, is_asked
from nautobot_circuit_maintenance.tables.paging import KeysFirstMixin
from nautobot_circuit_maintenance.tables.stacking import SIDE_BY_SIDE, StackedMixin
from nautobot_circuit_maintenance.ui import formatting

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.analysis.dashboard import Place

_LIST = "plugins:nautobot_circuit_maintenance:{}_list"


class CircuitMaintenanceTable(StackedMixin, KeysFirstMixin, BaseTable):
    """Maintenances with times, worst impact and acknowledgement."""

    pk = ToggleColumn()
    name = tables.Column(linkify=True, attrs={"td": {"class": "ncm-name ncm-side"}})
    provider = tables.Column(linkify=True, attrs=SIDE_BY_SIDE)
    window = tables.Column(
        accessor="start_time",
        verbose_name="Window",
        order_by=("start_time", "name"),
        attrs={"td": {"class": "ncm-when ncm-side"}},
    )
    sites = tables.Column(
        accessor="pk", verbose_name="Sites", orderable=False, attrs={"td": {"class": "text-nowrap ncm-sites"}}
    )
    status = BadgeColumn(attrs=SIDE_BY_SIDE)
    start_time = DateTimeBadgeColumn(verbose_name="Start")
    end_time = DateTimeBadgeColumn(verbose_name="End")
    worst_impact = BadgeColumn(accessor="pk", verbose_name="Worst impact", attrs=SIDE_BY_SIDE)
    circuits = tables.Column(accessor="pk", verbose_name="Circuits", attrs={"td": {"class": "text-nowrap"}})
    ticket = tables.Column(attrs={"td": {"class": "text-nowrap"}})
    ack = tables.Column(verbose_name="Acknowledged")
    acknowledged_by = tables.Column()
    acknowledged_at = DateTimeBadgeColumn()
    issued_at = DateTimeBadgeColumn(verbose_name="Issued")
    confidence = tables.Column()
    puts_at_risk = tables.Column(accessor="pk", verbose_name="Puts at risk", orderable=False)
    overlaps_with = OverlapsColumn()
    tags = TagColumn(url_name=_LIST.format("circuitmaintenance"))
    actions = ActionsColumn(CircuitMaintenance)

    class Meta(BaseTable.Meta):
        model = CircuitMaintenance
        empty_text = "No circuit maintenances found"
        fields = (
            "pk",
            "window",
            "name",
            "provider",
            "status",
            "start_time",
            "end_time",
            "worst_impact",
            "circuits",
            "sites",
            "ticket",
            "ack",
            "acknowledged_by",
            "acknowledged_at",
            "description",
            "provider_maintenance_id",
            "issued_at",
            "sequence",
            "confidence",
            "puts_at_risk",
            "overlaps_with",
            "tags",
            "actions",
        )
        default_columns = (
            "pk",
            "window",
            "name",
            "provider",
            "status",
            "worst_impact",
            "circuits",
            "sites",
            "ticket",
            "ack",
            "actions",
        )

    def __init__(self, data: Any, *args: Any, user: Any = None, **kwargs: Any) -> None:
        """Join the users, wherever the table is shown."""
        if isinstance(data, CircuitMaintenanceQuerySet):
            data = data.select_related("acknowledged_by")
        self.show_to(user)
        self.now = timezone.now()
        super().__init__(data, *args, user=user, **kwargs)

    def show_to(self, user: Any) -> None:
        """Show what this user may view; everything without one."""
        self.visibility = Visibility.of(user) if user else Visibility.everything()
        self.impacts = self.visibility.impacts
        self.hides_impacts = bool(user and not user.has_perm("nautobot_circuit_maintenance.view_circuitimpact"))

    def before_render(self, request: HttpRequest) -> None:
        """Show tickets only where there are any: the window then has room on one line; and with what it overlaps if that is asked.

        Core's search makes the table without a user; what it shows depends on the permissions all the same.
        """
        if self.visibility.user is None:
            self.show_to(getattr(request, "user", None))
        if is_asked(request):
            self.columns.show("overlaps_with")
        if not any(row.record.ticket for row in self.paginated_rows):
            self.columns.hide("ticket")

    @cached_property
    def summaries(self) -> dict[UUID, ImpactSummary]:
        """What the maintenances of this page affect, queried once, and only if a column shows it."""
        return self.impacts.summaries([row.record.pk for row in self.paginated_rows])

    def summary_of(self, record: CircuitMaintenance) -> ImpactSummary:
        """Return what a maintenance of this page affects."""
        return self.summaries.get(record.pk, ImpactSummary())

    @cached_property
    def at_risk(self) -> dict[UUID, list[str]]:
        """What the maintenances of this page put at risk, assessed once, and only if a column shows it."""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.analysis.risk.of_maintenance import at_risk_by

        return at_risk_by([row.record.pk for row in self.paginated_rows], self.visibility, timezone.now())

    def render_puts_at_risk(self, record: CircuitMaintenance) -> str | SafeString:
        """Render the sites that go dark or keep one way because of it."""
        return ", ".join(self.at_risk.get(record.pk, ())) or placeholder(None)

    def order_worst_impact(
        self, queryset: CircuitMaintenanceQuerySet, is_descending: bool
    ) -> tuple[CircuitMaintenanceQuerySet, bool]:
        """Sort by severity."""
        return queryset.order_by_figure(self.impacts, "worst_severity", descending=is_descending), True

    def order_circuits(
        self, queryset: CircuitMaintenanceQuerySet, is_descending: bool
    ) -> tuple[CircuitMaintenanceQuerySet, bool]:
        """Sort by the number of affected circuits."""
        return queryset.order_by_figure(self.impacts, "circuit_count", descending=is_descending), True

    def render_status(self, record: CircuitMaintenance) -> SafeString:
        """Render the status, and badges for a maintenance that is replaced or doubtful."""
        replaced = formatting.REPLACED if record.replaced_by_id else ""
        return format_html("{} {} {}", formatting.badge(record.status), replaced, formatting.doubt_badge(record.doubts))

    def render_end_time(self, record: CircuitMaintenance, value: datetime) -> SafeString:
        """Render the end with the duration."""
        return stacked(formatting.datetime_badge(value, remark=formatting.duration(value - record.start_time)))

    def render_window(self, record: CircuitMaintenance) -> SafeString:
        """Render the current or next window on one line; of several windows, below it, which one it is."""
        return formatting.which_window(self.spans.get(record.pk, ()), self.now)

    @cached_property
    def spans(self) -> dict[UUID, list[Span]]:
        """The windows of the maintenances of this page, queried once, and only if a column shows them."""
        return spans_of(row.record.pk for row in self.paginated_rows)

    @cached_property
    def places(self) -> "dict[UUID, list[Place]]":
        """Where the circuits of the maintenances of this page end, queried once, and only if a column shows it."""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.analysis.dashboard import places_of

        return places_of(self.visibility, [row.record.pk for row in self.paginated_rows])

    def render_sites(self, record: CircuitMaintenance) -> SafeString:
        """Render the first site, and how many more there are."""
        if self.hides_impacts:
            return formatting.HIDDEN
        places = self.places.get(record.pk, [])
        if not places:
            return placeholder(None)
        more = format_html(
            '<span class="text-nowrap" title="{}">+ {}</span>',
            ", ".join(each.name for each in places[1:]),
            len(places) - 1,
        )
        url = reverse("dcim:location", kwargs={"pk": places[0].pk})
        # A long name is cut, not how many more there are.
        return format_html(
            '<div class="d-flex gap-4"><a href="{0}" class="text-truncate" title="{1}">{1}</a>{2}</div>',
            url,
            places[0].name,
            more if len(places) > 1 else "",
        )

    def render_worst_impact(self, record: CircuitMaintenance) -> SafeString:
        """Render the worst impact as a badge; without color if the maintenance is over."""
        if self.hides_impacts:
            return formatting.HIDDEN
        impact = impact_of_severity(self.summary_of(record).worst_severity)
        return formatting.outlined(impact) if record.is_over(self.now) else formatting.badge(impact)

    def render_circuits(self, record: CircuitMaintenance) -> str | SafeString:
        """Render the number of affected circuits, and of those that are not in Nautobot."""
        if self.hides_impacts:
            return formatting.HIDDEN
        summary = self.summary_of(record)
        if not summary.unmatched_count:
            return str(summary.circuit_count)
        return format_html("{} {}", summary.circuit_count, formatting.unmatched_badge(summary.unmatched_count))

    def render_confidence(self, record: CircuitMaintenance) -> SafeString:
        """Render the confidence with the doubts."""
        return formatting.confidence_badge(record.confidence, record.doubts)

    def render_ack(self, record: CircuitMaintenance, value: bool) -> SafeString:
        """Render a check mark with user and time."""
        if not value:
            return placeholder(None)
        return formatting.check_mark(str(record.acknowledged_by or ""), record.acknowledged_at)


class CircuitMaintenanceListTable(CircuitMaintenanceTable):
    """Maintenances on the page of the list, where they can be acknowledged."""

    request: HttpRequest | None = None
    """The current request; django-tables2 sets it."""

    class Meta(CircuitMaintenanceTable.Meta):
        pass

    def __init__(self, data: Any, *args: Any, user: Any = None, **kwargs: Any) -> None:
        """Remember the user on the page of the list; elsewhere, no form surrounds the table."""
        super().__init__(data, *args, user=user, **kwargs)
        is_list = kwargs.get("configurable") and not kwargs.get("is_object_embedded_search_results")
        self.viewer = user if is_list else None

    @cached_property
    def changeable(self) -> set[UUID]:
        """The rows of this page that the user may change, queried once."""
        if not self.viewer:
            return set()
        rows = self.page.object_list if getattr(self, "page", None) else self.rows
        permitted = Visibility.of(self.viewer).of_model(CircuitMaintenance, "change")
        return set(permitted.filter(pk__in=[row.record.pk for row in rows]).values_list("pk", flat=True))

    def render_ack(self, record: CircuitMaintenance, value: bool) -> SafeString:
        """Render a button for maintenances that have not ended; it belongs to the form around the list."""
        if value or record.is_over(self.now) or record.pk not in self.changeable:
            return super().render_ack(record, value)
        return format_html(
            '<button type="submit" formmethod="post" formaction="{}?{}" class="btn btn-outline-success btn-sm" '
            'aria-label="Acknowledge {}">Acknowledge</button>',
            reverse("plugins:nautobot_circuit_maintenance:circuitmaintenance_acknowledge", args=[record.pk]),
            urlencode(
                {
                    "return_url": self.request.get_full_path() if self.request else "",
                    "seen": record.last_updated.isoformat() if record.last_updated else "",
                }
            ),
            record,
        )


class CircuitImpactTable(StackedMixin, KeysFirstMixin, BaseTable):
    """Impacts with circuit and maintenance."""

    pk = ToggleColumn()
    cid = tables.Column(linkify=True, verbose_name="Circuit ID")
    # An index has the IDs that providers use; sorting a million joined rows takes a second.
    circuit = tables.Column(linkify=True, empty_values=(), order_by=("cid",))
    matched_by = tables.Column(verbose_name="Circuit found by", orderable=False)
    impact = tables.Column()
    windows = tables.Column(empty_values=(), orderable=False, verbose_name="Affected in")
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
    actions = ActionsColumn(CircuitImpact, prepend_template=LINK_CIRCUIT)

    class Meta(BaseTable.Meta):
        model = CircuitImpact
        empty_text = "No circuit impacts found"
        fields = (
            "pk",
            "cid",
            "circuit",
            "matched_by",
            "impact",
            "windows",
            "side_a",
            "side_z",
            "maintenance",
            "status",
            "start_time",
            "end_time",
            "actions",
        )
        default_columns = (
            "pk",
            "cid",
            "circuit",
            "impact",
            "windows",
            "maintenance",
            "status",
            "start_time",
            "actions",
        )

    def __init__(self, data: Any, *args: Any, user: Any = None, **kwargs: Any) -> None:
        """Join the provider: it is part of the maintenance's display name."""
        if isinstance(data, QuerySet):
            data = data.select_related("maintenance__provider").prefetch_related("windows")
        super().__init__(data, *args, user=user, **kwargs)
        self.can_add_circuits = may_add_circuits(user)

    def before_render(
        self, request: HttpRequest
    ) -> None:  # pylint: disable=unused-argument  # django-tables2 passes it
        """Show windows only where circuits differ."""
        if all(row.record.in_all_windows for row in self.paginated_rows):
            self.columns.hide("windows")

    def render_circuit(self, record: CircuitImpact) -> str | SafeString:
        """Render the circuit, or a badge with a link to add it."""
        if record.circuit_id:
            return str(record.circuit)
        return unknown_circuit(record, offers_to_add=self.can_add_circuits)

    def render_impact(self, record: CircuitImpact) -> SafeString:
        """Render the impact, without color if the circuit is only on record."""
        return formatting.impact_badge(record)

    def render_windows(self, record: CircuitImpact) -> str | SafeString:
        """Render the windows in which the circuit is affected."""
        return formatting.windows_of_impact(record)


def may_add_circuits(user: Any) -> bool:
    """Return whether a user may add circuits."""
    return bool(user and user.has_perm("circuits.add_circuit"))


def unknown_circuit(record: CircuitImpact, *, offers_to_add: bool) -> SafeString:
    """Render a badge for an unknown circuit ID, with a link to the prefilled form that adds the circuit."""
    if not offers_to_add or not record.maintenance.provider_id:
        return formatting.UNKNOWN_CIRCUIT_ID
    known = urlencode({"provider": record.maintenance.provider_id, "cid": record.cid})
    return format_html(
        '{} <a href="{}?{}">Add</a>', formatting.UNKNOWN_CIRCUIT_ID, reverse("circuits:circuit_add"), known
    )


class CircuitMaintenanceNoteTable(StackedMixin, KeysFirstMixin, BaseTable):
    """Maintenance notes; in user preferences, the plain name belongs to core's NoteTable."""

    pk = ToggleColumn()
    title = tables.Column(linkify=True)
    level = BadgeColumn()
    maintenance = tables.Column(linkify=True)
    comment = tables.Column()
    last_updated = DateTimeBadgeColumn()
    actions = ActionsColumn(Note)

    class Meta(BaseTable.Meta):
        model = Note
        empty_text = "No maintenance notes found"
        fields = ("pk", "level", "title", "maintenance", "comment", "last_updated", "actions")
        default_columns = ("pk", "level", "title", "maintenance", "comment", "last_updated", "actions")

    def __init__(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Join the provider: it is part of the maintenance's display name."""
        if isinstance(data, QuerySet):
            data = data.select_related("maintenance__provider")
        super().__init__(data, *args, **kwargs)

    def render_comment(self, value: str) -> SafeString:
        """Render the comment as Markdown, like the page of the note."""
        return render_markdown(value)


NoteTable = CircuitMaintenanceNoteTable  # Nautobot looks it up by the model's name
