"""Pages of what we received: notifications, and what each of them said."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from nautobot.apps.ui import (
    Button,
    DistinctViewTab,
    ObjectDetailContent,
    ObjectFieldsPanel,
    ObjectsTablePanel,
    ObjectTextPanel,
    SectionChoices,
)
from nautobot.apps.views import (
    ObjectBulkDestroyViewMixin,
    ObjectDestroyViewMixin,
    ObjectDetailViewMixin,
    ObjectListViewMixin,
)
from rest_framework.decorators import action
from rest_framework.response import Response

from nautobot_circuit_maintenance import display, filters, forms, models, tables
from nautobot_circuit_maintenance.api import serializers
from nautobot_circuit_maintenance.views.maintenances import UUID
from nautobot_circuit_maintenance.views.panels import SourceTextPanel

_ROUTE = "plugins:nautobot_circuit_maintenance:notification_{}"


class NotificationUIViewSet(  # pylint: disable=abstract-method  # of forms that it has not
    ObjectDetailViewMixin, ObjectListViewMixin, ObjectDestroyViewMixin, ObjectBulkDestroyViewMixin
):
    """Notifications: nobody writes them but the pipeline."""

    lookup_value_regex = UUID
    action_buttons = ("export",)
    queryset = models.Notification.objects.select_related("provider", "source")
    serializer_class = serializers.NotificationSerializer
    table_class = tables.NotificationTable
    filterset_class = filters.NotificationFilterSet
    filterset_form_class = forms.NotificationFilterForm
    object_detail_content = ObjectDetailContent(
        extra_buttons=[
            Button(weight=100, label="Download .eml", icon="mdi-download", link_name=_ROUTE.format("raw")),
        ],
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="Message",
                fields=["subject", "sender", "provider", "source", "received_at", "sent_at", "message_id", "size"],
                value_transforms={
                    "received_at": [display.moment],
                    "sent_at": [display.moment],
                    "size": [display.size],
                },
                key_transforms={
                    "received_at": "Received",
                    "sent_at": "Sent",
                    "message_id": "Message-ID",
                },
            ),
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.RIGHT_HALF,
                label="Result",
                fields=["state", "error", "attempts"],
                value_transforms={"state": [display.badge]},
                key_transforms={"error": "Reason"},
            ),
            ObjectsTablePanel(
                weight=200,
                section=SectionChoices.FULL_WIDTH,
                table_class=tables.ParsedNotificationTable,
                table_filter="notification",
                table_title="Maintenances concluded from it",
                exclude_columns=["notification", "sender", "received_at"],
                add_button_route=None,
            ),
        ],
        extra_tabs=[
            DistinctViewTab(
                weight=2000,
                tab_id="source",
                label="Source",
                url_name=_ROUTE.format("source"),
                panels=(SourceTextPanel(weight=100, section=SectionChoices.FULL_WIDTH),),
            ),
        ],
    )

    @action(detail=True, url_path="source", url_name="source", custom_view_base_action="view")
    def source(self, _request: HttpRequest, **_kwargs: Any) -> Response:
        """Show the raw message."""
        return Response({})

    @action(detail=True, url_path="raw", url_name="raw", custom_view_base_action="view")
    def raw(self, _request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Download the raw message; no browser shows it."""
        notification = self.get_object()
        if notification.raw is None:
            raise Http404("The raw message is not on record.")
        return HttpResponse(
            bytes(notification.raw),
            content_type="message/rfc822",
            headers={
                "Content-Disposition": f'attachment; filename="{notification.pk}.eml"',
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox; default-src 'none'",
            },
        )


class ParsedNotificationUIViewSet(  # pylint: disable=abstract-method  # of forms that it has not
    ObjectDetailViewMixin, ObjectListViewMixin
):
    """What notifications said about maintenances."""

    lookup_value_regex = UUID
    action_buttons = ("export",)
    queryset = models.ParsedNotification.objects.select_related("maintenance__provider", "notification").defer(
        "notification__raw"
    )
    serializer_class = serializers.ParsedNotificationSerializer
    table_class = tables.ParsedNotificationTable
    filterset_class = filters.ParsedNotificationFilterSet
    filterset_form_class = forms.ParsedNotificationFilterForm
    object_detail_content = ObjectDetailContent(
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="What it said",
                fields=["maintenance", "notification", "status", "issued_at", "sequence", "outdated", "parser"],
                value_transforms={
                    "status": [display.badge],
                    "issued_at": [display.moment],
                    "outdated": [display.outdated],
                },
                key_transforms={"issued_at": "Issued"},
            ),
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.RIGHT_HALF,
                label="Message",
                fields=["subject", "sender", "received_at", "sent_at"],
                value_transforms={"received_at": [display.moment], "sent_at": [display.moment]},
                key_transforms={"received_at": "Received", "sent_at": "Sent"},
            ),
            ObjectTextPanel(
                weight=200,
                section=SectionChoices.FULL_WIDTH,
                label="Output of the parser",
                object_field="json",
                render_as=ObjectTextPanel.RenderOptions.JSON,
            ),
        ]
    )
