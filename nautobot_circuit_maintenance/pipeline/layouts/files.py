"""Layouts as YAML files, for sharing them and for keeping them under review: labels, never the text of an email."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.models import MailLayout
from nautobot_circuit_maintenance.models.layouts import LONGEST_NAME
from nautobot_circuit_maintenance.reading.layouts.stored import LayoutFormatError, layout_of

LARGEST_FILE = 2_000_000
_MOST_LAYOUTS = 200
_KEYS = ("provider", "name", "applies_to", "fields")

ADDED, CHANGED, UNCHANGED = "added", "changed", "unchanged"


class LayoutFileError(ValueError):
    """A file that is not one of layouts; the text is a sentence that names the layout and the key."""


@dataclass(frozen=True)
class SharedLayout:
    """One layout of a file."""

    provider: str
    name: str
    applies_to: dict[str, Any]
    fields: dict[str, Any]


def as_yaml(layouts: Iterable[MailLayout]) -> str:
    """Return layouts as the text of a file."""
    data = [
        {"provider": each.provider.name, "name": each.name, "applies_to": each.applies_to, "fields": each.fields}
        for each in layouts
    ]
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)


def from_yaml(text: str) -> list[SharedLayout]:
    """Return the layouts of a file; raises LayoutFileError."""
    if len(text) > LARGEST_FILE:
        raise LayoutFileError(f"The file is larger than {LARGEST_FILE // 1_000_000} MB.")
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date that is none is a ValueError
        raise LayoutFileError(f"The file is not valid YAML: {' '.join(str(error).split())[:300]}") from error
    if not isinstance(data, list) or not 0 < len(data) <= _MOST_LAYOUTS:
        raise LayoutFileError(f"The file is not a list of 1 to {_MOST_LAYOUTS} layouts.")
    return [_shared(number, each) for number, each in enumerate(data, start=1)]


def _shared(number: int, data: Any) -> SharedLayout:
    named = f"Layout {number}"
    if not isinstance(data, dict):
        raise LayoutFileError(f"{named} is not an object.")
    for key in ("provider", "name"):
        if not isinstance(data.get(key), str) or not 0 < len(data[key]) <= LONGEST_NAME:
            raise LayoutFileError(f'{named}: "{key}" is not a string of 1 to {LONGEST_NAME} characters.')
    named = f"{named} ({data['name']})"
    unknown = [str(key)[:50] for key in data if key not in _KEYS]
    if unknown:
        raise LayoutFileError(f'{named}: "{unknown[0]}" is unknown.')
    try:
        layout_of(data.get("applies_to"), data.get("fields"))
    except LayoutFormatError as error:
        raise LayoutFileError(f"{named}: {error}") from error
    return SharedLayout(*(data[key] for key in _KEYS))


def import_layouts(
    shared: Sequence[SharedLayout], providers: QuerySet[Provider], layouts: QuerySet[MailLayout] | None = None
) -> dict[str, list[MailLayout]]:
    """Add these layouts as drafts, or change those of the same provider and name; return them by what was done.

    All or none: raises LayoutFileError if a provider is not among these, or a layout exists and is not among those that
    may be changed. A layout with other content becomes a draft; one with the same stays as it is, state included.
    """
    done: dict[str, list[MailLayout]] = {ADDED: [], CHANGED: [], UNCHANGED: []}
    known = {provider.name: provider for provider in providers.filter(name__in={each.provider for each in shared})}
    with transaction.atomic():
        for each in shared:
            if each.provider not in known:
                raise LayoutFileError(f'Provider "{each.provider}" does not exist, or you may not view it.')
            layout, result = _merged(each, known[each.provider], layouts)
            done[result].append(layout)
    return done


def _merged(each: SharedLayout, provider: Provider, layouts: QuerySet[MailLayout] | None) -> tuple[MailLayout, str]:
    stored = MailLayout.objects.select_for_update(of=("self",)).filter(provider=provider, name=each.name).first()
    if stored and (stored.applies_to, stored.fields) == (each.applies_to, each.fields):
        return stored, UNCHANGED
    if stored and layouts is not None and not layouts.filter(pk=stored.pk).exists():
        raise LayoutFileError(f"Layout {each.name} exists, and you may not change it.")
    layout = stored or MailLayout(provider=provider, name=each.name)
    layout.change(each.applies_to, each.fields)
    try:
        layout.validated_save()
    except ValidationError as error:
        raise LayoutFileError(f"Layout {each.name}: {' '.join(error.messages)}") from error
    return layout, CHANGED if stored else ADDED
