"""The impacts of a maintenance in the REST API, inside of it."""

from uuid import UUID

from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from nautobot.circuits.models import Circuit
from rest_framework import serializers

from nautobot_circuit_maintenance.api.windows import OwnWindowsField
from nautobot_circuit_maintenance.models import CircuitImpact

_NO_PK = UUID(int=0)


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
