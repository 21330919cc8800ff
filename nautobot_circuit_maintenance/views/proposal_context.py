"""A proposal as the page *Add from This Email* shows it: highlighted words, reasons and alternatives."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from nautobot.circuits.models import Circuit, Provider

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.forms import AddFromEmailForm, AnswersForm
from nautobot_circuit_maintenance.reading.proposal.values import (
    BACKUPS,
    ORDER,
    REFERENCE,
    ZONE,
    Choice,
    Field,
    Proposal,
    Question,
)
from nautobot_circuit_maintenance.ui import formatting

_MOST_ALTERNATIVES = 6
_NAMES = {ZONE: "zone", ORDER: "order", BACKUPS: "counts_backups", REFERENCE: "id_label"}
"""The field of ``AnswersForm`` for each kind of question."""
_LABELS = {"maintenance_id": "ID", "windows": "Window", "circuits": "Circuit", "status": "Status", "impact": "Impact"}
_NO_CIRCUIT = "No circuit of {} stands in the email. Choose the circuits, or add an ID."
"""The field would be empty without a word. Who may not view a circuit is not to learn that the email names it."""


class Alternative(NamedTuple):
    """A value that a click puts into the form."""

    label: SafeString | str
    value: str
    """As JSON."""
    why: str


class Row(NamedTuple):
    """A field of the form with what is said about it."""

    name: str
    bound: Any
    """None for the windows, which are a table."""
    why: str
    question: str
    is_assumed: bool
    alternatives: list[Alternative]


def initial(proposal: Proposal | None, circuits: QuerySet[Circuit]) -> dict[str, Any]:
    """Return the values that the form starts with."""
    if proposal is None:
        return {}
    values = {name: field.value for name, field in _fields(proposal) if name != "windows" and field.value}
    cids = values.pop("circuits", ())
    return {**values, "circuits": list(circuits.filter(cid__in=cids).values_list("pk", flat=True)) if cids else []}


def windows(proposal: Proposal | None) -> dict[Window, tuple[str, ...]]:
    """Return the windows that the form starts with."""
    if proposal is None:
        return {}
    return dict.fromkeys(proposal.windows.value or (), ()) | dict(proposal.affected)


def shown(
    proposal: Proposal | None, form: AddFromEmailForm, answers: AnswersForm, provider: Provider
) -> dict[str, Any]:
    """Return what the template needs."""
    fields = dict(_fields(proposal)) if proposal else {}
    if proposal and proposal.circuits.best is None:
        fields["circuits"] = replace(proposal.circuits, question=_NO_CIRCUIT.format(provider))
    empty: Field[Any] = Field()
    affected = dict(proposal.affected) if proposal else {}
    rows = [_row(name, form, fields.get(name, empty), affected) for name in _LABELS]
    questions = proposal.questions if proposal else ()
    asked = {_NAMES[question.kind]: question for question in questions}
    return {
        "rows": rows,
        "text": _marked(proposal) if proposal else "",
        "questions": [(answers[name], question.sentence, _given(question)) for name, question in asked.items()],
        "kept": [(answers[name].html_name, value) for name, value in answers.data_by_name.items()],
        "is_cut": proposal is not None and proposal.found.mail.is_cut,
    }


def _given(question: Question) -> list[tuple[str, str]]:
    """Return the answers that a click gives."""
    return [(each, each.capitalize()) for each in question.answers]


def _fields(proposal: Proposal) -> list[tuple[str, Field[Any]]]:
    return [(name, getattr(proposal, name)) for name in _LABELS]


def _row(name: str, form: AddFromEmailForm, field: Field[Any], affected: Mapping[Window, Sequence[str]]) -> Row:
    bound = form[name] if name != "windows" else None
    # The value that is filled in is offered as well: a click restores it.
    choices = [*([field.best] if field.best and field.alternatives else []), *field.alternatives]
    alternatives = [_alternative(name, choice, affected) for choice in choices[:_MOST_ALTERNATIVES]]
    return Row(name, bound, field.best.why if field.best else "", field.question, field.is_assumed, alternatives)


def _alternative(name: str, choice: Choice[Any], affected: Mapping[Window, Sequence[str]]) -> Alternative:
    if name == "windows":
        rows = [[*_entered(each), ", ".join(affected.get(each, ()))] for each in choice.value]
        return Alternative(formatting.windows(choice.value), json.dumps(rows), choice.why)
    if name in ("status", "impact"):
        return Alternative(formatting.badge(choice.value), json.dumps(choice.value), choice.why)
    return Alternative(choice.value, json.dumps(choice.value), choice.why)


def _entered(window: Window) -> list[str]:
    """Return start and end as the inputs have them: in the user's zone."""
    return [f"{localtime(moment):%Y-%m-%d %H:%M:%S}" for moment in window]


def _marked(proposal: Proposal) -> SafeString:
    """Return the text of the message, escaped, with everything marked that is proposed."""
    text = proposal.found.mail.text
    pieces: list[tuple[str, str, str]] = []
    end = 0
    for start, stop, label in _places(proposal):
        if start >= end:
            pieces.append((text[end:start], label, text[start:stop]))
            end = stop
    marked = format_html_join("", '{}<mark title="{}">{}</mark>', pieces)
    return format_html("{}{}", marked, text[end:])


def _places(proposal: Proposal) -> list[tuple[int, int, str]]:
    """Return where everything stands that is proposed, in order, with its label."""
    found: list[tuple[int, int, str]] = []
    for name, field in _fields(proposal):
        for choice in _choices(field):
            found += [(start, end, f"{_LABELS[name]}: {choice.why}") for start, end in choice.spans]
    return sorted(found)


def _choices(field: Field[Any]) -> Iterator[Choice[Any]]:
    if field.best:
        yield field.best
    yield from field.alternatives
