"""Endpoints of unknown senders: read, assign to a provider, dismiss."""

from typing import Any

from django.core.exceptions import ValidationError as ModelError
from drf_spectacular.utils import OpenApiResponse, extend_schema
from nautobot.apps.api import ReadOnlyModelViewSet
from nautobot.circuits.models import Provider
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from nautobot_circuit_maintenance import filters
from nautobot_circuit_maintenance.api import bodies, serializers
from nautobot_circuit_maintenance.api.notifications import PROBLEM
from nautobot_circuit_maintenance.api.permissions import ChangeActionsMixin, ChangePermission
from nautobot_circuit_maintenance.api.queries import OwnColumnsMixin
from nautobot_circuit_maintenance.models import UnknownSender
from nautobot_circuit_maintenance.models.unknown_senders import assign


class UnknownSenderViewSet(ChangeActionsMixin, OwnColumnsMixin, ReadOnlyModelViewSet):
    """Unknown senders; only the pipeline adds and counts them."""

    queryset = UnknownSender.objects.all()
    serializer_class = serializers.UnknownSenderSerializer
    filterset_class = filters.UnknownSenderFilterSet

    @extend_schema(
        request=bodies.AssignSenderSerializer,
        responses={
            204: None,
            400: OpenApiResponse(PROBLEM, "You may not change the provider, or it cannot have the address."),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def assign(self, request: Request, **_kwargs: Any) -> Response:
        """Add the address to those of a provider; the row is gone then."""
        sender = self.get_object()
        body = bodies.AssignSenderSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        provider = Provider.objects.restrict(request.user, "change").filter(pk=body.validated_data["provider"]).first()
        if provider is None:
            raise ValidationError({"provider": ["This provider does not exist, or you may not change it."]})
        try:
            assign(sender, provider, request.user)
        except ModelError as error:  # of assign(): the provider refuses the address
            raise ValidationError({"provider": error.messages}) from error
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={200: serializers.UnknownSenderSerializer})
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def dismiss(self, _request: Request, **_kwargs: Any) -> Response:
        """Dismiss the address: it does not need attention, however often it writes."""
        sender = self.get_object()
        UnknownSender.objects.filter(pk=sender.pk).update(dismissed=True)
        sender.refresh_from_db()
        return Response(self.get_serializer(sender).data)
