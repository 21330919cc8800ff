"""The rows of maintenance windows inside the form of a maintenance."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms

from nautobot_circuit_maintenance.domain.bounds import MOST_WINDOWS
from nautobot_circuit_maintenance.forms.fields import WindowEndField, WindowStartField, as_shown
from nautobot_circuit_maintenance.forms.moments import MomentInput
from nautobot_circuit_maintenance.models import MaintenanceWindow
from nautobot_circuit_maintenance.models.windows import END_AFTER_START

PREFIX = "windows"


def _date_time(kind: type[WindowStartField], label: str, required: str) -> forms.DateTimeField:
    # "required" stays off the input: the row for one more window may be left empty.
    picker = MomentInput()
    picker.use_required_attribute = lambda initial: False
    return kind(label=label, widget=picker, error_messages={"required": required})


class WindowForm(forms.Form):
    """One window."""

    start_time = _date_time(WindowStartField, "Start", "Enter a start time.")
    end_time = _date_time(WindowEndField, "End", "Enter an end time.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Apply Nautobot's style, and label each input for screen readers."""
        super().__init__(*args, **kwargs)
        for name in ("start_time", "end_time"):
            attributes = self.fields[name].widget.attrs
            attributes["style"] = "min-width: 12em"  # a whole date and time, on any screen
            attributes["aria-label"] = f"{self.fields[name].label} of this window"

    def clean(self) -> None:
        """Reject a window that ends before it starts."""
        super().clean()
        start, end = self.cleaned_data.get("start_time"), self.cleaned_data.get("end_time")
        if start and end and end <= start:
            raise forms.ValidationError({"end_time": END_AFTER_START})


class _WindowFormSet(forms.BaseFormSet):
    """The windows of a maintenance."""

    deletion_widget = forms.CheckboxInput(attrs={"class": "form-check-input", "aria-label": "Remove this window"})

    stored: Iterable[MaintenanceWindow] = ()

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """Start and end of each remaining window of a valid formset; unchanged windows keep their exact times."""
        stored = {(as_shown(row.start_time), as_shown(row.end_time)): row for row in self.stored}
        spans = []
        for form in self.forms:
            if form in self.deleted_forms or not form.cleaned_data.get("start_time"):
                continue
            start, end = form.cleaned_data["start_time"], form.cleaned_data["end_time"]
            unchanged = stored.get((as_shown(start), as_shown(end)))
            spans.append((unchanged.start_time, unchanged.end_time) if unchanged else (start, end))
        return spans


_FormSet = forms.formset_factory(WindowForm, formset=_WindowFormSet, can_delete=True, extra=1, max_num=MOST_WINDOWS)


def windows_formset(data: Any, windows: Iterable[MaintenanceWindow], offered: dict[str, Any]) -> Any:
    """Return rows for the windows, or what is offered for the first one, and an empty row.

    They are bound only to data that came from such rows.
    """
    if data is not None and f"{PREFIX}-TOTAL_FORMS" in data:
        bound = _FormSet(data, prefix=PREFIX)  # without initial values: Django skips rows that equal them
        bound.stored = windows
        return bound
    unbound = _FormSet(
        prefix=PREFIX,
        initial=[{"start_time": window.start_time, "end_time": window.end_time} for window in windows]
        or ([offered] if offered.get("start_time") else []),
    )
    unbound.stored = windows
    return unbound
