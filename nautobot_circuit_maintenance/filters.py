"""The filters: the same set in the lists, in REST and in GraphQL."""

import django_filters
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils import timezone
from nautobot.apps.filters import (
    BaseFilterSet,
    MultiValueCharFilter,
    MultiValueDateTimeFilter,
    NaturalKeyOrPKMultipleChoiceFilter,
    NautobotFilterSet,
    RelatedMembershipBooleanFilter,
    SearchFilter,
    TreeNodeMultipleChoiceFilter,
)
from nautobot.circuits.models import Circuit, Provider
from nautobot.dcim.models import Device, Location
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.analysis import selection
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices,
    CircuitMaintenanceStatusChoices,
    NoteLevelChoices,
    NotificationStateChoices,
)
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    Note,
    Notification,
    NotificationSource,
    ParsedNotification,
)


def _choices(vocabulary, **kwargs) -> django_filters.MultipleChoiceFilter:
    """Return a filter on one or several words of a vocabulary.

    Distinct only where it is asked of many rows: django-filter's own default costs a sort of all maintenances.
    """
    return django_filters.MultipleChoiceFilter(choices=vocabulary, **{"distinct": False, **kwargs})


def _provider(field_name: str = "provider") -> NaturalKeyOrPKMultipleChoiceFilter:
    return NaturalKeyOrPKMultipleChoiceFilter(
        queryset=Provider.objects.all(), field_name=field_name, label="Provider (name or ID)"
    )


def _circuit(field_name: str) -> NaturalKeyOrPKMultipleChoiceFilter:
    return NaturalKeyOrPKMultipleChoiceFilter(
        queryset=Circuit.objects.all(), field_name=field_name, to_field_name="cid", label="Circuit (circuit ID or ID)"
    )


def _location(field_name: str) -> TreeNodeMultipleChoiceFilter:
    return TreeNodeMultipleChoiceFilter(
        prefers_id=True,
        queryset=Location.objects.all(),
        field_name=field_name,
        to_field_name="name",
        label="Location (name or ID), with everything below it",
    )


def _tenant(field_name: str) -> NaturalKeyOrPKMultipleChoiceFilter:
    return NaturalKeyOrPKMultipleChoiceFilter(
        queryset=Tenant.objects.all(), field_name=field_name, label="Tenant of a circuit (name or ID)"
    )


def _device(method: str) -> NaturalKeyOrPKMultipleChoiceFilter:
    return NaturalKeyOrPKMultipleChoiceFilter(
        queryset=Device.objects.all(), method=method, label="Device that a circuit is cabled to (name or ID)"
    )


def _maintenance() -> NaturalKeyOrPKMultipleChoiceFilter:
    return NaturalKeyOrPKMultipleChoiceFilter(
        queryset=CircuitMaintenance.objects.all(), label="Circuit maintenance (name or ID)"
    )


class CircuitMaintenanceFilterSet(NautobotFilterSet):
    """Filters of maintenances; what is asked about time is asked of the windows."""

    q = SearchFilter(
        filter_predicates={
            "name": "icontains",
            "description": "icontains",
            "ticket": "icontains",
            "provider__name": "icontains",
            "impacts__cid": "icontains",
        }
    )
    provider = _provider()
    status = _choices(CircuitMaintenanceStatusChoices)
    acknowledged_by = NaturalKeyOrPKMultipleChoiceFilter(
        queryset=get_user_model().objects.all(), to_field_name="username", label="Acknowledged by (user name or ID)"
    )
    circuit = _circuit("impacts__circuit")
    circuit_id = MultiValueCharFilter(field_name="impacts__cid", label="Circuit ID, as the provider wrote it")
    impact = _choices(CircuitImpactChoices, field_name="impacts__impact", label="Impact on a circuit", distinct=True)
    location = _location("impacts__circuit__circuit_terminations__location")
    device = _device("filter_device")
    tenant = _tenant("impacts__circuit__tenant")
    active = django_filters.BooleanFilter(method="filter_active", label="In progress now")
    active_at = django_filters.IsoDateTimeFilter(method="filter_active_at", label="In progress at")
    ended = django_filters.BooleanFilter(method="filter_ended", label="Is over, or cancelled")
    overlaps_from = django_filters.IsoDateTimeFilter(method="filter_overlap", label="With a window that ends after")
    overlaps_until = django_filters.IsoDateTimeFilter(method="filter_overlap", label="With a window that starts before")
    has_circuits = RelatedMembershipBooleanFilter(field_name="impacts", label="Has circuits")
    has_unmatched_circuits = django_filters.BooleanFilter(
        method="filter_unmatched", label="Has circuit ids that Nautobot does not know"
    )
    has_maintenance_notes = RelatedMembershipBooleanFilter(
        field_name="maintenance_notes", label="Has maintenance notes"
    )

    class Meta:
        model = CircuitMaintenance
        fields = [
            "id",
            "name",
            "provider",
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
            "created",
            "last_updated",
            "tags",
        ]

    def filter_device(self, queryset, name, value):  # pylint: disable=unused-argument  # django-filter passes it
        """Keep maintenances of circuits that are cabled to one of these devices."""
        if not value:
            return queryset
        terminations = selection.terminations_cabled_to([device.pk for device in value])
        impacts = CircuitImpact.objects.filter(circuit__in=terminations.values("circuit"))
        return queryset.filter(pk__in=impacts.order_by().values("maintenance"))

    def filter_active(self, queryset, name, value):  # pylint: disable=unused-argument
        """Keep maintenances that work right now, or those that do not; a cancelled one never does."""
        active = selection.in_progress_at(timezone.now())
        return queryset.filter(active if value else ~active)

    def filter_active_at(self, queryset, name, value):  # pylint: disable=unused-argument
        """Keep maintenances that work at a moment."""
        return queryset.filter(selection.active_at(value))

    def filter_ended(self, queryset, name, value):  # pylint: disable=unused-argument
        """Keep what is over, by its time or by the provider's word; or what is not."""
        ended = selection.over_at(timezone.now())
        return queryset.filter(ended) if value else queryset.exclude(ended)

    def filter_overlap(self, queryset, name, value):
        """Keep maintenances with one window that overlaps the whole range, when both of its ends are given."""
        since, until = (self.form.cleaned_data.get(end) for end in ("overlaps_from", "overlaps_until"))
        if value is None or (name == "overlaps_until" and since):
            return queryset
        return queryset.filter(selection.overlapping(since, until))

    def filter_unmatched(self, queryset, name, value):  # pylint: disable=unused-argument
        """Keep maintenances with, or without, an impact whose circuit is not in Nautobot."""
        unmatched = Q(pk__in=CircuitImpact.objects.filter(circuit=None).order_by().values("maintenance"))
        return queryset.filter(unmatched if value else ~unmatched)


class CircuitImpactFilterSet(NautobotFilterSet):
    """Filters of impacts."""

    q = SearchFilter(
        filter_predicates={
            "cid": "icontains",
            "circuit__cid": "icontains",
            "maintenance__name": "icontains",
            "maintenance__provider__name": "icontains",
        }
    )
    maintenance = _maintenance()
    circuit = _circuit("circuit")
    has_circuit = django_filters.BooleanFilter(
        field_name="circuit", lookup_expr="isnull", exclude=True, label="Is known to Nautobot"
    )
    impact = _choices(CircuitImpactChoices)
    provider = _provider("maintenance__provider")
    status = _choices(CircuitMaintenanceStatusChoices, field_name="maintenance__status", label="Maintenance status")
    location = _location("circuit__circuit_terminations__location")
    device = _device("filter_device")
    tenant = _tenant("circuit__tenant")
    start_time = MultiValueDateTimeFilter(field_name="maintenance__start_time", label="Start of the maintenance")
    end_time = MultiValueDateTimeFilter(field_name="maintenance__end_time", label="End of the maintenance")

    class Meta:
        model = CircuitImpact
        fields = ["id", "maintenance", "cid", "circuit", "impact", "created", "last_updated"]

    def filter_device(self, queryset, name, value):  # pylint: disable=unused-argument
        """Keep impacts on circuits that are cabled to one of these devices."""
        if not value:
            return queryset
        terminations = selection.terminations_cabled_to([device.pk for device in value])
        return queryset.filter(circuit__in=terminations.values("circuit"))


class NoteFilterSet(NautobotFilterSet):
    """Filters of maintenance notes."""

    q = SearchFilter(filter_predicates={"title": "icontains", "comment": "icontains", "maintenance__name": "icontains"})
    maintenance = _maintenance()
    level = _choices(NoteLevelChoices)

    class Meta:
        model = Note
        fields = ["id", "maintenance", "title", "level", "comment", "created", "last_updated"]


class NotificationSourceFilterSet(NautobotFilterSet):
    """Filters of sources; where the last run stopped reading is nobody's business."""

    q = SearchFilter(filter_predicates={"name": "icontains", "providers__name": "icontains"})
    providers = _provider("providers")
    has_error = django_filters.BooleanFilter(
        method="filter_error", label="The last run failed"
    )

    class Meta:
        model = NotificationSource
        fields = [
            "id",
            "name",
            "providers",
            "attach_all_providers",
            "last_fetched_at",
            "last_error",
            "created",
            "last_updated",
        ]

    def filter_error(self, queryset, name, value):  # pylint: disable=unused-argument
        """Keep sources whose last run failed, or those whose did not."""
        return queryset.exclude(last_error="") if value else queryset.filter(last_error="")


class NotificationFilterSet(BaseFilterSet):
    """Filters of notifications; the raw bytes cannot be asked for."""

    q = SearchFilter(
        filter_predicates={
            "subject": "icontains",
            "sender": "icontains",
            "message_id": "icontains",
            "error": "icontains",
            "provider__name": "icontains",
        }
    )
    provider = _provider()
    source = NaturalKeyOrPKMultipleChoiceFilter(
        queryset=NotificationSource.objects.all(), label="Notification source (name or ID)"
    )
    state = _choices(NotificationStateChoices)
    maintenance = NaturalKeyOrPKMultipleChoiceFilter(
        queryset=CircuitMaintenance.objects.all(),
        field_name="parsed_notifications__maintenance",
        label="Circuit maintenance concluded from it (name or ID)",
    )

    class Meta:
        model = Notification
        fields = [
            "id",
            "source",
            "provider",
            "state",
            "error",
            "attempts",
            "fingerprint",
            "message_id",
            "sender",
            "subject",
            "sent_at",
            "received_at",
            "size",
        ]


class ParsedNotificationFilterSet(BaseFilterSet):
    """Filters of what notifications said."""

    q = SearchFilter(
        filter_predicates={
            "subject": "icontains",
            "sender": "icontains",
            "parser": "icontains",
            "maintenance__name": "icontains",
        }
    )
    maintenance = _maintenance()
    notification = django_filters.ModelMultipleChoiceFilter(
        queryset=Notification.objects.all(), label="Notification (ID)"
    )
    provider = _provider("maintenance__provider")

    class Meta:
        model = ParsedNotification
        fields = [
            "id",
            "maintenance",
            "notification",
            "issued_at",
            "received_at",
            "sent_at",
            "sequence",
            "status",
            "parser",
            "subject",
            "sender",
            "outdated",
        ]
