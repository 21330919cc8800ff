"""The bodies of the actions that fix something."""

from typing import Any

from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from rest_framework import serializers

from nautobot_circuit_maintenance.api.windows import WindowSerializer
from nautobot_circuit_maintenance.choices import CircuitImpactChoices, CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.domain.bounds import MOST_WINDOWS
from nautobot_circuit_maintenance.models.querysets import OVER
from nautobot_circuit_maintenance.models.windows import END_AFTER_START

_MOST_CIRCUITS = 1_000


class LinkCircuitSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The body of Link."""

    circuit = serializers.UUIDField(help_text="ID of the circuit that the circuit ID means.")


class DismissSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The body of Dismiss."""

    reason = serializers.CharField(max_length=CHARFIELD_MAX_LENGTH, help_text="Why it needs no attention.")


class AssignSenderSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The body of Assign."""

    provider = serializers.UUIDField(help_text="ID of the provider that the address belongs to.")


class AddedWindowSerializer(WindowSerializer):  # pylint: disable=abstract-method  # only for reading
    """One window of a maintenance that is added."""

    circuits = serializers.ListField(
        child=serializers.CharField(max_length=CHARFIELD_MAX_LENGTH),
        required=False,
        max_length=_MOST_CIRCUITS,
        help_text="Circuit IDs, if only some of `circuits` are affected in this window.",
    )


class AddMaintenanceSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The body of Add Maintenance: what the message announces."""

    maintenance_id = serializers.CharField(max_length=CHARFIELD_MAX_LENGTH)
    status = serializers.ChoiceField([value for value in Status.values() if value != Status.UNKNOWN])
    windows = AddedWindowSerializer(many=True, required=False, max_length=MOST_WINDOWS)
    circuits = serializers.ListField(
        child=serializers.CharField(max_length=CHARFIELD_MAX_LENGTH), required=False, max_length=_MOST_CIRCUITS
    )
    impact = serializers.ChoiceField(CircuitImpactChoices.values(), default=CircuitImpactChoices.OUTAGE)
    seen = serializers.CharField(
        required=False, default="", help_text="`seen` of the proposal, to notice another result."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the windows: only what is over needs none."""
        attrs = super().validate(attrs)
        windows = attrs.get("windows", [])
        if any(each["end_time"] <= each["start_time"] for each in windows):
            raise serializers.ValidationError({"windows": END_AFTER_START})
        known = set(attrs.get("circuits", ()))
        if any(not known.issuperset(each.get("circuits", ())) for each in windows):
            raise serializers.ValidationError({"windows": "The circuits of a window must be among `circuits`."})
        if not windows and attrs["status"] not in OVER:
            raise serializers.ValidationError({"windows": "Enter at least one maintenance window."})
        return attrs


class ChoiceSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """A value that a field may have."""

    value = serializers.JSONField()
    why = serializers.CharField()


class ProposedFieldSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """One field of the filled form."""

    best = ChoiceSerializer(allow_null=True)
    alternatives = ChoiceSerializer(many=True)
    question = serializers.CharField()
    is_assumed = serializers.BooleanField()


class QuestionSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """What is asked once for the provider."""

    kind = serializers.CharField()
    sentence = serializers.CharField()
    answers = serializers.ListField(child=serializers.CharField())


class ProposalSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The filled form."""

    maintenance_id = ProposedFieldSerializer()
    windows = ProposedFieldSerializer()
    circuits = ProposedFieldSerializer()
    status = ProposedFieldSerializer()
    impact = ProposedFieldSerializer()
    questions = QuestionSerializer(many=True)
    seen = serializers.CharField()


class LayoutStateSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The body of State."""

    state = serializers.ChoiceField(choices=("trial", "live", "suspended"), help_text="What the layout becomes.")


class ImportLayoutsSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The body of Import."""

    text = serializers.CharField(max_length=2_000_000, help_text="The text of a YAML file with layouts.")
