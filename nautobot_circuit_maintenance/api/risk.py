"""The risk as an endpoint: as it is, and with further circuits taken down."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.api.notifications import PROBLEM
from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.risk_settings import LONGEST_WORK, RISK_PERMISSIONS


class RiskQuerySerializer(serializers.Serializer):
    """The parameters; each of the first four may be repeated."""

    circuit = serializers.ListField(
        child=serializers.UUIDField(), required=False, help_text="Circuits that are to be taken down."
    )
    location = serializers.ListField(child=serializers.UUIDField(), required=False, help_text="Only sites there.")
    device = serializers.ListField(
        child=serializers.UUIDField(), required=False, help_text="Only these devices and their sites."
    )
    provider = serializers.ListField(
        child=serializers.UUIDField(), required=False, help_text="Only what circuits of these providers cause."
    )
    start = serializers.DateTimeField(required=False, help_text="When the circuits are taken down.")
    end = serializers.DateTimeField(required=False, help_text="When they are up again.")
    kind = serializers.ChoiceField([each.value for each in Kind], required=False)
    confirmed = serializers.BooleanField(required=False, allow_null=True, default=None)
    single_homed = serializers.BooleanField(required=False, allow_null=True, default=None)
    slots = serializers.BooleanField(
        required=False, default=False, help_text="Also look for free slots in the next 14 days."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require a time for circuits, and only for these."""
        times = ("start" in attrs) + ("end" in attrs)
        if times != (2 if attrs.get("circuit") else 0):
            raise ValidationError("'circuit', 'start' and 'end' belong together.")
        if times and not timedelta() < attrs["end"] - attrs["start"] <= LONGEST_WORK:
            raise ValidationError(f"'end' must be after 'start', at most {LONGEST_WORK.days} days.")
        return attrs


class _NamedSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()


class _PhaseSerializer(serializers.Serializer):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    down = _NamedSerializer(many=True)
    maintenances = _NamedSerializer(many=True)
    hangs_on = _NamedSerializer(many=True)


class RiskFindingSerializer(serializers.Serializer):
    """When a site, hub, cloud network, device or redundancy group is dark or has one way left."""

    subject = serializers.ChoiceField(["site", "hub", "cloud", "device", "group"])
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField([each.value for each in Kind])
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    confirmed = serializers.BooleanField()
    had_two_ways = serializers.BooleanField()
    link_count = serializers.IntegerField(allow_null=True)
    why = serializers.CharField()
    phases = _PhaseSerializer(many=True)


class _SlotSerializer(serializers.Serializer):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    free = serializers.BooleanField()


class _SpanSerializer(serializers.Serializer):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class _SlotsSerializer(serializers.Serializer):
    alone = serializers.ListField(child=serializers.UUIDField())
    days = _SlotSerializer(many=True)
    gaps = _SpanSerializer(many=True)


class _UnknownCircuitSerializer(serializers.Serializer):
    maintenance = serializers.UUIDField()
    name = serializers.CharField()
    cid = serializers.CharField()


class RiskSerializer(serializers.Serializer):
    """The answer."""

    core = serializers.ChoiceField(["hubs", "outside", "site", "nothing"])
    core_sites = serializers.ListField(child=serializers.UUIDField())
    partial = serializers.BooleanField(help_text="Your permissions may hide maintenances, impacts or circuits.")
    findings = RiskFindingSerializer(many=True)
    makes_dark = serializers.BooleanField(allow_null=True, help_text="null without circuits")
    added = RiskFindingSerializer(many=True, help_text="What is worse with the circuits down, and when.")
    unknown_circuits = _UnknownCircuitSerializer(many=True)
    slots = _SlotsSerializer(allow_null=True)


class NotAssessable(APIException):
    """The settings are wrong, so nothing can be assessed."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "not_assessable"


class RiskPermission(BasePermission):
    """Without these permissions, no finding would not mean no risk."""

    message = "You need the permissions to view circuit maintenances, circuit impacts, circuits and locations."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Require all of them."""
        return bool(request.user.has_perms(RISK_PERMISSIONS))


class RiskView(APIView):
    """Which sites are at risk, and what taking circuits down would add."""

    permission_classes = [IsAuthenticated, RiskPermission]

    @extend_schema(
        operation_id="plugins_circuit_maintenance_risk_retrieve",
        parameters=[RiskQuerySerializer],
        responses={
            200: RiskSerializer,
            400: OpenApiResponse(PROBLEM, "A parameter is wrong, or nothing can be said about a circuit."),
            503: OpenApiResponse(PROBLEM, "The settings about the risk are wrong."),
        },
    )
    def get(self, request: Request) -> Response:
        """Return the findings that are not over; with circuits and a time, also what their outage would add."""
        query = RiskQuerySerializer(data=_with_lists(request))
        query.is_valid(raise_exception=True)
        # pylint: disable-next=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.api.risk_answers import answer_to

        try:
            return Response(answer_to(query.validated_data, request.user, timezone.now()))
        except RiskError as error:
            raise NotAssessable(str(error)) from error


def _with_lists(request: Request) -> dict[str, Any]:
    parameters = request.query_params
    lists = {name: parameters.getlist(name) for name in ("circuit", "location", "device", "provider")}
    others = ("start", "end", "kind", "confirmed", "single_homed", "slots")
    known = {*lists, *others, "format"}
    unknown = sorted(set(parameters) - known)
    if unknown:
        raise ValidationError({name: ["Unknown parameter."] for name in unknown})
    return {
        **{key: value for key, value in lists.items() if value},
        **{name: parameters[name] for name in others if name in parameters},
    }
