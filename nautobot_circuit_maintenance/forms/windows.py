"""The windows of a maintenance inside its form: a start and an end a row."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from nautobot.apps.forms import DateTimePicker

from nautobot_circuit_maintenance.forms.fields import WindowEndField, WindowStartField, as_shown
from nautobot_circuit_maintenance.models import MaintenanceWindow
from nautobot_circuit_maintenance.models.windows import END_AFTER_START

PREFIX = "windows"
_MOST = 100
"""Windows of one maintenance, far more than a provider ever announced."""


def _moment(kind: type[WindowStartField], label: str, missing: str) -> forms.DateTimeField:
    # "required" stays off the input: the row for one more window may be left empty.
    picker = DateTimePicker()
    picker.use_required_attribute = lambda initial: False
    return kind(label=label, widget=picker, error_messages={"required": missing})


class WindowForm(forms.Form):
    """One window."""

    start_time = _moment(WindowStartField, "Start", "Say when this window starts.")
    end_time = _moment(WindowEndField, "End", "Say when this window ends.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Look as Nautobot's forms do, and name each input for those who do not see the head of the table."""
        super().__init__(*args, **kwargs)
        for name in ("start_time", "end_time"):
            self.fields[name].widget.attrs["class"] = "form-control datetime-picker"
            self.fields[name].widget.attrs["style"] = "min-width: 12em"  # a whole date and time, on any screen
            self.fields[name].widget.attrs["aria-label"] = f"{self.fields[name].label} of this window"

    def clean(self) -> None:
        """Refuse a window that ends before it starts."""
        super().clean()
        start, end = self.cleaned_data.get("start_time"), self.cleaned_data.get("end_time")
        if start and end and end <= start:
            raise forms.ValidationError({"end_time": END_AFTER_START})


class _WindowFormSet(forms.BaseFormSet):
    """All windows, or those beside the one from start to end."""

    deletion_widget = forms.CheckboxInput(attrs={"class": "form-check-input", "aria-label": "Remove this window"})

    stored: Iterable[MaintenanceWindow] = ()

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """Start and end of each window that is left, as it is stored if it was left alone; the rows are valid."""
        stored = {(as_shown(row.start_time), as_shown(row.end_time)): row for row in self.stored}
        kept = [form.cleaned_data for form in self.forms if form not in self.deleted_forms and form.cleaned_data]
        spans = [(row["start_time"], row["end_time"]) for row in kept if row.get("start_time")]
        same = [stored.get((as_shown(start), as_shown(end))) for start, end in spans]
        return [(row.start_time, row.end_time) if row else span for row, span in zip(same, spans)]


_FormSet = forms.formset_factory(WindowForm, formset=_WindowFormSet, can_delete=True, extra=1, max_num=_MOST)


def windows_formset(data: Any, windows: Iterable[MaintenanceWindow]) -> Any:
    """Return the rows for these windows and one more; bound only to data that came from such rows."""
    if data is not None and f"{PREFIX}-TOTAL_FORMS" in data:
        bound = _FormSet(data, prefix=PREFIX)  # no initial values: Django leaves rows out that equal them
        bound.stored = windows
        return bound
    return _FormSet(
        prefix=PREFIX,
        initial=[{"start_time": window.start_time, "end_time": window.end_time} for window in windows],
    )
