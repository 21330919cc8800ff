"""Detect edits made since a form was opened."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import Truncator

_LONGEST_VALUE = 80


class ConcurrentEditMixin(forms.Form):
    """Form mixin that rejects, once, a save based on an outdated copy."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Remember when the object was last updated."""
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self._last_updated()

    def clean(self) -> None:
        """Reject the first attempt to overwrite a change made after the form was opened."""
        super().clean()
        seen, now = self.cleaned_data.get("seen"), self._last_updated()
        if not seen or seen == now:
            return
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = now
        values = ", ".join(self._overwritten_values())
        raise forms.ValidationError(
            "This maintenance was changed while you were editing. %(current)s",
            params={
                "current": (
                    f"Current values: {values}. Save again to overwrite them."
                    if values
                    else "The fields of this form have the same values. Save again to confirm."
                )
            },
        )

    def _overwritten_values(self) -> list[str]:
        """Return label and stored value of each field that saving would change."""
        stored_fields = {field.name for field in self.instance._meta.concrete_fields}
        values = []
        for name, entered in self.cleaned_data.items():
            if name in stored_fields and getattr(self.instance, name) != entered:
                text = _as_text(getattr(self.instance, name))
                values.append(f'{self[name].label} "{text}"' if text else f"{self[name].label} (empty)")
        return values

    def _last_updated(self) -> str:
        return self.instance.last_updated.isoformat() if self.instance.last_updated else ""


def _as_text(value: Any) -> str:
    """Return a stored value for a sentence."""
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%a %d %b %Y %H:%M %Z}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return Truncator(str(value or "")).chars(_LONGEST_VALUE)
