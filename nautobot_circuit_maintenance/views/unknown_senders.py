"""Pages of unknown senders."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import Context
from django.template.defaultfilters import pluralize
from django.urls import reverse
from nautobot.apps.ui import Button, ObjectDetailContent, ObjectFieldsPanel, SectionChoices
from nautobot.apps.views import ObjectDetailViewMixin, ObjectListViewMixin
from nautobot.circuits.models import Provider
from rest_framework.decorators import action

from nautobot_circuit_maintenance import filters, forms, models, tables
from nautobot_circuit_maintenance.api import serializers
from nautobot_circuit_maintenance.models.unknown_senders import assign
from nautobot_circuit_maintenance.ui import formatting
from nautobot_circuit_maintenance.views.asking import ASKING, answered, ask, back_to
from nautobot_circuit_maintenance.views.viewset import (
    POST_ONLY,
    UUID_REGEX,
    StorableQueryMixin,
    back_to_list,
    chosen_rows,
)

_ROUTE = "plugins:nautobot_circuit_maintenance:unknownsender_{}"


class AssignButton(Button):
    """A link for users who may change the row and a provider."""

    def should_render(self, context: Context) -> bool:
        """Check the permissions with their constraints."""
        user = context["request"].user
        may_change = user.has_perm("nautobot_circuit_maintenance.change_unknownsender", context["object"])
        return may_change and user.has_perm("circuits.change_provider")


class UnknownSenderUIViewSet(  # pylint: disable=abstract-method  # the form methods
    StorableQueryMixin, ObjectDetailViewMixin, ObjectListViewMixin
):
    """Unknown senders; only the pipeline adds and counts them."""

    lookup_value_regex = UUID_REGEX
    action_buttons = ("export",)
    queryset = models.UnknownSender.objects.select_related("source")
    serializer_class = serializers.UnknownSenderSerializer
    table_class = tables.UnknownSenderTable
    filterset_class = filters.UnknownSenderFilterSet
    filterset_form_class = forms.UnknownSenderFilterForm
    object_detail_content = ObjectDetailContent(
        extra_buttons=[
            AssignButton(
                weight=100, label="Assign to a Provider", icon="mdi-account-plus", link_name=_ROUTE.format("assign")
            ),
        ],
        panels=[
            ObjectFieldsPanel(
                weight=100,
                section=SectionChoices.LEFT_HALF,
                label="Unknown Sender",
                fields=["address", "source", "count", "first_seen", "last_seen", "dismissed"],
                value_transforms={"first_seen": [formatting.datetime_badge], "last_seen": [formatting.datetime_badge]},
                key_transforms={"count": "Emails"},
            ),
        ],
    )

    @action(detail=True, url_path="assign", url_name="assign", **ASKING)
    def assign(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Ask for the provider, then add the address to it."""
        sender = self.get_object()
        return_url = back_to(request, reverse(_ROUTE.format("list")))
        form = answered(request, forms.AssignSenderForm)
        form.fields["provider"].queryset = Provider.objects.restrict(request.user, "change")
        if form.is_valid():
            try:
                assign(sender, form.cleaned_data["provider"], request.user)
            except ValidationError as error:  # of assign(): the provider refuses the address
                form.add_error("provider", error.messages)
            else:
                messages.success(request, f"{sender} now belongs to {form.cleaned_data['provider']}.")
                return redirect(return_url)
        return ask(request, form, title=f"Assign {sender} to a provider", button="Assign", return_url=return_url)

    @action(detail=False, url_path="dismiss", url_name="bulk_dismiss", **POST_ONLY)
    def bulk_dismiss(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Dismiss the selected addresses, or all that the filters of the list match."""
        count = models.UnknownSender.objects.filter(pk__in=chosen_rows(self).order_by().values("pk")).update(
            dismissed=True
        )
        messages.success(request, f"Dismissed {count} unknown sender{pluralize(count)}.")
        return redirect(back_to(request, back_to_list(request, _ROUTE.format("list"))))
