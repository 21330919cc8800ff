"""Endpoints of the REST API."""

from datetime import datetime, timezone
from typing import Any

from django.core.exceptions import PermissionDenied as NotAllowed, ValidationError as ModelError
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from nautobot.apps.api import NautobotModelViewSet, ReadOnlyModelViewSet
from nautobot.circuits.models import Circuit, Provider
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, MethodNotAllowed, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from nautobot_circuit_maintenance import filters
from nautobot_circuit_maintenance.api import bodies, serializers
from nautobot_circuit_maintenance.api.csv_files import StreamedCSVMixin
from nautobot_circuit_maintenance.api.layouts import MailLayoutViewSet
from nautobot_circuit_maintenance.api.notifications import PROBLEM, NotificationViewSet
from nautobot_circuit_maintenance.api.outbound import DeliveryViewSet, SubscriptionViewSet
from nautobot_circuit_maintenance.api.permissions import ChangeActionsMixin, ChangePermission
from nautobot_circuit_maintenance.api.queries import OwnColumnsMixin
from nautobot_circuit_maintenance.api.unknown_senders import UnknownSenderViewSet
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    Note,
    NotificationSource,
    ParsedNotification,
)
from nautobot_circuit_maintenance.models.acknowledgement import acknowledge, unacknowledge
from nautobot_circuit_maintenance.models.linking import link_circuit_id, may_unlink
from nautobot_circuit_maintenance.models.settling import settle
from nautobot_circuit_maintenance.pipeline.choosing import choose

DEPRECATED_SINCE = f"@{datetime(2026, 11, 30, tzinfo=timezone.utc).timestamp():.0f}"
"""Value of the header ``Deprecation`` (RFC 9745)."""


class ChangedSinceSeen(APIException):
    """The maintenance was changed after the client read it."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "changed_since_seen"

    def __init__(self, maintenance: CircuitMaintenance) -> None:
        """Name the maintenance."""
        super().__init__(f"{maintenance} was changed after it was read and has not been acknowledged.")


class NoSuchDoubt(APIException):
    """The doubt was settled, or is gone."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "no_such_doubt"
    default_detail = "The maintenance has no such doubt of the second opinion."


class CircuitMaintenanceViewSet(ChangeActionsMixin, OwnColumnsMixin, StreamedCSVMixin, NautobotModelViewSet):
    """Maintenances, with windows and impacts at any depth."""

    queryset = CircuitMaintenance.objects.prefetch_related("tags", "windows")
    serializer_class = serializers.CircuitMaintenanceSerializer
    filterset_class = filters.CircuitMaintenanceFilterSet

    def get_queryset(self) -> QuerySet[CircuitMaintenance]:
        """Prefetch the impacts that the user may view; CSV has none."""
        if "text/csv" in getattr(self.request, "accepted_media_type", ""):
            return super().get_queryset().prefetch_related(None)
        visible = CircuitImpact.objects.restrict(self.request.user, "view").prefetch_related("windows")
        return super().get_queryset().prefetch_related(Prefetch("impacts", visible, to_attr="visible_impacts"))

    @extend_schema(
        request=serializers.AcknowledgeSerializer,
        responses={
            200: serializers.CircuitMaintenanceSerializer,
            409: OpenApiResponse(PROBLEM, "The maintenance was changed after `seen` and has not been acknowledged."),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def acknowledge(self, request: Request, **_kwargs: Any) -> Response:
        """Acknowledge the maintenance, unless it was changed after the user saw it."""
        body = serializers.AcknowledgeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        maintenance = self.get_object()
        result = acknowledge(
            self.get_queryset().filter(pk=maintenance.pk),
            request.user,
            now=datetime.now(timezone.utc),
            seen_at=body.validated_data.get("seen"),
        )
        if result.changed:
            raise ChangedSinceSeen(maintenance)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses={200: serializers.CircuitMaintenanceSerializer})
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def unacknowledge(self, _request: Request, **_kwargs: Any) -> Response:
        """Remove the acknowledgement of the maintenance."""
        unacknowledge(self.get_queryset().filter(pk=self.get_object().pk))
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        request=serializers.SettleSerializer,
        responses={
            200: serializers.CircuitMaintenanceSerializer,
            409: OpenApiResponse(PROBLEM, "The maintenance has no such doubt of the second opinion any more."),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def settle(self, request: Request, **_kwargs: Any) -> Response:
        """Settle a doubt of kind `second-opinion`: the reading is right, or `choice` is."""
        maintenance = self.get_object()
        body = serializers.SettleSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        now, doubt = datetime.now(timezone.utc), dict(body.validated_data)
        if label := doubt.pop("choice", ""):
            is_settled = self._choose(maintenance, label, now, **doubt)
        else:
            rows = CircuitMaintenance.objects.filter(pk=maintenance.pk)
            is_settled = settle(rows, user=request.user, now=now, **doubt)
        if not is_settled:
            raise NoSuchDoubt()
        return Response(self.get_serializer(self.get_object()).data)

    def _choose(self, maintenance: CircuitMaintenance, label: str, now: datetime, **doubt: str) -> bool:
        try:
            return choose(maintenance, label=label, user=self.request.user, now=now, **doubt) is not None
        except NotAllowed as error:  # choose(): the message concerns a maintenance that the user may not change
            raise PermissionDenied(str(error)) from error

    @extend_schema(
        deprecated=True,
        request=None,
        responses={200: serializers.CircuitMaintenanceSerializer},
        description="Use `unacknowledge`. This name will be removed in the next release.",
    )
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def withdraw(self, request: Request, **kwargs: Any) -> Response:
        """Remove the acknowledgement, under the former name of ``unacknowledge``."""
        response = self.unacknowledge(request, **kwargs)
        response["Deprecation"] = DEPRECATED_SINCE
        response["Link"] = f'<{self.reverse_action("unacknowledge", kwargs=kwargs)}>; rel="successor-version"'
        return response


class CircuitImpactViewSet(ChangeActionsMixin, OwnColumnsMixin, StreamedCSVMixin, NautobotModelViewSet):
    """Impacts."""

    # In natural slugs.
    queryset = CircuitImpact.objects.select_related("maintenance__provider", "circuit__provider")
    queryset = queryset.prefetch_related("windows")
    serializer_class = serializers.CircuitImpactSerializer
    filterset_class = filters.CircuitImpactFilterSet
    ordered_as = {"circuit": ("cid",)}
    unsorted = ("in_all_windows", "matched_by")

    @extend_schema(
        request=bodies.LinkCircuitSerializer,
        responses={
            200: serializers.CircuitImpactSerializer,
            400: OpenApiResponse(PROBLEM, "You may not change the circuit, or it cannot have the alias."),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def link(self, request: Request, **_kwargs: Any) -> Response:
        """Keep the circuit ID as an alias of a circuit, and link all impacts of the provider with this ID."""
        impact = self.get_object()
        body = bodies.LinkCircuitSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        circuit = Circuit.objects.restrict(request.user, "change").filter(pk=body.validated_data["circuit"]).first()
        if circuit is None:
            raise ValidationError({"circuit": ["This circuit does not exist, or you may not change it."]})
        if not may_unlink(impact, request.user):
            raise ValidationError({"circuit": ["You may not change the circuit that this impact is linked to."]})
        try:
            link_circuit_id(impact, circuit)
        except ModelError as error:  # of link_circuit_id(): the ID cannot be an alias of this circuit
            raise ValidationError({"circuit": error.messages}) from error
        return Response(self.get_serializer(self.get_object()).data)


class NoteViewSet(OwnColumnsMixin, StreamedCSVMixin, NautobotModelViewSet):
    """Maintenance notes."""

    queryset = Note.objects.select_related("maintenance__provider")  # the same
    serializer_class = serializers.CircuitMaintenanceNoteSerializer
    filterset_class = filters.NoteFilterSet


class NotificationSourceViewSet(OwnColumnsMixin, NautobotModelViewSet):
    """Sources: read them and choose their providers; PLUGINS_CONFIG adds and removes them."""

    queryset = NotificationSource.objects.all()
    serializer_class = serializers.NotificationSourceSerializer
    filterset_class = filters.NotificationSourceFilterSet
    http_method_names = ["get", "post", "patch", "head", "options"]  # POST is for Nautobot's notes

    def get_queryset(self) -> QuerySet[NotificationSource]:
        """Prefetch the providers that the user may view."""
        visible = Provider.objects.restrict(self.request.user, "view")
        # Core prefetches all providers; nothing else of this model is prefetched.
        return super().get_queryset().prefetch_related(None).prefetch_related(Prefetch("providers", visible))

    @extend_schema(exclude=True)
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Reject the request: sources are added in PLUGINS_CONFIG."""
        raise MethodNotAllowed(request.method)


class ParsedNotificationViewSet(OwnColumnsMixin, StreamedCSVMixin, ReadOnlyModelViewSet):
    """Parsed notifications."""

    queryset = ParsedNotification.objects.select_related("maintenance__provider")  # the same
    serializer_class = serializers.ParsedNotificationSerializer
    filterset_class = filters.ParsedNotificationFilterSet
    ordered_as = {"notification": ("-received_at", "fingerprint")}


__all__ = (
    "CircuitImpactViewSet",
    "CircuitMaintenanceViewSet",
    "DeliveryViewSet",
    "MailLayoutViewSet",
    "NoteViewSet",
    "NotificationSourceViewSet",
    "NotificationViewSet",
    "ParsedNotificationViewSet",
    "SubscriptionViewSet",
    "UnknownSenderViewSet",
)
