"""Serializers of the REST API; none contains the original message of a notification."""

from collections.abc import Iterable
from typing import Any, cast

from django.db.models import Manager, Prefetch, prefetch_related_objects
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from nautobot.apps.api import NautobotModelSerializer, TaggedModelSerializerMixin
from nautobot.circuits.models import Provider
from rest_framework import serializers

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.api.csv_files import CHUNK
from nautobot_circuit_maintenance.api.impacts import (  # noqa: F401  # Nautobot looks for the first here
    CircuitImpactSerializer,
    MaintenanceImpactSerializer,
)
from nautobot_circuit_maintenance.api.outbound_serializers import (  # noqa: F401  # Nautobot looks for them here
    DeliverySerializer,
    SubscriptionSerializer,
)
from nautobot_circuit_maintenance.api.safe_csv import SafeCsvMixin
from nautobot_circuit_maintenance.api.windows import (
    DoubtSerializer,
    WindowSerializer,
    WindowsField,
    as_intervals,
    take_windows,
)
from nautobot_circuit_maintenance.domain.bounds import MOST_WINDOWS
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MailLayout,
    Note,
    Notification,
    NotificationSource,
    ParsedNotification,
    UnknownSender,
)
from nautobot_circuit_maintenance.models.querysets import ImpactSummary
from nautobot_circuit_maintenance.models.severity import impact_of_severity, severity_of

_OF_A_MAINTENANCE = ("windows", "impacts", "duration_minutes", "circuit_count", "unmatched_count", "worst_impact")
_LISTS = ("windows", "impacts")
_IN_CSV = ("windows", "circuits")


class CircuitMaintenanceListSerializer(
    serializers.ListSerializer
):  # pylint: disable=abstract-method  # only for reading
    """Many maintenances; for CSV, what belongs to them is read for some at a time."""

    def to_representation(self, data: Any) -> list[dict[str, Any]]:
        """Read windows and figures before the rows of a CSV file are made."""
        rows = list(data.all() if isinstance(data, Manager) else data)
        if self.child._is_csv_request():  # pylint: disable=protected-access  # Nautobot has no other name for it
            for first in range(0, len(rows), CHUNK):
                self._complete(rows[first : first + CHUNK])
        return super().to_representation(rows)

    def _complete(self, rows: list[CircuitMaintenance]) -> None:
        """Prefetch what a row names, and query the figures of the impacts that the user may view."""
        prefetch_related_objects(rows, "provider", "windows", "tags")
        request = self.context.get("request")
        visibility = Visibility.of(request.user) if request else Visibility.everything()
        summaries = visibility.impacts.summaries([row.pk for row in rows])
        cids = visibility.impacts.affected().filter(maintenance__in=rows).order_by("cid")
        by_maintenance: dict[Any, list[str]] = {}
        for pk, cid in cids.values_list("maintenance", "cid"):
            by_maintenance.setdefault(pk, []).append(cid)
        for row in rows:
            row.affected_cids = by_maintenance.get(row.pk, ())
            row.summary = summaries.get(row.pk, ImpactSummary())


class CircuitMaintenanceSerializer(SafeCsvMixin, NautobotModelSerializer, TaggedModelSerializerMixin):
    """A maintenance with its windows and impacts."""

    cancelled_windows = serializers.SerializerMethodField(help_text="Windows cancelled while others stand.")
    doubts = serializers.SerializerMethodField(help_text="What a person should clear up with the provider.")
    other_ids = serializers.SerializerMethodField(
        help_text="Further maintenance IDs by which notifications find the maintenance."
    )
    windows = WindowsField(
        source="spans", required=False, max_length=MOST_WINDOWS, help_text="Start and end are derived from them."
    )
    impacts = serializers.SerializerMethodField()
    duration_minutes = serializers.SerializerMethodField(help_text="Minutes of all windows together.")
    circuits = serializers.SerializerMethodField(help_text="Circuit IDs, in CSV only.")
    circuit_count = serializers.SerializerMethodField(help_text="Number of affected circuit IDs.")
    unmatched_count = serializers.SerializerMethodField(help_text="Number of those without a matching circuit.")
    worst_impact = serializers.SerializerMethodField(help_text="Worst impact; empty if there are no impacts.")

    class Meta:
        model = CircuitMaintenance
        exclude = CircuitMaintenance.HIDDEN
        list_serializer_class = CircuitMaintenanceListSerializer

    def get_field_names(self, declared_fields: Any, info: Any) -> list[str]:
        """Omit fields that need further queries if the maintenance is nested, and lists that no cell can hold from CSV."""
        names = super().get_field_names(declared_fields, info)
        if self.is_nested:
            return [name for name in names if name not in (*_OF_A_MAINTENANCE, "circuits")]
        if self._is_csv_request():  # Nautobot leaves out every relation to many rows
            return [*(name for name in names if name not in _LISTS), *_IN_CSV]
        return [name for name in names if name != "circuits"]  # the impacts have them

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Derive start and end from the windows, if there are any."""
        if "spans" in attrs:
            take_windows(attrs, self.instance)
        return cast(dict[str, Any], super().validate(attrs))

    @extend_schema_field(WindowSerializer(many=True))
    def get_cancelled_windows(self, maintenance: CircuitMaintenance) -> list[dict[str, Any]] | str:
        """List the cancelled windows, earliest first."""
        spans = maintenance.cancelled_spans
        if self._is_csv_request():
            return as_intervals(spans)
        return self._rows_of(WindowSerializer, [{"start_time": start, "end_time": end} for start, end in spans])

    @extend_schema_field(DoubtSerializer(many=True))
    def get_doubts(self, maintenance: CircuitMaintenance) -> list[dict[str, Any]] | str:
        """List the doubts."""
        if self._is_csv_request():
            return " ".join(doubt["sentence"] for doubt in maintenance.doubts)
        return self._rows_of(DoubtSerializer, maintenance.doubts)

    def get_other_ids(self, maintenance: CircuitMaintenance) -> list[str]:
        """List the other IDs."""
        return maintenance.other_ids

    @extend_schema_field(MaintenanceImpactSerializer(many=True))
    def get_impacts(self, maintenance: CircuitMaintenance) -> list[dict[str, Any]]:
        """List the impact on each circuit ID."""
        return self._rows_of(MaintenanceImpactSerializer, self._impacts(maintenance))

    def _rows_of(self, kind: type[serializers.Serializer], rows: Iterable[Any]) -> list[dict[str, Any]]:
        """Return what belongs to a maintenance; all maintenances of a list share one serializer of a kind."""
        if kind not in self._serializers:
            self._serializers[kind] = kind(context=self.context)
        return [self._serializers[kind].to_representation(row) for row in rows]

    @cached_property
    def _serializers(self) -> dict[type[serializers.Serializer], serializers.Serializer]:
        return {}

    def get_duration_minutes(self, maintenance: CircuitMaintenance) -> int:
        """Add up the windows."""
        spans = (window.end_time - window.start_time for window in maintenance.windows.all())
        return round(sum(span.total_seconds() for span in spans) / 60)

    def get_circuits(self, maintenance: CircuitMaintenance) -> str:
        """List the affected circuit IDs that the user may view, in one cell."""
        if not hasattr(maintenance, "affected_cids"):  # one maintenance alone, not a list of them
            maintenance.affected_cids = [impact.cid for impact in self._impacts(maintenance) if impact.is_affected]
        return ", ".join(maintenance.affected_cids)

    def get_circuit_count(self, maintenance: CircuitMaintenance) -> int:
        """Count the circuit IDs that are affected."""
        return self._summary(maintenance).circuit_count

    def get_unmatched_count(self, maintenance: CircuitMaintenance) -> int:
        """Count the circuit IDs that are not in Nautobot."""
        return self._summary(maintenance).unmatched_count

    def get_worst_impact(self, maintenance: CircuitMaintenance) -> str:
        """Return the worst impact."""
        return impact_of_severity(self._summary(maintenance).worst_severity)

    def _summary(self, maintenance: CircuitMaintenance) -> ImpactSummary:
        """Return the figures of the impacts that the user may view; for CSV, they are queried for many maintenances."""
        if not hasattr(maintenance, "summary"):
            affected = [impact for impact in self._impacts(maintenance) if impact.is_affected]
            maintenance.summary = ImpactSummary(
                len(affected),
                sum(impact.circuit_id is None for impact in affected),
                severity_of(impact.impact for impact in affected),
            )
        return maintenance.summary

    def _impacts(self, maintenance: CircuitMaintenance) -> list[CircuitImpact]:
        """Return the impacts that the user may view, which the view prefetched for all maintenances."""
        if not hasattr(maintenance, "visible_impacts"):
            request = self.context.get("request")
            visibility = Visibility.of(request.user) if request else Visibility.everything()
            impacts = visibility.impacts.filter(maintenance=maintenance).prefetch_related("windows")
            maintenance.visible_impacts = list(impacts.order_by("cid"))
        return maintenance.visible_impacts


class AcknowledgeSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The optional body of Acknowledge."""

    seen = serializers.DateTimeField(
        required=False,
        help_text="`last_updated` of the maintenance as the user saw it. A later change prevents the acknowledgement.",
    )


class SettleSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The doubt to settle, as the maintenance lists it."""

    fingerprint = serializers.CharField()
    sentence = serializers.CharField()
    choice = serializers.CharField(
        required=False, help_text="What it is instead, as the page offers it; without it, the reading is right."
    )


class CircuitMaintenanceNoteSerializer(SafeCsvMixin, NautobotModelSerializer):
    """A maintenance note; in the OpenAPI document, the plain name belongs to core's Note."""

    class Meta:
        model = Note
        fields = "__all__"


NoteSerializer = CircuitMaintenanceNoteSerializer  # Nautobot looks it up by the model's name


class NotificationSourceSerializer(SafeCsvMixin, NautobotModelSerializer):
    """A source; its name comes from the settings, and users choose its providers."""

    why_not_imported = "Sources are added in PLUGINS_CONFIG."

    is_configured = serializers.BooleanField(read_only=True, help_text="Whether the source is in PLUGINS_CONFIG.")

    class Meta:
        model = NotificationSource
        exclude = ["cursor", "searched_senders"]
        read_only_fields = ["name"]
        default_m2m_fields = ["providers"]

    def to_representation(self, instance: NotificationSource) -> dict[str, Any]:
        """Show only the providers that the user may view, also in the answer to a change."""
        request = self.context.get("request")  # none for the change log, which has only their primary keys
        if request and not self.is_nested:  # inside another object it shows none
            visible = Provider.objects.restrict(request.user, "view")
            prefetch_related_objects([instance], Prefetch("providers", visible))
        return super().to_representation(instance)

    def update(self, instance: NotificationSource, validated_data: dict[str, Any]) -> NotificationSource:
        """Keep the providers that are hidden from the user."""
        if "providers" in validated_data:
            visible = Provider.objects.restrict(self.context["request"].user, "view")
            # From the database: the instance has prefetched only the visible ones.
            hidden = Provider.objects.filter(notification_sources=instance).exclude(pk__in=visible.values("pk"))
            validated_data["providers"] = [*validated_data["providers"], *hidden]
        return super().update(instance, validated_data)


class NotificationSerializer(SafeCsvMixin):
    """A notification without its original message."""

    why_not_imported = "Import the messages themselves."

    class Meta:
        model = Notification
        # What was dismissed is for comparison with the result of today.
        exclude = ["raw", "dismissed_state", "dismissed_error"]


class MailLayoutSerializer(SafeCsvMixin, NautobotModelSerializer, TaggedModelSerializerMixin):
    """A taught layout, with the figures of its replay."""

    replay = serializers.SerializerMethodField(help_text="What it makes of the stored notifications, in figures.")

    class Meta:
        model = MailLayout
        exclude = ["examples", "refused"]

    def get_replay(self, layout: MailLayout) -> dict[str, Any]:
        """Return the figures, without the notifications: those may be hidden from the user."""
        return {key: value for key, value in layout.replay.items() if not isinstance(value, list)}


class UnknownSenderSerializer(SafeCsvMixin):
    """An address that belongs to no provider of a source."""

    why_not_imported = "It follows from notifications."

    class Meta:
        model = UnknownSender
        fields = "__all__"


class ParsedNotificationSerializer(SafeCsvMixin):
    """What one notification announces about one maintenance."""

    why_not_imported = "It follows from notifications."

    class Meta:
        model = ParsedNotification
        fields = "__all__"
