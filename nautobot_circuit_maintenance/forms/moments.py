"""Inputs of dates with a time: the browser's own, which refuses what is not a date, and the time zone that they are in."""

from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

UNKNOWN_ZONE = "Unknown time zone. Enter a name such as Europe/Oslo or UTC."


class MomentInput(forms.DateTimeInput):
    """The browser's input of a date with a time.

    Core's picker replaces what it does not understand: "10.12.2026 22:00" by a day in September, "22:00 CET" by 22:00.
    """

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        """Apply Nautobot's style."""
        super().__init__({"class": "form-control", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        """Return what the browser understands; a moment with an offset, as in a link, in the user's time zone."""
        if isinstance(value, str):
            try:
                value = parse_datetime(value) or value
            except ValueError:  # well-formed, but not a date: month 13
                return value
        if not isinstance(value, datetime):
            return value or None
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")


class ZoneInput(forms.TextInput):
    """An input with the names of all time zones to choose from."""

    def __init__(self) -> None:
        """Apply Nautobot's style."""
        super().__init__({"class": "form-control", "list": "time-zones", "autocomplete": "off"})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Add the names."""
        return format_html("{}{}", super().render(name, value, attrs, renderer), _zones())


@lru_cache(maxsize=1)
def _zones() -> SafeString:
    options = format_html_join("", '<option value="{}"></option>', ((name,) for name in sorted(available_timezones())))
    return format_html('<datalist id="time-zones">{}</datalist>', options)


class ZoneField(forms.CharField):
    """The time zone of all times of a form; empty: the user's."""

    widget = ZoneInput

    def __init__(self) -> None:
        """Name what it is about."""
        super().__init__(
            required=False, label="Time zone", help_text="All times of this form are in this zone.", max_length=64
        )

    def clean(self, value: Any) -> str:
        """Reject names that are not time zones."""
        name: str = super().clean(value)
        if name and name not in available_timezones():
            raise forms.ValidationError(UNKNOWN_ZONE)
        return name


class InZoneMixin(forms.Form):
    """A form whose times are in the zone that its field ``time_zone`` names."""

    time_zone = ZoneField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the user's time zone."""
        super().__init__(*args, **kwargs)
        self.initial["time_zone"] = timezone.get_current_timezone_name()

    def full_clean(self) -> None:
        """Read all times in the chosen zone."""
        name = self.data.get(self.add_prefix("time_zone"), "") if self.is_bound else ""
        with timezone.override(ZoneInfo(name) if name in available_timezones() else timezone.get_current_timezone()):
            super().full_clean()
