"""What the REST API says of each model; the raw bytes of a notification are in none of it."""

from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from drf_spectacular.utils import extend_schema_field
from nautobot.apps.api import BaseModelSerializer, NautobotModelSerializer, TaggedModelSerializerMixin
from nautobot.circuits.models import Circuit, Provider
from rest_framework import serializers

from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    Note,
    Notification,
    NotificationSource,
    ParsedNotification,
)
from nautobot_circuit_maintenance.models.severity import worst_impact

_OF_A_MAINTENANCE = ("windows", "impacts", "circuit_count", "unmatched_count", "worst_impact")


class WindowSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """One window, inside its maintenance."""

    start_time = serializers.DateTimeField()
    end_time = serializers.DateTimeField()


class _CircuitReferenceSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only describes
    """Which circuit, as Nautobot refers to related objects."""

    id = serializers.UUIDField()
    object_type = serializers.CharField()
    url = serializers.CharField()


class MaintenanceImpactSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """What was said about one circuit id, inside its maintenance."""

    id = serializers.UUIDField()
    cid = serializers.CharField()
    impact = serializers.CharField()
    circuit = serializers.SerializerMethodField(help_text="Null while Nautobot knows no such circuit.")

    @extend_schema_field(_CircuitReferenceSerializer(allow_null=True))
    def get_circuit(self, impact: CircuitImpact) -> dict[str, str] | None:
        """Refer to the circuit without reading it."""
        if impact.circuit_id is None:
            return None
        url = Circuit(pk=impact.circuit_id).get_absolute_url(api=True)
        request = self.context.get("request")
        return {
            "id": str(impact.circuit_id),
            "object_type": "circuits.circuit",
            "url": request.build_absolute_uri(url) if request else url,
        }


class CircuitMaintenanceSerializer(NautobotModelSerializer, TaggedModelSerializerMixin):
    """A maintenance with its windows and impacts."""

    windows = serializers.SerializerMethodField()
    impacts = serializers.SerializerMethodField()
    circuit_count = serializers.SerializerMethodField(help_text="Circuit ids that the maintenance hits.")
    unmatched_count = serializers.SerializerMethodField(help_text="Of these, those that Nautobot does not know.")
    worst_impact = serializers.SerializerMethodField(help_text="The worst of the impacts; empty if there is none.")

    class Meta:
        model = CircuitMaintenance
        fields = "__all__"

    def get_field_names(self, declared_fields: Any, info: Any) -> list[str]:
        """Leave out what takes further queries where the maintenance is only a part of something else."""
        names = super().get_field_names(declared_fields, info)
        is_brief = self.is_nested or self._is_csv_request()
        return [name for name in names if not (is_brief and name in _OF_A_MAINTENANCE)]

    @extend_schema_field(WindowSerializer(many=True))
    def get_windows(self, maintenance: CircuitMaintenance) -> list[dict[str, Any]]:
        """List the windows, earliest first."""
        return WindowSerializer(maintenance.windows.all(), many=True).data

    @extend_schema_field(MaintenanceImpactSerializer(many=True))
    def get_impacts(self, maintenance: CircuitMaintenance) -> list[dict[str, Any]]:
        """List what was said about each circuit id."""
        return MaintenanceImpactSerializer(self._impacts(maintenance), many=True, context=self.context).data

    def get_circuit_count(self, maintenance: CircuitMaintenance) -> int:
        """Count the circuit ids."""
        return len(self._impacts(maintenance))

    def get_unmatched_count(self, maintenance: CircuitMaintenance) -> int:
        """Count the circuit ids that Nautobot does not know."""
        return sum(impact.circuit_id is None for impact in self._impacts(maintenance))

    def get_worst_impact(self, maintenance: CircuitMaintenance) -> str:
        """Return the worst impact."""
        return worst_impact(impact.impact for impact in self._impacts(maintenance))

    def _impacts(self, maintenance: CircuitMaintenance) -> list[CircuitImpact]:
        """Return the impacts that the user may see, which the view has read for all maintenances at once."""
        if not hasattr(maintenance, "visible_impacts"):
            request = self.context.get("request")
            impacts = maintenance.impacts.restrict(request.user, "view") if request else maintenance.impacts.all()
            maintenance.visible_impacts = list(impacts)
        return maintenance.visible_impacts


class AcknowledgeSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The optional body of Acknowledge."""

    seen = serializers.DateTimeField(
        required=False,
        help_text="`last_updated` of the maintenance as the user saw it. A later change prevents the acknowledgement.",
    )


class CircuitImpactSerializer(NautobotModelSerializer):
    """What was said about one circuit id."""

    class Meta:
        model = CircuitImpact
        fields = "__all__"
        # DRF's check of the unique constraint would ask for the circuit id, which the circuit has; the model checks too.
        extra_kwargs = {"cid": {"required": False}}
        validators = []

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take the circuit id from the circuit where none is written."""
        if not attrs.get("cid") and attrs.get("circuit"):
            attrs["cid"] = attrs["circuit"].cid
        return super().validate(attrs)


class CircuitMaintenanceNoteSerializer(NautobotModelSerializer):
    """A maintenance note; core's own Note has taken the plain name in the OpenAPI document."""

    class Meta:
        model = Note
        fields = "__all__"


NoteSerializer = CircuitMaintenanceNoteSerializer  # Nautobot looks it up by the model's name


class NotificationSourceSerializer(NautobotModelSerializer):
    """A source: its row follows the settings, only the providers are a person's choice."""

    is_configured = serializers.BooleanField(read_only=True, help_text="Whether the settings name this source.")

    class Meta:
        model = NotificationSource
        exclude = ["cursor", "searched_senders"]
        read_only_fields = ["name"]
        default_m2m_fields = ["providers"]

    def to_representation(self, instance: NotificationSource) -> dict[str, Any]:
        """Show the providers that the user may see; those that a list has read already, and after a change too."""
        request = self.context.get("request")  # none for the change log, which has all of them
        if request and not self.is_nested:  # inside another object it shows none
            visible = Provider.objects.restrict(request.user, "view")
            prefetch_related_objects([instance], Prefetch("providers", visible))
        return super().to_representation(instance)

    def update(self, instance: NotificationSource, validated_data: dict[str, Any]) -> NotificationSource:
        """Keep the providers that the user may not see: nobody removes what he was not shown."""
        if "providers" in validated_data:
            visible = Provider.objects.restrict(self.context["request"].user, "view")
            # Afresh from the database: the instance at hand has read those only that the user may see.
            hidden = Provider.objects.filter(notification_sources=instance).exclude(pk__in=visible.values("pk"))
            validated_data["providers"] = [*validated_data["providers"], *hidden]
        return super().update(instance, validated_data)


class NotificationSerializer(BaseModelSerializer):
    """A message that was received; its bytes stay where they are."""

    class Meta:
        model = Notification
        exclude = ["raw"]


class ParsedNotificationSerializer(BaseModelSerializer):
    """What one notification said about one maintenance."""

    class Meta:
        model = ParsedNotification
        fields = "__all__"
