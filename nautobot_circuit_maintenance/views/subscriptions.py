"""Pages of subscriptions."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import Context
from django.template.response import TemplateResponse
from django.utils import timezone
from nautobot.apps.ui import (
    ButtonColorChoices,
    KeyValueTablePanel,
    ObjectDetailContent,
    ObjectsTablePanel,
    ObjectTextPanel,
    SectionChoices,
)
from rest_framework.decorators import action

from nautobot_circuit_maintenance import filters, forms, models, tables
from nautobot_circuit_maintenance.api import serializers
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.channel_settings.calendar import CalendarSettings
from nautobot_circuit_maintenance.choices import DeliveryStateChoices as State, EventChoices
from nautobot_circuit_maintenance.outbound import feed_tokens
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, DeliveryError
from nautobot_circuit_maintenance.outbound.errors import Silent
from nautobot_circuit_maintenance.ui import formatting, outbound
from nautobot_circuit_maintenance.ui.links import list_url
from nautobot_circuit_maintenance.ui.panels import VerbatimLabelsMixin, counts_by_state
from nautobot_circuit_maintenance.views.asking import TITLED
from nautobot_circuit_maintenance.views.outbound_buttons import OutboundButton
from nautobot_circuit_maintenance.views.silences_panel import SilencesPanel
from nautobot_circuit_maintenance.views.viewset import POST_ONLY, UUID_REGEX, EditOneByOneUIViewSet

_ROUTE = "plugins:nautobot_circuit_maintenance:{}"
_MOST_LINES = 10


class SubscriptionPanel(VerbatimLabelsMixin, KeyValueTablePanel):
    """What a subscription sends, to whom, how and when."""

    label = "Subscription"
    context_data_key = "subscription"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Put the fields into words."""
        row = context["object"]
        return {
            "Enabled": row.enabled,
            "Owner": row.owner,
            "Maintenances": outbound.filter_link(row.maintenance_filter),
            "Events": outbound.events_text(row.events),
            "Channel": outbound.channel_text(row.channel),
            **outbound.timing(row),
            **_feed_of(row),
            "Begun": formatting.datetime_badge(row.begun),
            "Error": row.last_error,
        }


def _feed_of(row: models.Subscription) -> dict[str, Any]:
    """Return whether a calendar feed has an address, and when that was last read."""
    if outbound.kind_of_channel(row.channel) != CalendarSettings.kind:
        return {}
    if not feed_tokens.has_feed(row):
        return {"Feed URL": "None yet"}
    return {"Feed URL": "Set", "Last Read": formatting.datetime_badge(row.token_used_at)}


class RecipientsPanel(VerbatimLabelsMixin, KeyValueTablePanel):
    """The recipients of a subscription."""

    label = "Recipients"
    context_data_key = "recipients"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Name the contacts, teams and roles that the user may view."""
        row, user = context["object"], context["request"].user
        chosen = {
            label: ", ".join(map(str, rows.restrict(user, "view")))
            for label, rows in (
                ("Contacts", row.contacts.all()),
                ("Teams", row.teams.all()),
                ("Roles", row.roles.all()),
            )
        }
        return {"Audience": row.get_audience_display(), **{label: names for label, names in chosen.items() if names}}


class TemplatePanel(ObjectTextPanel):
    """The template of a subscription that has one."""

    def should_render(self, context: Context) -> bool:
        """Leave it out where the usual text is sent."""
        return bool(context["object"].body_template) and super().should_render(context)


class SentPanel(VerbatimLabelsMixin, KeyValueTablePanel):
    """The deliveries of a subscription by state, each count as a link to them."""

    label = "Deliveries"
    context_data_key = "sent"

    def get_data(self, context: Context) -> dict[str, Any]:
        """Count the deliveries that the user may view."""
        row = context["object"]
        visible = models.Delivery.objects.restrict(context["request"].user, "view").filter(subscription=row)
        return counts_by_state(
            visible, State.CHOICES, lambda state: list_url("delivery", subscription=row.pk, state=state)
        )


class SubscriptionUIViewSet(EditOneByOneUIViewSet):  # pylint: disable=too-many-ancestors  # core's mixins
    """Subscriptions."""

    lookup_value_regex = UUID_REGEX
    action_buttons = ("add", "export")
    queryset = models.Subscription.objects.select_related("owner")
    serializer_class = serializers.SubscriptionSerializer
    table_class = tables.SubscriptionTable
    filterset_class = filters.SubscriptionFilterSet
    filterset_form_class = forms.SubscriptionFilterForm
    form_class = forms.SubscriptionForm
    object_detail_content = ObjectDetailContent(
        extra_buttons=[
            OutboundButton(
                weight=100,
                label="Validate Channel",
                icon="mdi-connection",
                link_name=_ROUTE.format("subscription_validate"),
                kinds=outbound.SENDING,
            ),
            OutboundButton(
                weight=110,
                label="Send a Test",
                icon="mdi-send",
                link_name=_ROUTE.format("subscription_test"),
                kinds=outbound.SENDING,
            ),
            OutboundButton(
                weight=120,
                label="New Feed URL",
                color=ButtonColorChoices.GREEN,
                icon="mdi-calendar-sync",
                link_name=_ROUTE.format("subscription_rotate"),
                kinds=(CalendarSettings.kind,),
            ),
            OutboundButton(
                weight=130,
                label="Revoke Feed URL",
                icon="mdi-calendar-remove",
                link_name=_ROUTE.format("subscription_revoke"),
                kinds=(CalendarSettings.kind,),
            ),
        ],
        panels=[
            SubscriptionPanel(weight=100, section=SectionChoices.LEFT_HALF),
            RecipientsPanel(weight=100, section=SectionChoices.RIGHT_HALF),
            SentPanel(
                weight=200,
                section=SectionChoices.RIGHT_HALF,
                required_permissions=["nautobot_circuit_maintenance.view_delivery"],
            ),
            TemplatePanel(
                weight=200,
                section=SectionChoices.LEFT_HALF,
                label="Text of Your Own",
                object_field="body_template",
                render_as=ObjectTextPanel.RenderOptions.CODE,
            ),
            SilencesPanel(
                weight=50,
                section=SectionChoices.FULL_WIDTH,
                required_permissions=["nautobot_circuit_maintenance.view_circuitmaintenance"],
            ),
            ObjectsTablePanel(
                weight=100,
                section=SectionChoices.FULL_WIDTH,
                table_class=tables.DeliveryTable,
                table_filter="subscription",
                exclude_columns=["subscription"],
                max_display_count=10,
                add_button_route=None,
            ),
        ],
    )

    @action(detail=True, url_path="validate", url_name="validate", **POST_ONLY)
    def validate(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Show that the channel of the subscription can be reached, without sending anything."""
        # pylint: disable=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.outbound.channels.opening import settings_of
        from nautobot_circuit_maintenance.outbound.channels.trying import validate

        row = self.get_object()
        try:
            validate(settings_of(get_app_settings(), row.channel))
        except ChannelUnavailable as error:  # of validate() and settings_of()
            messages.error(request, f"The channel does not work: {error}")
        else:
            messages.success(request, f"The channel {row.channel} works.")
        return redirect(row.get_absolute_url())

    @action(detail=True, url_path="test", url_name="test", **POST_ONLY)
    def test(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Send a test to the first chosen recipient, or to the place where the channel leads."""
        # pylint: disable=import-outside-toplevel  # not at each start
        from nautobot_circuit_maintenance.outbound.audience import chosen_recipients
        from nautobot_circuit_maintenance.outbound.channels.opening import settings_of
        from nautobot_circuit_maintenance.outbound.channels.trying import send_test
        from nautobot_circuit_maintenance.outbound.messages import Recipient

        row = self.get_object()
        chosen = chosen_recipients(row) if outbound.is_addressed(row.channel) else [Recipient()]
        if not chosen:
            messages.warning(request, "There is no contact or team with an email address to send a test to.")
            return redirect(row.get_absolute_url())
        try:
            send_test(settings_of(get_app_settings(), row.channel), chosen[0])
        except DeliveryError as error:  # of send_test() and settings_of()
            messages.error(request, f"The test was not sent: {error}")
        else:
            messages.success(request, f"A test was sent to {chosen[0].address or row.channel}.")
        return redirect(row.get_absolute_url())

    @action(detail=True, url_path="rotate", url_name="rotate", **POST_ONLY)
    def rotate(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Make a new URL of the calendar feed and show it once; the former one ends."""
        row = self.get_object()
        url = request.build_absolute_uri(outbound.feed_path(feed_tokens.new_token(row)))
        context = {"title": f"Feed URL of {row}", "url": url, "return_url": row.get_absolute_url(), **TITLED}
        response = TemplateResponse(request, "nautobot_circuit_maintenance/feed_url.html", context)
        response["Cache-Control"], response["Referrer-Policy"] = "no-store", "no-referrer"
        return response

    @action(detail=True, url_path="revoke", url_name="revoke", **POST_ONLY)
    def revoke(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """End the URL of the calendar feed."""
        row = self.get_object()
        feed_tokens.revoke(row)
        messages.success(request, "The feed URL was revoked.")
        return redirect(row.get_absolute_url())

    @action(
        detail=False,
        methods=["post"],
        url_path="preview",
        url_name="preview",
        custom_view_base_action="view",
        http_method_names=["post", "options"],
    )
    def preview(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Return what a subscription as it was entered would have sent in the last seven days."""
        if not any(
            request.user.has_perm(f"nautobot_circuit_maintenance.{each}_subscription") for each in ("add", "change")
        ):
            raise PermissionDenied("You may not add or change subscriptions.")
        form = forms.SubscriptionForm(request.POST)
        form.is_valid()
        context: dict[str, Any] = {"errors": form.errors.get("more_filters")}
        if not context["errors"]:
            row = form.instance
            row.events = form.cleaned_data.get("events", [])
            row.lead_time = form.cleaned_data.get("lead_time") or row.lead_time
            context |= _previewed(row)
        return TemplateResponse(request, "nautobot_circuit_maintenance/inc/preview.html", context)


def _previewed(row: models.Subscription) -> dict[str, Any]:
    # pylint: disable-next=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.outbound.preview import preview

    try:
        sent = preview(row, timezone.now())
    except Silent as error:  # of preview(): the owner may not view maintenances, or the filter is not valid
        return {"errors": [str(error)]}
    labels = EventChoices.as_dict()
    lines = [(each.at, labels[each.event], each.name) for each in sent[-_MOST_LINES:]]
    return {"count": len(sent), "lines": lines[::-1], "more": len(sent) - len(lines)}
