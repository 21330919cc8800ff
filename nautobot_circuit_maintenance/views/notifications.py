"""Pages of notifications and parsed notifications."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize
from django.utils.html import format_html
from nautobot.apps.ui import (
    Button,
    DistinctViewTab,
    ObjectDetailContent,
    ObjectFieldsPanel,
    ObjectsTablePanel,
    ObjectTextPanel,
    Panel,
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

from nautobot_circuit_maintenance import filters, forms, models, tables
from nautobot_circuit_maintenance.api import serializers
from nautobot_circuit_maintenance.pipeline.enqueue import enqueue_digestion
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.ui.http import NOT_STORED, eml_response
from nautobot_circuit_maintenance.ui.links import notification_filters
from nautobot_circuit_maintenance.views import message_panels
from nautobot_circuit_maintenance.views.adding import AddButton, AddMixin
from nautobot_circuit_maintenance.views.asking import back_to
from nautobot_circuit_maintenance.views.buttons import ChangeButton
from nautobot_circuit_maintenance.views.choosing import RuleMixin
from nautobot_circuit_maintenance.views.choosing_parser import ChooseParserMixin
from nautobot_circuit_maintenance.views.dismissing import DismissButton, DismissMixin
from nautobot_circuit_maintenance.views.layouts import TeachButton, TeachMixin
from nautobot_circuit_maintenance.views.opinion_panels import FindingsPanel
from nautobot_circuit_maintenance.views.reading_panels import ReadingPanel
from nautobot_circuit_maintenance.views.viewset import (
    GET_ONLY,
    POST_ONLY,
    UUID_REGEX,
    StorableQueryMixin,
    back_to_list,
    chosen_rows,
)

NO_WORKER = 'To process immediately, enable the job "Reprocess Notifications" and start a worker.'
_ROUTE = "plugins:nautobot_circuit_maintenance:notification_{}"
_TABS = ("main", "text", "html", "attachments", "source")
"""Tabs with the buttons. Each is a page of its own; "__all__" has them, and their ids, twice on the first one: it holds *Advanced*, too."""


def _button(button: type[Button], weight: int, label: str, icon: str, route: str) -> Button:
    """Return a button on the page and on the tabs of the message."""
    return button(weight=weight, label=label, icon=icon, link_name=_ROUTE.format(route), render_on_tab_id=_TABS)


def _message_tab(weight: int, label: str, panel: type[Panel]) -> DistinctViewTab:
    """Return a tab with its own URL, so that the original message is read only if it is shown."""
    tab_id = label.lower()
    return DistinctViewTab(
        weight=weight,
        tab_id=tab_id,
        label=label,
        url_name=_ROUTE.format(tab_id),
        # Core derives the ID of a panel from its label, which is that of the tab.
        panels=(panel(weight=100, section=SectionChoices.FULL_WIDTH, body_id=f"{tab_id}-of-message"),),
    )


class NotificationUIViewSet(  # pylint: disable=abstract-method  # the form methods
    StorableQueryMixin,
    AddMixin,
    ChooseParserMixin,
    RuleMixin,
    DismissMixin,
    TeachMixin,
    ObjectDetailViewMixin,
    ObjectListViewMixin,
    ObjectDestroyViewMixin,
    ObjectBulkDestroyViewMixin,
):
    """Notifications; only the pipeline writes them."""

    lookup_value_regex = UUID_REGEX
    action_buttons = ("export",)
    queryset = models.Notification.objects.select_related("provider", "source")
    serializer_class = serializers.NotificationSerializer
    table_class = tables.NotificationTable
    filterset_class = filters.NotificationFilterSet
    filterset_form_class = forms.NotificationFilterForm
    object_detail_content = ObjectDetailContent(
        extra_buttons=[
            _button(AddButton, 50, "Add from This Email", "mdi-email-plus-outline", "add_maintenance"),
            _button(ChangeButton, 100, "Reprocess", "mdi-refresh", "reprocess"),
            _button(TeachButton, 120, "Teach This Layout", "mdi-school-outline", "teach"),
            _button(DismissButton, 150, "Dismiss", "mdi-eye-off", "dismiss"),
            _button(Button, 200, "Download .eml", "mdi-download", "raw"),
        ],
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="Notification",
                fields=["subject", "sender", "provider", "source", "received_at", "sent_at", "message_id", "size"],
                value_transforms={
                    "received_at": [formatting.datetime_badge],
                    "sent_at": [formatting.datetime_badge],
                    "size": [formatting.file_size],
                },
                key_transforms={
                    "received_at": "Received",
                    "sent_at": "Sent",
                    "message_id": "Message-ID",
                },
            ),
            message_panels.TextPanel(weight=150, section=SectionChoices.LEFT_HALF, label="Email"),
            message_panels.ResultPanel(weight=100, section=SectionChoices.RIGHT_HALF),
            ReadingPanel(weight=120, section=SectionChoices.RIGHT_HALF),
            FindingsPanel(weight=150, section=SectionChoices.RIGHT_HALF),
            ObjectsTablePanel(
                weight=200,
                section=SectionChoices.FULL_WIDTH,
                table_class=tables.NotificationMaintenancesTable,
                table_filter="notification",
                table_title="Maintenances in this Notification",
                exclude_columns=["notification", "sender", "received_at"],
                add_button_route=None,
            ),
        ],
        extra_tabs=[
            _message_tab(110, "Text", message_panels.TextPanel),
            _message_tab(120, "HTML", message_panels.HtmlPanel),
            _message_tab(130, "Attachments", message_panels.AttachmentsPanel),
            _message_tab(140, "Source", message_panels.SourceTextPanel),
        ],
    )

    def get_extra_context(self, request: HttpRequest, instance: Any = None) -> dict[str, Any]:
        """Add the quick filters of the list."""
        context = super().get_extra_context(request, instance)
        if self.action == "list":
            context["quick_filters"] = notification_filters(request.GET)
        return context

    @action(detail=True, url_path="text", url_name="text", **GET_ONLY)
    def text(self, _request: HttpRequest, **_kwargs: Any) -> Response:
        """Show the text of the message."""
        return Response({})

    @action(detail=True, url_path="html", url_name="html", **GET_ONLY)
    def html(self, _request: HttpRequest, **_kwargs: Any) -> Response:
        """Show the sanitized HTML of the message."""
        return Response({})

    @action(detail=True, url_path="attachments", url_name="attachments", **GET_ONLY)
    def attachments(self, _request: HttpRequest, **_kwargs: Any) -> Response:
        """List the attachments of the message."""
        return Response({})

    @action(detail=True, url_path="source", url_name="source", **GET_ONLY)
    def source(self, _request: HttpRequest, **_kwargs: Any) -> Response:
        """Show the source of the message."""
        return Response({})

    @action(detail=True, url_path="raw", url_name="raw", **GET_ONLY)
    def raw(self, _request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Download the original message; browsers never render it."""
        notification = self.get_object()
        if notification.raw is None:
            raise Http404(NOT_STORED)
        return eml_response(notification)

    @action(detail=True, url_path="reprocess", url_name="reprocess", **POST_ONLY)
    def reprocess(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Let a worker process the notification again."""
        notification = self.get_object()
        self._reprocess(request, self.get_queryset().filter(pk=notification.pk))
        return redirect(back_to(request, notification.get_absolute_url()))

    @action(detail=False, url_path="reprocess", url_name="bulk_reprocess", **POST_ONLY)
    def bulk_reprocess(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Let a worker process the selected notifications again, or all that the filters of the list match."""
        self._reprocess(request, chosen_rows(self))
        return redirect(back_to_list(request, _ROUTE.format("list")))

    def _reprocess(self, request: HttpRequest, selected: QuerySet[models.Notification]) -> None:
        """Requeue the notifications and show the result as messages."""
        waiting, left = requeue(selected)
        if left:
            messages.warning(
                request,
                f"{left} notification{pluralize(left)} cannot be reprocessed: the original message is not stored, or the "
                "source that refused it is no longer configured.",
            )
        run = enqueue_digestion(request.user) if waiting else None
        if run:
            text = "Reprocessing started. A notification's page shows the result as soon as it is known."
            messages.success(request, format_html('{} <a href="{}">Job result</a>', text, run.get_absolute_url()))
        elif waiting:
            queued = f"{waiting} notification{pluralize(waiting)} queued for the next job run."
            messages.warning(request, f"{queued} {NO_WORKER}")
        elif not left:
            messages.warning(request, "No notifications were selected.")


class ParsedNotificationUIViewSet(  # pylint: disable=abstract-method  # the form methods
    StorableQueryMixin, ObjectDetailViewMixin, ObjectListViewMixin
):
    """Parsed notifications."""

    lookup_value_regex = UUID_REGEX
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
                label="Parsed Notification",
                fields=[
                    "maintenance",
                    "notification",
                    "status",
                    "issued_at",
                    "sequence",
                    "outdated",
                    "parser",
                    "confidence",
                ],
                value_transforms={
                    "status": [formatting.badge],
                    "issued_at": [formatting.datetime_badge],
                    "outdated": [formatting.superseded_badge],
                    "confidence": [formatting.confidence_badge],
                },
                key_transforms={"issued_at": "Timestamp in Email", "outdated": "Superseded"},
            ),
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.RIGHT_HALF,
                label="Email",
                fields=["subject", "sender", "received_at", "sent_at"],
                value_transforms={"received_at": [formatting.datetime_badge], "sent_at": [formatting.datetime_badge]},
                key_transforms={"received_at": "Received", "sent_at": "Sent"},
            ),
            FindingsPanel(weight=150, section=SectionChoices.RIGHT_HALF),
            ObjectTextPanel(
                weight=200,
                section=SectionChoices.FULL_WIDTH,
                label="Parsed Data",
                object_field="json",
                render_as=ObjectTextPanel.RenderOptions.JSON,
            ),
        ]
    )
