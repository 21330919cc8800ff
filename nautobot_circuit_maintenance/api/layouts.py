"""Endpoints of mail layouts: read, import, export, try, and change the state."""

# pylint: disable=import-outside-toplevel  # what reads email is imported when it is used

from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from nautobot.apps.api import NautobotModelViewSet
from nautobot.circuits.models import Provider
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from nautobot_circuit_maintenance import filters
from nautobot_circuit_maintenance.api import bodies, serializers
from nautobot_circuit_maintenance.api.notifications import PROBLEM
from nautobot_circuit_maintenance.api.permissions import ChangeActionsMixin, ChangePermission
from nautobot_circuit_maintenance.api.queries import OwnColumnsMixin
from nautobot_circuit_maintenance.models import MailLayout


class MailLayoutViewSet(ChangeActionsMixin, OwnColumnsMixin, NautobotModelViewSet):
    """Mail layouts; other content makes one a draft again."""

    queryset = MailLayout.objects.select_related("provider")
    serializer_class = serializers.MailLayoutSerializer
    filterset_class = filters.MailLayoutFilterSet

    @extend_schema(
        request=bodies.LayoutStateSerializer,
        responses={
            200: serializers.MailLayoutSerializer,
            400: OpenApiResponse(PROBLEM, "This version was not replayed, or it reads something wrong."),
        },
    )
    @action(detail=True, methods=["post"], url_path="state", url_name="state", permission_classes=[ChangePermission])
    def change_state(self, request: Request, **_kwargs: Any) -> Response:
        """Put the layout on trial, let it go live, or suspend it."""
        from nautobot_circuit_maintenance.pipeline.layouts.states import change_state

        layout = self.get_object()
        body = bodies.LayoutStateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            change_state(layout, body.validated_data["state"])
        except ModelError as error:  # of change_state(): see above
            raise ValidationError({"state": error.messages}) from error
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        request=None,
        responses={
            200: serializers.MailLayoutSerializer,
            400: OpenApiResponse(PROBLEM, "There are too many notifications: use the job."),
        },
    )
    @action(detail=True, methods=["post"], permission_classes=[ChangePermission])
    def replay(self, _request: Request, **_kwargs: Any) -> Response:
        """Try the layout on the stored notifications of its provider."""
        from nautobot_circuit_maintenance.pipeline.layouts.states import is_for_job, replay_now

        layout = self.get_object()
        if is_for_job(layout):
            raise ValidationError(["There are too many notifications. Run the job Replay Mail Layout."])
        replay_now(layout, timezone.now())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(responses={(200, "application/yaml"): str})
    @action(detail=True, methods=["get"])
    def yaml(self, _request: Request, **_kwargs: Any) -> HttpResponse:
        """Download the layout as a file that can be imported."""
        from nautobot_circuit_maintenance.pipeline.layouts.files import as_yaml

        return HttpResponse(as_yaml([self.get_object()]), content_type="application/yaml; charset=utf-8")

    @extend_schema(
        request=bodies.ImportLayoutsSerializer,
        responses={
            200: serializers.MailLayoutSerializer(many=True),
            400: OpenApiResponse(
                PROBLEM, "The text is not a file of layouts, or names a provider that does not exist."
            ),
        },
    )
    @action(detail=False, methods=["post"], url_path="import", url_name="import")
    def import_yaml(self, request: Request, **_kwargs: Any) -> Response:
        """Add the layouts of a file as drafts; those that are the same already stay as they are."""
        from nautobot_circuit_maintenance.pipeline.layouts import files

        body = bodies.ImportLayoutsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        providers = Provider.objects.restrict(request.user, "view")
        may_change = MailLayout.objects.restrict(request.user, "change")
        try:
            done = files.import_layouts(files.from_yaml(body.validated_data["text"]), providers, may_change)
        except files.LayoutFileError as error:
            raise ValidationError({"text": [str(error)]}) from error
        layouts = [layout for each in done.values() for layout in each]
        return Response(self.get_serializer(layouts, many=True).data)
