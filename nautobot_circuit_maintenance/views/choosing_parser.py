"""Choosing the parser of a provider from one of its failed notifications, with a proposal."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from nautobot.apps.forms import BootstrapMixin, StaticSelect2
from nautobot.circuits.models import Provider
from rest_framework.decorators import action

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.parser_names import proposed_parsers
from nautobot_circuit_maintenance.models.providers import PARSERS_FIELD
from nautobot_circuit_maintenance.pipeline.enqueue import enqueue_digestion
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.views.asking import ASKING, answered, ask, back_to


class ParserForm(BootstrapMixin, forms.Form):
    """Choose a parser."""

    parser = forms.ChoiceField(widget=StaticSelect2())


class ChooseParserMixin:
    """The page of notifications that chooses a parser."""

    get_object: Any
    get_queryset: Any

    @action(detail=True, url_path="choose-parser", url_name="choose_parser", **ASKING)
    def choose_parser(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Ask for the parser, then read the provider's failed notifications with it."""
        # Loading the parser library takes 0.6 s of CPU time and 77 MB: not at each start of a web process.
        from nautobot_circuit_maintenance.reading import library  # pylint: disable=import-outside-toplevel  # see above

        row = self.get_object()
        if not request.user.has_perm("circuits.change_provider", row.provider):
            raise PermissionDenied("You may not change this provider.")
        known = library.known_parser_names()
        proposed = proposed_parsers(known, row.provider.name, row.sender, row.subject)
        form = answered(request, ParserForm, initial={"parser": proposed[0].name if proposed else ""})
        names = dict.fromkeys([*(each.name for each in proposed), *known])
        form.fields["parser"].choices = [*([] if proposed else [("", "---------")]), *((name, name) for name in names)]
        if form.is_valid() and self._use(request, row.provider, form):
            return redirect(back_to(request, row.get_absolute_url()))
        return ask(
            request,
            form,
            title=f"Choose a parser for {row.provider}",
            button="Use and Reprocess",
            return_url=back_to(request, row.get_absolute_url()),
            explanation=_explain(proposed[0].why if proposed else ""),
        )

    def _use(self, request: HttpRequest, provider: Provider, form: forms.Form) -> bool:
        """Set the parser and requeue what failed; return whether the provider could be saved."""
        provider.cf[PARSERS_FIELD] = form.cleaned_data["parser"]
        try:
            provider.validated_save()
        except ValidationError as error:  # of the provider's other fields
            form.add_error("parser", error.messages)
            return False
        waiting, _ = requeue(self.get_queryset().filter(provider=provider, state=State.FAILED))
        enqueue_digestion(request.user)
        messages.success(
            request, f"{provider} uses the parser {form.cleaned_data['parser']}; {waiting} waiting to be read."
        )
        return True


def _explain(why: str) -> str:
    return (
        f"{why} The failed notifications of the provider are then read with it."
        if why
        else "No parser has the name of the provider, of its address or of a word in the subject. If none of them is the "
        "provider's, add the maintenance from the email instead. Otherwise, the failed notifications of the provider are read with it."
    )
