"""Forms of circuit maintenances."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from django import forms
from django.utils import timezone
from nautobot.apps.forms import (
    DynamicModelChoiceField,
    NautobotBulkEditForm,
    NautobotFilterForm,
    NautobotModelForm,
    StaticSelect2,
    TagFilterField,
    TagsBulkEditFormMixin,
)
from nautobot.circuits.models import Circuit, Provider
from nautobot.dcim.models import Device, Location
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices,
    CircuitMaintenanceStatusChoices,
    ConfidenceChoices,
)
from nautobot_circuit_maintenance.forms import fields
from nautobot_circuit_maintenance.forms.concurrency import ConcurrentEditMixin
from nautobot_circuit_maintenance.forms.fields import TIME_ZONE_HELP, WindowEndField, WindowStartField, as_shown
from nautobot_circuit_maintenance.forms.moments import InZoneMixin, MomentInput
from nautobot_circuit_maintenance.forms.windows import AskOnceMixin, unusual, windows_formset
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.models.windows import END_AFTER_START

_TIMES = ("start_time", "end_time")


class CircuitMaintenanceForm(InZoneMixin, AskOnceMixin, ConcurrentEditMixin, NautobotModelForm):
    """Add or edit a maintenance with its windows.

    The page shows windows only; a script may send a start and an end, as the first window or the only one.
    """

    provider = DynamicModelChoiceField(queryset=Provider.objects.all(), required=False)

    class Meta:
        model = CircuitMaintenance
        fields = [
            "name",
            "provider",
            "status",
            "start_time",
            "end_time",
            "description",
            "ticket",
            "ack",
            "tags",
        ]
        widgets = {"start_time": MomentInput(), "end_time": MomentInput(), "status": StaticSelect2()}
        field_classes = {"start_time": WindowStartField, "end_time": WindowEndField}
        help_texts = {"start_time": TIME_ZONE_HELP, "end_time": TIME_ZONE_HELP}

    shown_elsewhere = ["tags", "dynamic_groups", "object_note", "seen", "confirmed", "time_zone", *_TIMES]
    """The fields that the first card of the page leaves out."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the rows of windows."""
        super().__init__(*args, **kwargs)
        stored = list(self.instance.windows.all()) if self.instance.present_in_database else []
        offered = {name: self.get_initial_for_field(self.fields[name], name) for name in _TIMES}
        self.windows = windows_formset(self.data if self.is_bound else None, stored, offered)
        self.has_several_windows = len(stored) > 1
        if self.has_several_windows and self.windows.is_bound:
            del self.fields["start_time"], self.fields["end_time"]

    def clean_start_time(self) -> datetime | None:
        """Keep the stored moment if the input is unchanged."""
        entered, stored = self.cleaned_data["start_time"], self.instance.start_time
        return stored if as_shown(entered) == as_shown(stored) else entered

    def clean_end_time(self) -> datetime | None:
        """Keep the stored moment if the input is unchanged."""
        entered, stored = self.cleaned_data["end_time"], self.instance.end_time
        return stored if as_shown(entered) == as_shown(stored) else entered

    def clean(self) -> None:
        """Set the windows, and derive start and end from them."""
        super().clean()
        if any(self.has_error(name) for name in _TIMES):
            # An invalid time is not a missing one: no second error about the other.
            for name in _TIMES:
                self.cleaned_data.pop(name, None)
        if self.windows.is_bound:  # a script may send start and end only
            self._clean_windows()
        elif all(self.cleaned_data.get(name) for name in _TIMES):
            self._check_usual([(self.cleaned_data["start_time"], self.cleaned_data["end_time"])])

    def _clean_windows(self) -> None:
        if not self.windows.is_valid():
            raise forms.ValidationError("Please correct the maintenance windows below.")
        spans = sorted([*self._entered_span(), *self.windows.spans])
        if len(set(spans)) < len(spans):
            raise forms.ValidationError("Duplicate maintenance window.")
        for (_, end), (start, _) in pairwise(spans):
            if start < end:
                raise forms.ValidationError("Maintenance windows overlap. Merge them into one.")
        self._check_usual(spans)
        self.instance.set_windows(spans)
        self.cleaned_data |= {name: getattr(self.instance, name) for name in _TIMES}

    def _check_usual(self, spans: list[tuple[datetime, datetime]]) -> None:
        """Ask once about each window that is new and very long or far away."""
        stored = {(as_shown(row.start_time), as_shown(row.end_time)) for row in self.windows.stored}
        now = timezone.now()
        new = [span for span in spans if (as_shown(span[0]), as_shown(span[1])) not in stored]
        self.ask_once(why for start, end in new if (why := unusual(start, end, now)))

    def _entered_span(self) -> list[tuple[datetime, datetime]]:
        start, end = (self.cleaned_data.get(name) for name in _TIMES)
        if start and end and start >= end and self.windows.spans:
            raise forms.ValidationError({"end_time": END_AFTER_START})  # without more windows, the model checks it
        if bool(start) != bool(end):
            raise forms.ValidationError({"end_time": "Enter both a start and an end time, or leave both empty."})
        return [(start, end)] if start and end else []


class CircuitMaintenanceBulkEditForm(TagsBulkEditFormMixin, NautobotBulkEditForm):
    """Edit several maintenances."""

    pk = forms.ModelMultipleChoiceField(queryset=CircuitMaintenance.objects.all(), widget=forms.MultipleHiddenInput)
    status = fields.optional_choice(CircuitMaintenanceStatusChoices)
    ack = fields.yes_no("Acknowledged")
    ticket = forms.CharField(required=False)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    class Meta:
        model = CircuitMaintenance
        nullable_fields = ["ticket", "description"]


class CircuitMaintenanceFilterForm(NautobotFilterForm):
    """Filter maintenances."""

    model = CircuitMaintenance
    field_order = ["q", "status", "provider", "active", "ended", "ack", "impact", "within_hours", "overlaps_from"]
    q = forms.CharField(required=False, label="Search")
    status = fields.multiple_choice(CircuitMaintenanceStatusChoices)
    provider = fields.related_by_name(Provider)
    active = fields.yes_no("In progress")
    ended = fields.yes_no("Ended or cancelled")
    past = fields.yes_no("Past")
    ack = fields.yes_no("Acknowledged")
    impact = fields.multiple_choice(CircuitImpactChoices)
    within_hours = forms.DecimalField(required=False, min_value=0, label="Active within (hours from now)")
    overlaps_from = fields.date_time("Active after")
    overlaps_until = fields.date_time("Active before")
    circuit = fields.related(Circuit, to_field_name="cid")
    location = fields.related_by_name(Location)
    device = fields.related_by_name(Device)
    tenant = fields.related_by_name(Tenant)
    needs_attention = fields.yes_no("Has doubts")
    confidence = fields.multiple_choice(ConfidenceChoices)
    is_replaced = fields.yes_no("Replaced")
    has_unmatched_circuits = fields.yes_no("Has unknown circuit IDs")
    puts_at_risk = fields.yes_no("Puts at risk (a site, device, ...)")
    overlapping = fields.yes_no("Overlaps another at a site")
    ticket = forms.CharField(required=False, label="Ticket")
    tags = TagFilterField(model)
