"""A form that was open while a notification came must not undo it unseen."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import Truncator

_LONGEST = 80


def _words(value: Any) -> str:
    """Say a stored value in a sentence."""
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%a %d %b %Y %H:%M %Z}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return Truncator(str(value or "")).chars(_LONGEST) or "empty"


class ConcurrentEditMixin(forms.Form):
    """Mixin for the form of a maintenance: it knows as of when it shows it."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Note when the maintenance was last changed."""
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self._last_updated()

    def clean(self) -> None:
        """Refuse, once, to write over what changed after the form was opened: it may have been cancelled since."""
        super().clean()
        seen, now = self.cleaned_data.get("seen"), self._last_updated()
        if not seen or seen == now:
            return
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = now
        raise forms.ValidationError(
            "It was changed after you opened this form. Stored now, other than below: %(stored)s. "
            "Saving again writes what stands below.",
            params={"stored": ", ".join(self._stored_otherwise()) or "nothing"},
        )

    def _stored_otherwise(self) -> list[str]:
        """Name what is stored and what not as it was entered: a colleague's ticket counts like a cancellation."""
        own = {field.name for field in self.instance._meta.concrete_fields}
        stored = {name: getattr(self.instance, name) for name in self.cleaned_data if name in own}
        return [
            f"{self[name].label} {_words(value)}" for name, value in stored.items() if value != self.cleaned_data[name]
        ]

    def _last_updated(self) -> str:
        return self.instance.last_updated.isoformat() if self.instance.last_updated else ""
