"""Filters of maintenances, impacts and notes."""

from datetime import timedelta

import django_filters
from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from nautobot.apps.filters import (
    MultiValueCharFilter,
    MultiValueDateTimeFilter,
    NaturalKeyOrPKMultipleChoiceFilter,
    NautobotFilterSet,
)

from nautobot_circuit_maintenance.analysis.cabling import circuits_cabled_to
from nautobot_circuit_maintenance.analysis.keys import is_one_of
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices,
    CircuitMaintenanceStatusChoices,
    ConfidenceChoices,
    MatchedByChoices,
    NoteLevelChoices,
)
from nautobot_circuit_maintenance.filters import fields
from nautobot_circuit_maintenance.filters.visible import HasVisibleFilter, VisibleFilterSet
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, Note

_OF_CIRCUITS = ("circuit", "circuit_id", "impact", "location", "device", "tenant")
"""Filters that are about the circuits of a maintenance."""


class CircuitMaintenanceFilterSet(VisibleFilterSet, NautobotFilterSet):
    """Filters of maintenances; filters on time apply to the windows."""

    q = fields.MaintenanceSearchFilter(
        "name", "provider_maintenance_id", "description", "ticket", "provider__name", "impacts__cid"
    )
    provider = fields.provider_filter()
    status = fields.choices_filter(CircuitMaintenanceStatusChoices)
    acknowledged_by = NaturalKeyOrPKMultipleChoiceFilter(
        queryset=get_user_model().objects.all(), to_field_name="username", label="Acknowledged by (user name or ID)"
    )
    circuit = fields.circuit_filter("impacts__circuit")
    circuit_id = MultiValueCharFilter(
        field_name="impacts__cid", label="Circuit ID (as sent by the provider)", distinct=False
    )
    impact = fields.choices_filter(CircuitImpactChoices, field_name="impacts__impact", label="Circuit impact")
    location = fields.location_filter("impacts__circuit__circuit_terminations__location")
    device = fields.device_filter("filter_device")
    tenant = fields.tenant_filter("impacts__circuit__tenant")
    active = django_filters.BooleanFilter(method="filter_active", label="In progress")
    active_at = django_filters.IsoDateTimeFilter(method="filter_active_at", label="Active at")
    ended = django_filters.BooleanFilter(method="filter_ended", label="Ended or cancelled")
    past = django_filters.BooleanFilter(method="filter_past", label="Past")
    overlaps_from = django_filters.IsoDateTimeFilter(method="filter_overlap", label="Active after")
    overlaps_until = django_filters.IsoDateTimeFilter(method="filter_overlap", label="Active before")
    within_hours = fields.hours_filter("Active within (hours from now)")
    needs_attention = django_filters.BooleanFilter(method="filter_doubtful", label="Has doubts")
    confidence = fields.choices_filter(ConfidenceChoices)
    replaced_by = fields.maintenance_filter(label="Replaced by (name or ID)")
    is_replaced = django_filters.BooleanFilter(
        field_name="replaced_by", lookup_expr="isnull", exclude=True, label="Replaced"
    )
    has_circuits = HasVisibleFilter(field_name="impacts", label="Has circuits")
    has_unmatched_circuits = django_filters.BooleanFilter(method="filter_unmatched", label="Has unknown circuit IDs")
    has_maintenance_notes = HasVisibleFilter(field_name="maintenance_notes", label="Has maintenance notes")
    puts_at_risk = django_filters.BooleanFilter(method="filter_at_risk", label="Puts at risk (a site, device, ...)")
    overlapping = django_filters.BooleanFilter(method="filter_overlapping", label="Overlaps another at a site")

    class Meta:
        model = CircuitMaintenance
        fields = [
            "id",
            "name",
            "provider",
            "provider_maintenance_id",
            "description",
            "status",
            "start_time",
            "end_time",
            "ack",
            "acknowledged_by",
            "acknowledged_at",
            "ticket",
            "issued_at",
            "sequence",
            "replaced_by",
            "confidence",
            "created",
            "last_updated",
            "tags",
        ]

    def filter_device(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep maintenances of circuits that are connected to one of the devices."""
        if not value:
            return queryset
        impacts = self.visibility.impacts.filter(circuit__in=circuits_cabled_to(value, self.visibility))
        return queryset.filter(pk__in=impacts.values("maintenance"))

    def filter_active(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep maintenances that are in progress, or those that are not."""
        now = timezone.now()
        in_progress = self._in_windows(queryset.in_progress_at(now), now, now)
        return in_progress if value else queryset.exclude(pk__in=in_progress.order_by().values("pk"))

    def filter_active_at(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep maintenances with a window at a moment."""
        return self._in_windows(queryset.active_at(value), value, value)

    def filter_ended(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep maintenances that ended by time or status, or those that did not."""
        now = timezone.now()
        return queryset.over(now) if value else queryset.not_over(now)

    def filter_past(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep maintenances whose time has passed, or those with a time ahead or without any."""
        now = timezone.now()
        return queryset.filter(end_time__lt=now) if value else queryset.not_past(now)

    def filter_overlap(self, queryset, name, value):
        """Keep maintenances with a window that overlaps the range; with both ends given, it must be the same window."""
        if value is None:
            return queryset
        since, until = (self.form.cleaned_data.get(end) for end in ("overlaps_from", "overlaps_until"))
        return self._in_windows(fields.filter_overlap(self, queryset, name, value), since, until)

    def filter_within_hours(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep maintenances with a window in the next hours, current ones included."""
        now = timezone.now()
        until = now + timedelta(hours=float(value))
        return self._in_windows(queryset.overlapping(now, until), now, until)

    def _in_windows(self, queryset, since, until):
        """Keep maintenances in which the circuits that the other filters name are affected in this range.

        A circuit may be affected in some of the windows only.
        """
        names = [name for name in _OF_CIRCUITS if self.form.cleaned_data.get(name)]
        if not names:
            return queryset
        get = getattr(self.data, "getlist", self.data.get)
        asked = {"cid" if name == "circuit_id" else name: get(name) for name in names}
        affected = self.visibility.impacts.overlapping(since, until)
        impacts = CircuitImpactFilterSet(asked, affected, request=self.request).qs
        return queryset.filter(pk__in=impacts.order_by().values("maintenance"))

    def filter_doubtful(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep maintenances with doubts, or those without."""
        return queryset.doubtful() if value else queryset.filter(doubts=[])

    def filter_unmatched(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep maintenances with, or without, a circuit ID that is not in Nautobot."""
        unmatched = Q(pk__in=self.visibility.impacts.unmatched().values("maintenance"))
        return queryset.filter(unmatched if value else ~unmatched)

    def filter_at_risk(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep maintenances because of which something will be dark or have one way left, or the others."""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.analysis.risk.of_maintenance import at_risk_by

        at_risk = is_one_of(at_risk_by(None, self.visibility, timezone.now()))
        return queryset.filter(at_risk if value else ~at_risk)

    def filter_overlapping(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep maintenances that affect a site at the same time as another, or the others; of the next hours if these are asked for."""
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.analysis.overlaps import read_overlapping

        now, hours = timezone.now(), self.form.cleaned_data.get("within_hours")
        until = None if hours is None else now + timedelta(hours=float(hours))
        found = is_one_of(read_overlapping(self.visibility, now, until))
        return queryset.filter(found if value else ~found)


class CircuitImpactFilterSet(VisibleFilterSet, NautobotFilterSet):
    """Filters of impacts."""

    q = fields.TextSearchFilter("cid", "circuit__cid", "maintenance__name", "maintenance__provider__name")
    maintenance = fields.maintenance_filter()
    circuit = fields.circuit_filter("circuit")
    has_circuit = django_filters.BooleanFilter(
        field_name="circuit", lookup_expr="isnull", exclude=True, label="Circuit in Nautobot"
    )
    impact = fields.choices_filter(CircuitImpactChoices)
    matched_by = fields.choices_filter(MatchedByChoices, label="Circuit found by")
    affected = django_filters.BooleanFilter(method="filter_affected", label="Affected in at least one window")
    active_at = django_filters.IsoDateTimeFilter(method="filter_active_at", label="Affected at")
    overlaps_from = django_filters.IsoDateTimeFilter(method="filter_overlap", label="Affected after")
    overlaps_until = django_filters.IsoDateTimeFilter(method="filter_overlap", label="Affected before")
    provider = fields.provider_filter("maintenance__provider")
    status = fields.choices_filter(
        CircuitMaintenanceStatusChoices, field_name="maintenance__status", label="Maintenance status"
    )
    location = fields.location_filter("circuit__circuit_terminations__location")
    device = fields.device_filter("filter_device")
    tenant = fields.tenant_filter("circuit__tenant")
    start_time = MultiValueDateTimeFilter(field_name="maintenance__start_time", label="Maintenance start")
    end_time = MultiValueDateTimeFilter(field_name="maintenance__end_time", label="Maintenance end")
    ended = django_filters.BooleanFilter(method="filter_ended", label="Maintenance ended or cancelled")

    class Meta:
        model = CircuitImpact
        fields = [
            *(
                "id",
                "maintenance",
                "cid",
                "circuit",
                "impact",
                "in_all_windows",
                "matched_by",
                "created",
                "last_updated",
            )
        ]

    def filter_affected(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep impacts on circuits that are affected in a window, or those that are only on record."""
        return queryset.affected() if value else queryset.on_record_only()

    def filter_active_at(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep impacts on circuits that are affected at a moment."""
        return self.visibility.of_visible_maintenances(queryset).active_at(value)

    def filter_overlap(self, queryset, name, value):
        """Keep impacts on circuits that are affected in the range; with both ends given, in the same window."""
        return (
            queryset
            if value is None
            else fields.filter_overlap(self, self.visibility.of_visible_maintenances(queryset), name, value)
        )

    def filter_ended(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep impacts of maintenances that ended, or of those that did not."""
        ended = self.visibility.maintenances.over(timezone.now())
        if value:
            return queryset.filter(maintenance__in=ended.values("pk"))
        # Not "not in": databases would look through all that ended for each impact.
        return queryset.filter(~Exists(ended.filter(pk=OuterRef("maintenance"))))

    def filter_device(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep impacts on circuits that are connected to one of the devices."""
        if not value:
            return queryset
        return queryset.filter(circuit__in=circuits_cabled_to(value, self.visibility))


class NoteFilterSet(VisibleFilterSet, NautobotFilterSet):
    """Filters of maintenance notes."""

    q = fields.TextSearchFilter("title", "comment", "maintenance__name")
    maintenance = fields.maintenance_filter()
    level = fields.choices_filter(NoteLevelChoices)

    class Meta:
        model = Note
        fields = ["id", "maintenance", "title", "level", "comment", "created", "last_updated"]
