"""Impacts in the REST API: alone, and inside of their maintenance."""

from typing import Any, cast
from uuid import UUID

from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from nautobot.apps.api import NautobotModelSerializer
from nautobot.circuits.models import Circuit
from rest_framework import serializers

from nautobot_circuit_maintenance.api.safe_csv import SafeCsvMixin
from nautobot_circuit_maintenance.api.windows import OwnWindowsField, choose_windows, require_windows
from nautobot_circuit_maintenance.models import CircuitImpact

_NO_PK = UUID(int=0)


class CircuitImpactSerializer(SafeCsvMixin, NautobotModelSerializer):
    """The impact on one circuit ID."""

    windows = OwnWindowsField(
        required=False,
        help_text="Windows in which the circuit is affected, if not in all. None: it is not affected any more.",
    )

    class Meta:
        model = CircuitImpact
        fields = "__all__"
        # DRF's check of the unique constraint would require the circuit ID, which the circuit has; the model checks it too.
        extra_kwargs = {"cid": {"required": False}}
        validators = []

    def get_field_names(self, declared_fields: Any, info: Any) -> list[str]:
        """Keep the windows in CSV, where Nautobot leaves out every relation to many rows."""
        names = super().get_field_names(declared_fields, info)
        return names if "windows" in names or self.is_nested else [*names, "windows"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take the circuit ID from the circuit if none is given, and the windows from the maintenance."""
        if self.is_csv_import:
            require_windows(attrs, self.instance)
        choose_windows(attrs, self.instance)
        if not attrs.get("cid") and attrs.get("circuit"):
            attrs["cid"] = attrs["circuit"].cid
        return super().validate(attrs)

    def save(self, **kwargs: Any) -> CircuitImpact:
        """Save with the windows; all of it is one change of the maintenance."""
        impact = self.instance or CircuitImpact(maintenance=self.validated_data["maintenance"])
        with impact.sending_change():
            return cast(CircuitImpact, super().save(**kwargs))


class _CircuitReferenceSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only describes
    """A circuit, as Nautobot refers to related objects."""

    id = serializers.UUIDField()
    object_type = serializers.CharField()
    url = serializers.CharField()


class MaintenanceImpactSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """The impact on one circuit ID, inside its maintenance."""

    id = serializers.UUIDField()
    cid = serializers.CharField()
    impact = serializers.CharField()
    circuit = serializers.SerializerMethodField(help_text="Null if no matching circuit exists.")
    matched_by = serializers.CharField(help_text="How the circuit was found.")
    in_all_windows = serializers.BooleanField()
    windows = OwnWindowsField(
        help_text="Windows in which the circuit is affected, if not in all. None: it is not affected any more."
    )

    @extend_schema_field(_CircuitReferenceSerializer(allow_null=True))
    def get_circuit(self, impact: CircuitImpact) -> dict[str, str] | None:
        """Refer to the circuit without a query."""
        if impact.circuit_id is None:
            return None
        pk = str(impact.circuit_id)
        return {"id": pk, "object_type": "circuits.circuit", "url": self._circuit_url.replace(str(_NO_PK), pk)}

    @cached_property
    def _circuit_url(self) -> str:
        """The URL of a circuit that does not exist: resolving one per impact costs more than all else about it."""
        url = Circuit(pk=_NO_PK).get_absolute_url(api=True)
        request = self.context.get("request")
        return str(request.build_absolute_uri(url) if request else url)
