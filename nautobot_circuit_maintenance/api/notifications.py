"""Endpoints of notifications: read, download, reprocess, and ingest messages without a mailbox."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from nautobot.apps.api import ReadOnlyModelViewSet
from nautobot.circuits.models import Provider
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from nautobot_circuit_maintenance import filters
from nautobot_circuit_maintenance.api import bodies, serializers
from nautobot_circuit_maintenance.api.adding import PROBLEM, AddMixin
from nautobot_circuit_maintenance.api.permissions import ChangeActionsMixin, ChangePermission
from nautobot_circuit_maintenance.api.queries import OwnColumnsMixin
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.dismissal import dismiss
from nautobot_circuit_maintenance.pipeline.enqueue import enqueue_digestion
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory, explain_unknown
from nautobot_circuit_maintenance.ui.http import MESSAGE_TYPE, NOT_STORED, eml_response

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.mail.message import MailMessage

_CANNOT_BE_REPROCESSED = (
    "The original message is not stored (too large, or purged), or the source that refused it is no longer configured."
)


class TooLarge(APIException):
    """The body is larger than ``max_message_size`` allows."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"

    def __init__(self, limit: int) -> None:
        """Name the limit in bytes."""
        super().__init__(f"The message exceeds max_message_size ({limit:,} bytes).")


class MessageParser(BaseParser):
    """Read one raw message, up to the size limit of the settings."""

    media_type = MESSAGE_TYPE

    def parse(self, stream: BinaryIO, media_type: str | None = None, parser_context: Any = None) -> bytes:
        """Return the body; raises TooLarge before reading it if Content-Length exceeds the limit."""
        limit = get_app_settings().max_message_size
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > limit:
            raise TooLarge(limit)
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLarge(limit)
        return raw


class MessageRenderer(BaseRenderer):
    """Accept requests for the media type of the download; errors are rendered as JSON."""

    media_type = MESSAGE_TYPE
    format = "eml"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """Render an error."""
        (renderer_context or {})["response"]["Content-Type"] = "application/json"
        return json.dumps(data).encode()


def message_of(body: Any) -> "MailMessage":
    """Return the message in a request's body; raises ValidationError if there is none."""
    # pylint: disable-next=import-outside-toplevel  # late: see test_startup.py
    from nautobot_circuit_maintenance.mail.files import read_message

    raw = body if isinstance(body, bytes) else b""
    if not raw.strip():
        raise ValidationError({"detail": "The body is empty. Send one raw message with a Content-Length header."})
    message = read_message("", raw, get_app_settings().max_message_size).message
    if not message.sender:
        raise ValidationError({"detail": "The From header must contain exactly one address."})
    return message


class NotificationViewSet(AddMixin, ChangeActionsMixin, OwnColumnsMixin, ReadOnlyModelViewSet):
    """Notifications, without their original messages."""

    queryset = Notification.objects.all()
    serializer_class = serializers.NotificationSerializer
    filterset_class = filters.NotificationFilterSet

    @extend_schema(
        request=None,
        responses={
            202: serializers.NotificationSerializer,
            400: OpenApiResponse(PROBLEM, _CANNOT_BE_REPROCESSED),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def reprocess(self, request: Request, **_kwargs: Any) -> Response:
        """Let a worker process the notification again from its stored message."""
        notification = self.get_object()
        waiting, _ = requeue(self.get_queryset().filter(pk=notification.pk))
        if not waiting:
            raise ValidationError({"detail": _CANNOT_BE_REPROCESSED})
        enqueue_digestion(request.user)
        notification.refresh_from_db()
        return Response(self.get_serializer(notification).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        request=bodies.DismissSerializer,
        responses={
            200: serializers.NotificationSerializer,
            400: OpenApiResponse(PROBLEM, "No reason, or the notification does not need attention."),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def dismiss(self, request: Request, **_kwargs: Any) -> Response:
        """Dismiss the result of the notification: it needs attention again only if reprocessing has another result."""
        notification = self.get_object()
        body = bodies.DismissSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        chosen = self.get_queryset().filter(pk=notification.pk)
        if not dismiss(chosen, request.user, reason=body.validated_data["reason"], now=timezone.now()).dismissed:
            raise ValidationError({"detail": "This notification does not need attention."})
        notification.refresh_from_db()
        return Response(self.get_serializer(notification).data)

    @extend_schema(
        responses={
            (200, MESSAGE_TYPE): OpenApiTypes.BINARY,
            404: OpenApiResponse(PROBLEM, "The notification does not exist, or its original message is not stored."),
        }
    )
    @action(detail=True, methods=["get"], renderer_classes=[*api_settings.DEFAULT_RENDERER_CLASSES, MessageRenderer])
    def raw(self, _request: Request, **_kwargs: Any) -> HttpResponse:
        """Download the original message, byte for byte."""
        notification = self.get_object()
        if notification.raw is None:
            raise NotFound(NOT_STORED)
        return eml_response(notification)

    @extend_schema(
        request={MESSAGE_TYPE: OpenApiTypes.BINARY},
        responses={
            201: serializers.NotificationSerializer,
            200: OpenApiResponse(serializers.NotificationSerializer, "The message already exists."),
            400: OpenApiResponse(PROBLEM, "Not a message, or from an unknown sender."),
            413: OpenApiResponse(PROBLEM, "The message exceeds max_message_size."),
        },
    )
    @action(detail=False, methods=["post"], parser_classes=[MessageParser])
    def ingest(self, request: Request, **_kwargs: Any) -> Response:
        """Store the raw message in the request's body, and let a worker process it."""
        # pylint: disable-next=import-outside-toplevel  # late: see test_startup.py
        from nautobot_circuit_maintenance.pipeline.record import record_messages

        message = message_of(request.data)
        directory = SenderDirectory.of_all_providers()
        provider = directory.identify(message.sender)
        if provider is None:
            raise ValidationError({"detail": explain_unknown(message.sender)})
        with transaction.atomic():
            is_new = bool(record_messages(directory, [message]).new)
            # The queryset is restricted to what the user may add: otherwise, nothing is stored.
            notification = self.get_queryset().filter(fingerprint=message.fingerprint).first()
            if notification is None:
                raise self._refusal(message.sender, provider)
        if is_new:
            enqueue_digestion(request.user)
        data: Mapping[str, Any] = self.get_serializer(notification).data
        return Response(data, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)

    def _refusal(self, sender: str, provider: Provider) -> APIException:
        """Return why a message cannot be added; the address of a hidden provider counts as unknown."""
        if Provider.objects.restrict(self.request.user, "view").filter(pk=provider.pk).exists():
            return PermissionDenied("You may not add notifications of this provider.")
        return ValidationError({"detail": explain_unknown(sender)})
