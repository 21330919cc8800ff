"""A form that was open while a notification came must not undo it unseen."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone


def _clock(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%a %d %b %Y %H:%M %Z}" if moment else "an unknown time"


class SeenFirst(forms.Form):
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
            "It was changed after you opened this form, and is %(status)s from %(start)s to %(end)s now. "
            "Compare with what you entered below, then save again.",
            params={
                "status": self.instance.status,
                "start": _clock(self.instance.start_time),
                "end": _clock(self.instance.end_time),
            },
        )

    def _last_updated(self) -> str:
        return self.instance.last_updated.isoformat() if self.instance.last_updated else ""
