"""Pages of the outbox."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from nautobot.apps.ui import ObjectDetailContent, ObjectFieldsPanel, ObjectTextPanel, SectionChoices, Titles
from nautobot.apps.views import ObjectDetailViewMixin, ObjectListViewMixin
from rest_framework.decorators import action

from nautobot_circuit_maintenance import filters, forms, models, tables
from nautobot_circuit_maintenance.api import serializers
from nautobot_circuit_maintenance.outbound import outbox
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.views.outbound_buttons import OutboundButton
from nautobot_circuit_maintenance.views.viewset import (
    POST_ONLY,
    UUID_REGEX,
    StorableQueryMixin,
    back_to_list,
    chosen_rows,
)

_ROUTE = "plugins:nautobot_circuit_maintenance:{}"


class DeliveryUIViewSet(  # pylint: disable=abstract-method  # the form methods
    StorableQueryMixin, ObjectDetailViewMixin, ObjectListViewMixin
):
    """The outbox; runs add deliveries and send them."""

    lookup_value_regex = UUID_REGEX
    action_buttons = ("export",)
    queryset = models.Delivery.objects.select_related("subscription", "maintenance__provider")
    serializer_class = serializers.DeliverySerializer
    table_class = tables.DeliveryTable
    filterset_class = filters.DeliveryFilterSet
    filterset_form_class = forms.DeliveryFilterForm
    view_titles = Titles(titles={"list": "Outbox"})
    object_detail_content = ObjectDetailContent(
        extra_buttons=[
            OutboundButton(
                weight=100,
                label="Retry",
                icon="mdi-replay",
                link_name=_ROUTE.format("delivery_retry"),
                states=outbox.CHANGEABLE,
            ),
            OutboundButton(
                weight=110,
                label="Drop",
                icon="mdi-email-off-outline",
                link_name=_ROUTE.format("delivery_drop"),
                states=outbox.CHANGEABLE,
            ),
        ],
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="Delivery",
                fields=[
                    "state",
                    "error",
                    "event",
                    "subscription",
                    "maintenance",
                    "channel",
                    "recipient_name",
                    "recipient",
                ],
                value_transforms={"state": [formatting.badge]},
                hide_if_unset=["error", "maintenance", "recipient_name", "recipient"],
            ),
            ObjectFieldsPanel(
                weight=200,
                section=SectionChoices.LEFT_HALF,
                label="Attempts",
                fields=["created", "attempts", "next_attempt", "sent_at", "job_result", "user", "phase"],
                value_transforms={name: [formatting.datetime_badge] for name in ("created", "next_attempt", "sent_at")},
                hide_if_unset=["sent_at", "job_result", "user", "phase"],
            ),
            ObjectTextPanel(
                weight=100,
                section=SectionChoices.RIGHT_HALF,
                label="Message",
                object_field="text",
                render_as=ObjectTextPanel.RenderOptions.CODE,
            ),
        ],
    )

    @action(detail=True, url_path="retry", url_name="retry", **POST_ONLY)
    def retry(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Have the delivery sent by the next run."""
        row = self.get_object()
        return self._done(request, row, lambda: outbox.retry(row.pk), f"{row} is sent by the next run.")

    @action(detail=True, url_path="drop", url_name="drop", **POST_ONLY)
    def drop(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Do not send the delivery."""
        row = self.get_object()
        return self._done(request, row, lambda: outbox.drop(row.pk, request.user), f"{row} is not sent.")

    @staticmethod
    def _done(request: HttpRequest, row: models.Delivery, work: Callable[[], None], text: str) -> HttpResponse:
        try:
            work()
        except outbox.NotPossible as error:  # of work(): a run was faster, or a newer message waits
            messages.error(request, str(error))
        else:
            messages.success(request, text)
        return redirect(row.get_absolute_url())

    @action(detail=False, url_path="retry", url_name="bulk_retry", **POST_ONLY)
    def bulk_retry(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Have the selected deliveries sent, or all that the filters of the list match."""
        return self._bulk(request, outbox.retry, "sent by the next run")

    @action(detail=False, url_path="drop", url_name="bulk_drop", **POST_ONLY)
    def bulk_drop(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Do not send the selected deliveries, or all that the filters of the list match."""
        return self._bulk(request, lambda pk: outbox.drop(pk, request.user), "not sent")

    def _bulk(self, request: HttpRequest, work: Callable[[Any], None], text: str) -> HttpResponse:
        done, refused = 0, 0
        for pk in chosen_rows(self).order_by().values_list("pk", flat=True):
            try:
                work(pk)
                done += 1
            except outbox.NotPossible:  # of work(): a run was faster, or it was sent already
                refused += 1
        if refused:
            messages.warning(request, f"{refused} not possible in their state.")
        messages.success(request, f"{done} {text}.")
        return redirect(back_to_list(request, _ROUTE.format("delivery_list")))
