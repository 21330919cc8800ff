"""Pages of what we received: notifications, and what each of them said."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize
from django.urls import reverse
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
from nautobot_circuit_maintenance.ui.http import eml_response
from nautobot_circuit_maintenance.ui.links import notification_filters
from nautobot_circuit_maintenance.views import message_panels
from nautobot_circuit_maintenance.views.viewset import GET_ONLY, POST_ONLY, UUID_REGEX, selected_pks

NO_WORKER = (
    "No worker starts now: the next run of the job reads what waits. To have it read at once, enable the job "
    '"Reprocess Notifications" and start a worker.'
)
_ROUTE = "plugins:nautobot_circuit_maintenance:notification_{}"


def _message_tab(weight: int, label: str, panel: type[Panel]) -> DistinctViewTab:
    """Return a tab of its own URL, so that the raw message is read only where it is shown."""
    tab_id = label.lower()
    return DistinctViewTab(
        weight=weight,
        tab_id=tab_id,
        label=label,
        url_name=_ROUTE.format(tab_id),
        panels=(panel(weight=100, section=SectionChoices.FULL_WIDTH),),
    )


class NotificationUIViewSet(  # pylint: disable=abstract-method  # of forms that it has not
    ObjectDetailViewMixin, ObjectListViewMixin, ObjectDestroyViewMixin, ObjectBulkDestroyViewMixin
):
    """Notifications: nobody writes them but the pipeline."""

    lookup_value_regex = UUID_REGEX
    action_buttons = ("export",)
    queryset = models.Notification.objects.select_related("provider", "source")
    serializer_class = serializers.NotificationSerializer
    table_class = tables.NotificationTable
    filterset_class = filters.NotificationFilterSet
    filterset_form_class = forms.NotificationFilterForm
    object_detail_content = ObjectDetailContent(
        extra_buttons=[
            message_panels.ReprocessButton(
                weight=100,
                label="Reprocess",
                icon="mdi-refresh",
                link_name=_ROUTE.format("reprocess"),
                render_on_tab_id="__all__",
            ),
            Button(
                weight=200,
                label="Download .eml",
                icon="mdi-download",
                link_name=_ROUTE.format("raw"),
                render_on_tab_id="__all__",
            ),
        ],
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="Message",
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
            message_panels.ResultPanel(weight=100, section=SectionChoices.RIGHT_HALF),
            ObjectsTablePanel(
                weight=200,
                section=SectionChoices.FULL_WIDTH,
                table_class=tables.ParsedNotificationTable,
                table_filter="notification",
                table_title="What it said about maintenances",
                exclude_columns=["notification", "sender", "received_at"],
                add_button_route=None,
            ),
        ],
        extra_tabs=[
            _message_tab(1100, "Text", message_panels.TextPanel),
            _message_tab(1200, "HTML", message_panels.HtmlPanel),
            _message_tab(1300, "Attachments", message_panels.AttachmentsPanel),
            _message_tab(1400, "Source", message_panels.SourceTextPanel),
        ],
    )

    def get_extra_context(self, request: HttpRequest, instance: Any = None) -> dict[str, Any]:
        """Offer the questions that are asked most above the list."""
        context = super().get_extra_context(request, instance)
        if self.action == "list":
            context["quick_filters"] = notification_filters(request.GET)
        return context

    @action(detail=True, url_path="text", url_name="text", **GET_ONLY)
    def text(self, _request: HttpRequest, **_kwargs: Any) -> Response:
        """Show the words of the message."""
        return Response({})

    @action(detail=True, url_path="html", url_name="html", **GET_ONLY)
    def html(self, _request: HttpRequest, **_kwargs: Any) -> Response:
        """Show the HTML of the message, made harmless."""
        return Response({})

    @action(detail=True, url_path="attachments", url_name="attachments", **GET_ONLY)
    def attachments(self, _request: HttpRequest, **_kwargs: Any) -> Response:
        """List the other parts of the message."""
        return Response({})

    @action(detail=True, url_path="source", url_name="source", **GET_ONLY)
    def source(self, _request: HttpRequest, **_kwargs: Any) -> Response:
        """Show the raw message."""
        return Response({})

    @action(detail=True, url_path="raw", url_name="raw", **GET_ONLY)
    def raw(self, _request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Download the raw message; no browser shows it."""
        notification = self.get_object()
        if notification.raw is None:
            raise Http404("The raw message is not on record.")
        return eml_response(notification)

    @action(detail=True, url_path="reprocess", url_name="reprocess", **POST_ONLY)
    def reprocess(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Let a worker read the message again."""
        notification = self.get_object()
        self._reprocess(request, self.get_queryset().filter(pk=notification.pk))
        return redirect(notification.get_absolute_url())

    @action(detail=False, url_path="reprocess", url_name="bulk_reprocess", **POST_ONLY)
    def bulk_reprocess(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Let a worker read the messages again that were ticked in the list, or all that its filters find."""
        if request.POST.get("_all"):
            chosen = self.filter_queryset(self.get_queryset())
        else:
            chosen = self.get_queryset().filter(pk__in=selected_pks(request))
        self._reprocess(request, chosen)
        return redirect(reverse(_ROUTE.format("list")))

    def _reprocess(self, request: HttpRequest, chosen: QuerySet[models.Notification]) -> None:
        """Reset these notifications, and say what becomes of them."""
        waiting, left = requeue(chosen)
        if left:
            word = f"{left} cannot be reprocessed: the raw message is not on record, or the source that refused it is gone."
            messages.warning(request, word)
        if waiting:
            count = f"{waiting} notification{pluralize(waiting)}"
            if enqueue_digestion(request.user):
                messages.success(request, f"{count} queued: a worker reads {pluralize(waiting, 'it,them')} again now.")
            else:
                messages.warning(request, f"{count} queued. {NO_WORKER}")
        elif not left:
            messages.warning(request, "No notification was selected.")


class ParsedNotificationUIViewSet(  # pylint: disable=abstract-method  # of forms that it has not
    ObjectDetailViewMixin, ObjectListViewMixin
):
    """What notifications said about maintenances."""

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
                label="What it said",
                fields=["maintenance", "notification", "status", "issued_at", "sequence", "outdated", "parser"],
                value_transforms={
                    "status": [formatting.badge],
                    "issued_at": [formatting.datetime_badge],
                    "outdated": [formatting.superseded_badge],
                },
                key_transforms={"issued_at": "Issued"},
            ),
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.RIGHT_HALF,
                label="Message",
                fields=["subject", "sender", "received_at", "sent_at"],
                value_transforms={"received_at": [formatting.datetime_badge], "sent_at": [formatting.datetime_badge]},
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
