"""Choosing the parsers of a provider among those that exist: core's form has a line of text for them."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from nautobot.apps.forms import BootstrapMixin, StaticSelect2Multiple
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.analysis.provider_summary import known_parsers
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.parser_names import normalized_name
from nautobot_circuit_maintenance.models.providers import PARSERS_FIELD, parser_names
from nautobot_circuit_maintenance.views.asking import answered, ask, back_to
from nautobot_circuit_maintenance.views.page import PermittedView

_EXPLANATION = (
    "They are tried in the order shown. Choose none to try the provider's name. "
    "Calendars of the BCOP standard are read without a parser."
)


class ParsersForm(BootstrapMixin, forms.Form):
    """Choose parsers."""

    parsers = forms.MultipleChoiceField(required=False, widget=StaticSelect2Multiple())


class ProviderParsersView(PermittedView):
    """The page, for users who may change the provider."""

    required_permission = "circuits.change_provider"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show the choice."""
        return self.answer(request, pk)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Store what was chosen."""
        return self.answer(request, pk)

    def answer(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show the form until it is valid, then lead back to the provider."""
        provider = get_object_or_404(Visibility.of(request.user).of_model(Provider, "change"), pk=pk)
        return_url = back_to(request, provider.get_absolute_url())
        known = known_parsers()
        chosen = _chosen(provider, known)
        form = answered(request, ParsersForm, initial={"parsers": chosen})
        # A browser sends them in this order: what is chosen stays in front of what is added.
        form.fields["parsers"].choices = [(name, name) for name in dict.fromkeys([*chosen, *known])]
        if form.is_bound and form.is_valid() and _store(provider, form):
            messages.success(request, f"Parsers of {provider}: {', '.join(parser_names(provider))}.")
            return redirect(return_url)
        return ask(
            request,
            form,
            title=f"Choose the parsers of {provider}",
            button="Save",
            return_url=return_url,
            explanation=_EXPLANATION,
        )


def _chosen(provider: Provider, known: Any) -> list[str]:
    """Return the parsers that are set and exist, in their order."""
    names = parser_names(provider) if provider.cf.get(PARSERS_FIELD) else ()
    return [each for each in map(normalized_name, names) if each in known]


def _store(provider: Provider, form: forms.Form) -> bool:
    """Set the parsers; return whether the provider could be saved."""
    provider.cf[PARSERS_FIELD] = ", ".join(form.cleaned_data["parsers"])
    try:
        provider.validated_save()
    except ValidationError as error:  # of the provider's other fields
        form.add_error("parsers", error.messages)
        return False
    return True
