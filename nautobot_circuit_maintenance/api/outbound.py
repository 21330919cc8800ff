"""Endpoints of subscriptions and of the outbox."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from nautobot.apps.api import NautobotModelViewSet, ReadOnlyModelViewSet
from rest_framework import serializers as rest_serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from nautobot_circuit_maintenance import filters
from nautobot_circuit_maintenance.api import serializers
from nautobot_circuit_maintenance.api.notifications import PROBLEM
from nautobot_circuit_maintenance.api.permissions import ChangeActionsMixin, ChangePermission
from nautobot_circuit_maintenance.api.queries import OwnColumnsMixin
from nautobot_circuit_maintenance.models import Delivery, Subscription
from nautobot_circuit_maintenance.outbound import feed_tokens, outbox
from nautobot_circuit_maintenance.ui.outbound import feed_path

_FEED = inline_serializer("CircuitMaintenanceFeedURL", {"url": rest_serializers.URLField()})


class NotPossibleNow(APIException):
    """The delivery is in another state."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "not_possible"


class SubscriptionViewSet(ChangeActionsMixin, OwnColumnsMixin, NautobotModelViewSet):
    """Subscriptions; who saves one becomes its owner."""

    queryset = Subscription.objects.select_related("owner")
    serializer_class = serializers.SubscriptionSerializer
    filterset_class = filters.SubscriptionFilterSet

    @extend_schema(request=None, responses={200: _FEED})
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def rotate(self, request: Request, **_kwargs: Any) -> Response:
        """Make a new URL of the calendar feed; the former one ends. It is in no other answer."""
        url = request.build_absolute_uri(feed_path(feed_tokens.new_token(self.get_object())))
        return Response({"url": url}, headers={"Cache-Control": "no-store"})

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def revoke(self, _request: Request, **_kwargs: Any) -> Response:
        """End the URL of the calendar feed."""
        feed_tokens.revoke(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class DeliveryViewSet(ChangeActionsMixin, OwnColumnsMixin, ReadOnlyModelViewSet):
    """Deliveries; runs add and send them."""

    queryset = Delivery.objects.select_related("subscription", "maintenance__provider")
    serializer_class = serializers.DeliverySerializer
    filterset_class = filters.DeliveryFilterSet

    @extend_schema(
        request=None,
        responses={
            200: serializers.DeliverySerializer,
            409: OpenApiResponse(PROBLEM, "It was sent already, or a newer message of the conversation waits."),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def retry(self, _request: Request, **_kwargs: Any) -> Response:
        """Have the delivery sent by the next run."""
        return self._changed(outbox.retry)

    @extend_schema(
        request=None,
        responses={
            200: serializers.DeliverySerializer,
            409: OpenApiResponse(PROBLEM, "It was sent, or failed, already."),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def drop(self, request: Request, **_kwargs: Any) -> Response:
        """Do not send the delivery."""
        return self._changed(lambda pk: outbox.drop(pk, request.user))

    def _changed(self, work: Callable[[Any], None]) -> Response:
        try:
            work(self.get_object().pk)
        except outbox.NotPossible as error:  # of work(): see the answers
            raise NotPossibleNow(str(error)) from error
        return Response(self.get_serializer(self.get_object()).data)
