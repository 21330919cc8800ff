"""Linking a circuit ID to a circuit on the pages."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.apps.ui import Button
from nautobot.circuits.models import Circuit
from nautobot.core.utils.data import is_uuid
from rest_framework.decorators import action

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import MatchedByChoices as MatchedBy
from nautobot_circuit_maintenance.forms import LinkCircuitForm
from nautobot_circuit_maintenance.models import CircuitImpact
from nautobot_circuit_maintenance.models.linking import link_circuit_id, may_unlink
from nautobot_circuit_maintenance.views.asking import ASKING, answered, ask, back_to
from nautobot_circuit_maintenance.views.linking_context import linking_context

_EXPLANATION = (
    "The ID is kept as an alias of the circuit. All impacts of the provider with this ID are linked, those of future "
    "emails too."
)


class LinkButton(Button):
    """A button for users who may change the impact and a circuit, while there is no circuit."""

    def should_render(self, context: Context) -> bool:
        """Check the circuit, then the permissions with their constraints."""
        user, impact = context["request"].user, context["object"]
        return not impact.circuit_id and may_link(impact, user)


class LinkToAnotherButton(Button):
    """The same for an impact with a circuit, unless that has the very ID: then no alias can mean another one."""

    def should_render(self, context: Context) -> bool:
        """Check the circuit, which the user may change too."""
        user, impact = context["request"].user, context["object"]
        is_own = impact.matched_by in (MatchedBy.EXACT, MatchedBy.CASE)
        return bool(impact.circuit_id) and not is_own and may_link(impact, user) and may_unlink(impact, user)


def may_link(impact: CircuitImpact, user: Any) -> bool:
    """Return whether a user may change an impact, and any circuits."""
    return user.has_perm("circuits.change_circuit") and user.has_perm(
        "nautobot_circuit_maintenance.change_circuitimpact", impact
    )


class LinkMixin:
    """The page of impacts that links a circuit ID."""

    get_object: Any

    @action(detail=True, url_path="link", url_name="link", **ASKING)
    def link(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Ask for the circuit, then link the circuit ID to it."""
        impact = self.get_object()
        if not may_unlink(impact, request.user):
            raise PermissionDenied
        return_url = back_to(request, impact.get_absolute_url())
        visibility = Visibility.of(request.user)
        chosen = request.GET.get("circuit", "")
        initial = {"circuit": chosen} if is_uuid(chosen) else {}
        form = answered(request, LinkCircuitForm, impact=impact, visibility=visibility, initial=initial)
        if form.is_valid():
            try:
                link_circuit_id(impact, form.cleaned_data["circuit"])
            except ValidationError as error:  # of link_circuit_id(): the ID cannot be an alias of this circuit
                form.add_error("circuit", error.messages)
            else:
                messages.success(request, _linked(impact.cid, form.cleaned_data["circuit"]))
                return redirect(return_url)
        about = linking_context(impact, form.fields["circuit"].queryset, visibility)
        title = f"Link {impact.cid} to a circuit"
        return ask(
            request, form, title=title, button="Link", return_url=return_url, explanation=_EXPLANATION, about=about
        )


def _linked(cid: str, circuit: Circuit) -> SafeString:
    return format_html('{} is now linked to circuit <a href="{}">{}</a>.', cid, circuit.get_absolute_url(), circuit.cid)
