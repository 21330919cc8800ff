"""The rows of maintenance windows inside the form of a maintenance."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms

from nautobot_circuit_maintenance.domain.bounds import MOST_WINDOWS
from nautobot_circuit_maintenance.domain.periods import duration
from nautobot_circuit_maintenance.forms.fields import WindowEndField, WindowStartField, as_shown
from nautobot_circuit_maintenance.forms.moments import MomentInput
from nautobot_circuit_maintenance.models import MaintenanceWindow
from nautobot_circuit_maintenance.models.windows import END_AFTER_START

PREFIX = "windows"
_LONG, _FAR = timedelta(days=7), timedelta(days=400)
"""A longer window, or one that is further away, is more often a slip than meant."""


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


class CircuitsWindowForm(WindowForm):
    """One window, with the circuits that it is about."""

    circuits = forms.CharField(
        required=False,
        label="Only circuits",
        widget=forms.TextInput(attrs={"class": "form-control", "aria-label": "Only these circuits, in this window"}),
    )


class _WindowFormSet(forms.BaseFormSet):
    """The windows of a maintenance."""

    deletion_widget = forms.CheckboxInput(attrs={"class": "form-check-input", "aria-label": "Remove this window"})

    stored: Iterable[MaintenanceWindow] = ()

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What is entered in each remaining row of a valid formset; unchanged windows keep their exact times."""
        stored = {(as_shown(row.start_time), as_shown(row.end_time)): row for row in self.stored}
        rows = []
        for form in self.forms:
            if form in self.deleted_forms or not form.cleaned_data.get("start_time"):
                continue
            row = form.cleaned_data
            if unchanged := stored.get((as_shown(row["start_time"]), as_shown(row["end_time"]))):
                row = {**row, "start_time": unchanged.start_time, "end_time": unchanged.end_time}
            rows.append(row)
        return rows

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """Start and end of each remaining window of a valid formset."""
        return [(row["start_time"], row["end_time"]) for row in self.rows]


class AskOnceMixin(forms.Form):
    """A form that asks once about what is more often a slip than meant; saving it again confirms."""

    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)
    how_to_confirm = "Save again to confirm."

    def ask_once(self, questions: Iterable[str]) -> None:
        """Raise ValidationError with these questions, unless just they were confirmed."""
        asked = "; ".join(questions)
        if asked and self.cleaned_data.get("confirmed") != asked:
            self.data = self.data.copy()
            self.data[self.add_prefix("confirmed")] = asked
            raise forms.ValidationError(f"{asked}. {self.how_to_confirm}")


def unusual(start: datetime, end: datetime, now: datetime) -> str:
    """Return what is unusual about a window; empty if nothing is."""
    if end - start > _LONG:
        return f"{start:%Y-%m-%d %H:%M} lasts {duration(end - start)}"
    return f"{start:%Y-%m-%d %H:%M} is more than {_FAR.days} days away" if abs(start - now) > _FAR else ""


def windows_formset(
    data: Any, windows: Iterable[MaintenanceWindow], offered: dict[str, Any], form: type[WindowForm] = WindowForm
) -> Any:
    """Return rows for the windows, or what is offered for the first one, and an empty row.

    They are bound only to data that came from such rows.
    """
    rows = forms.formset_factory(form, formset=_WindowFormSet, can_delete=True, extra=1, max_num=MOST_WINDOWS)
    if data is not None and f"{PREFIX}-TOTAL_FORMS" in data:
        bound = rows(data, prefix=PREFIX)  # without initial values: Django skips rows that equal them
        bound.stored = windows
        return bound
    unbound = rows(
        prefix=PREFIX,
        initial=[{"start_time": window.start_time, "end_time": window.end_time} for window in windows]
        or ([offered] if offered.get("start_time") else []),
    )
    unbound.stored = windows
    return unbound
