"""The endpoints that add a maintenance from a notification."""

from typing import Any

from django.core.exceptions import PermissionDenied as NotAllowed
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.api import bodies, serializers
from nautobot_circuit_maintenance.api.permissions import ChangePermission
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.models.providers import provider_facts
from nautobot_circuit_maintenance.models.windows import as_rest
from nautobot_circuit_maintenance.pipeline.manual import (
    ADDABLE,
    ChangedSinceSeen,
    apply_by_person,
    update_of,
    with_others,
)

PROBLEM = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
_FIELDS = ("maintenance_id", "windows", "circuits", "status", "impact")


class ProcessedAgain(APIException):
    """The notification has another result than the client saw."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "processed_again"
    default_detail = "The notification was processed again, with another result."


class AddMixin:
    """The view set of notifications."""

    get_object: Any
    get_serializer: Any

    @extend_schema(
        responses={
            200: bodies.ProposalSerializer,
            400: OpenApiResponse(PROBLEM, "The message is not stored, or cannot be looked at."),
        }
    )
    @action(detail=True, methods=["get"])
    def proposal(self, request: Request, **_kwargs: Any) -> Response:
        """Return what the message most likely announces, why, and what else it could be."""
        # It reads the message: not at each start of a web process.
        # pylint: disable-next=import-outside-toplevel  # see above
        from nautobot_circuit_maintenance.pipeline import proposals

        row = self.get_object()
        circuits = Visibility.of(request.user).circuits.filter(provider=row.provider_id)
        try:
            found = proposals.propose_for(row, provider_facts(row.provider), circuits)
        except ParseError as error:
            raise ValidationError({"detail": str(error)}) from error
        fields = {name: _field(getattr(found, name)) for name in _FIELDS}
        for window, (_, cids) in zip((fields["windows"]["best"] or {}).get("value", ()), found.affected):
            window["circuits"] = list(cids)
        questions = [
            {"kind": each.kind, "sentence": each.sentence, "answers": each.answers} for each in found.questions
        ]
        return Response({**fields, "questions": questions, "seen": row.result_key})

    @extend_schema(
        request=bodies.AddMaintenanceSerializer,
        responses={
            200: serializers.NotificationSerializer,
            400: OpenApiResponse(PROBLEM, "The notification waits or was refused, or the body is not valid."),
            409: OpenApiResponse(PROBLEM, "The notification was processed again after `seen`."),
        },
    )
    @action(detail=True, methods=["post"], url_path="add-maintenance", permission_classes=[ChangePermission])
    def add_maintenance(self, request: Request, **_kwargs: Any) -> Response:
        """Add or update the maintenance that the message announces; the message becomes its evidence."""
        row = self.get_object()
        body = bodies.AddMaintenanceSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        if row.state not in ADDABLE:
            raise ValidationError({"detail": f"The notification is {row.state}."})
        data = body.validated_data
        entered = {Window(each["start_time"], each["end_time"]): each for each in data.get("windows", ())}
        some = {window: each["circuits"] for window, each in entered.items() if each.get("circuits")}
        values = {name: data[name] for name in ("maintenance_id", "status", "impact")}
        circuits = {"circuits": data.get("circuits", ()), "circuits_of": some}
        update = update_of(row, request.user, windows=entered, **circuits, **values)
        try:
            apply_by_person(row, with_others(row, update), request.user, timezone.now(), seen=data["seen"])
        except ChangedSinceSeen as error:
            raise ProcessedAgain() from error
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        except ParseError as error:
            raise ValidationError({"detail": str(error)}) from error
        return Response(self.get_serializer(self.get_object()).data)


def _field(field: Any) -> dict[str, Any]:
    return {
        "best": _choice(field.best) if field.best else None,
        "alternatives": [_choice(each) for each in field.alternatives],
        "question": field.question,
        "is_assumed": field.is_assumed,
    }


def _choice(choice: Any) -> dict[str, Any]:
    return {"value": _as_json(choice.value), "why": choice.why}


def _as_json(value: Any) -> Any:
    if isinstance(value, Window):
        return {"start_time": as_rest(value.start), "end_time": as_rest(value.end)}
    return [_as_json(each) for each in value] if isinstance(value, tuple) else value
