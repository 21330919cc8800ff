"""Form fields that several forms share, and the fields for the start and end of a window."""

from datetime import datetime, timezone
from typing import Any

from django import forms
from django.utils.functional import lazystr
from django.utils.timezone import get_current_timezone, get_current_timezone_name, make_naive
from nautobot.apps.forms import (
    DynamicModelMultipleChoiceField,
    StaticSelect2,
    StaticSelect2Multiple,
    add_blank_choice,
)
from nautobot.core.forms.constants import BOOLEAN_WITH_BLANK_CHOICES

from nautobot_circuit_maintenance.domain.calendar import OUT_OF_CALENDAR, is_in_calendar
from nautobot_circuit_maintenance.forms.moments import MomentInput


class _TimeZoneHelp:
    """A sentence about the user's time zone, which is known only when the form is rendered."""

    def __str__(self) -> str:
        return f"Times are in {get_current_timezone_name()}."


TIME_ZONE_HELP = lazystr(_TimeZoneHelp())


def multiple_choice(vocabulary: Any) -> forms.MultipleChoiceField:
    """Return an optional field for several values of a vocabulary."""
    return forms.MultipleChoiceField(choices=vocabulary, required=False, widget=StaticSelect2Multiple())


def optional_choice(vocabulary: Any) -> forms.ChoiceField:
    """Return an optional field for one value of a vocabulary."""
    return forms.ChoiceField(choices=add_blank_choice(vocabulary), required=False, widget=StaticSelect2())


def yes_no(label: str) -> forms.NullBooleanField:
    """Return an optional field for yes or no."""
    return forms.NullBooleanField(required=False, label=label, widget=StaticSelect2(choices=BOOLEAN_WITH_BLANK_CHOICES))


def date_time(label: str) -> forms.DateTimeField:
    """Return an optional field for a moment in the user's zone."""
    return forms.DateTimeField(required=False, label=label, help_text=TIME_ZONE_HELP, widget=MomentInput())


def related(model: Any, label: str | None = None, **kwargs: Any) -> DynamicModelMultipleChoiceField:
    """Return an optional field for related objects."""
    return DynamicModelMultipleChoiceField(queryset=model.objects.all(), required=False, label=label, **kwargs)


def related_by_name(model: Any, label: str | None = None) -> DynamicModelMultipleChoiceField:
    """Return an optional field for related objects, which the query string names."""
    return related(model, label, to_field_name="name")


class WindowStartField(forms.DateTimeField):
    """Resolve an ambiguous local time to the earlier instant, so that a window is never shortened."""

    fold = 0

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment in UTC; reject a local time that does not exist or is out of range."""
        try:
            moment = super().to_python(value)
        except forms.ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            moment = self._resolve(error.params["datetime"])
        try:
            # In UTC, because Python compares the local times of two moments in the same zone.
            moment = moment.astimezone(timezone.utc) if moment else None
        except OverflowError as error:  # datetime.astimezone: the first or the last day of the calendar
            raise forms.ValidationError(OUT_OF_CALENDAR) from error
        if moment and not is_in_calendar(moment):
            raise forms.ValidationError(OUT_OF_CALENDAR)
        return moment

    def _resolve(self, local: datetime) -> datetime:
        zone = get_current_timezone()
        moment = local.replace(tzinfo=zone, fold=self.fold)
        if make_naive(moment.astimezone(timezone.utc), zone) == local:
            return moment
        raise forms.ValidationError(
            f"{local:%H:%M} does not exist on that day in {zone} (daylight saving change). Enter an earlier or later time."
        )


class WindowEndField(WindowStartField):
    """Resolve an ambiguous local time to the later instant."""

    fold = 1


def as_shown(moment: datetime | None) -> datetime | None:
    """Return a moment as a form shows it; an unchanged input means the stored moment."""
    return make_naive(moment).replace(microsecond=0) if moment else None
