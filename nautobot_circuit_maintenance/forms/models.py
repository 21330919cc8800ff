"""The forms: edit, edit in bulk, filter."""

from datetime import datetime
from typing import Any

from django import forms
from nautobot.apps.forms import (
    BootstrapMixin,
    DateTimePicker,
    DynamicModelChoiceField,
    DynamicModelMultipleChoiceField,
    NautobotBulkEditForm,
    NautobotFilterForm,
    NautobotModelForm,
    StaticSelect2,
    StaticSelect2Multiple,
    TagFilterField,
    TagsBulkEditFormMixin,
    add_blank_choice,
)
from nautobot.circuits.models import Circuit, Provider
from nautobot.core.forms.constants import BOOLEAN_WITH_BLANK_CHOICES
from nautobot.dcim.models import Device, Location
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices,
    CircuitMaintenanceStatusChoices,
    NoteLevelChoices,
    NotificationStateChoices,
)
from nautobot_circuit_maintenance.forms.concurrency import ConcurrentEditMixin
from nautobot_circuit_maintenance.forms.fields import WindowEndField, WindowStartField, as_shown
from nautobot_circuit_maintenance.forms.windows import windows_formset
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    Note,
    Notification,
    NotificationSource,
    ParsedNotification,
)
from nautobot_circuit_maintenance.models.windows import END_AFTER_START


def _several(vocabulary, label: str | None = None) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(choices=vocabulary, required=False, label=label, widget=StaticSelect2Multiple())


def _one_or_none(vocabulary) -> forms.ChoiceField:
    return forms.ChoiceField(choices=add_blank_choice(vocabulary), required=False, widget=StaticSelect2())


def _yes_or_no(label: str) -> forms.NullBooleanField:
    return forms.NullBooleanField(required=False, label=label, widget=StaticSelect2(choices=BOOLEAN_WITH_BLANK_CHOICES))


def _moment(label: str) -> forms.DateTimeField:
    return forms.DateTimeField(required=False, label=label, widget=DateTimePicker())


def _related(model, label: str | None = None, **kwargs) -> DynamicModelMultipleChoiceField:
    return DynamicModelMultipleChoiceField(queryset=model.objects.all(), required=False, label=label, **kwargs)


def _by_name(model, label: str | None = None) -> DynamicModelMultipleChoiceField:
    return _related(model, label, to_field_name="name")


class CircuitMaintenanceForm(ConcurrentEditMixin, NautobotModelForm):
    """A maintenance, by hand."""

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
        widgets = {"start_time": DateTimePicker(), "end_time": DateTimePicker(), "status": StaticSelect2()}
        field_classes = {"start_time": WindowStartField, "end_time": WindowEndField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Put the windows beside start and end; where there are several, in their place."""
        super().__init__(*args, **kwargs)
        stored = list(self.instance.windows.all()) if self.instance.present_in_database else []
        self.has_several_windows = len(stored) > 1
        self.windows = windows_formset(self.data if self.is_bound else None, stored if self.has_several_windows else [])
        if self.has_several_windows and self.windows.is_bound:
            del self.fields["start_time"], self.fields["end_time"]

    @property
    def shown_elsewhere(self) -> list[str]:
        """The fields that the first card of the page leaves out."""
        times = ["start_time", "end_time"] if self.has_several_windows else []
        return ["tags", "dynamic_groups", "object_note", *times]

    def clean_start_time(self) -> datetime | None:
        """Keep the stored moment if this is how it was shown."""
        entered, stored = self.cleaned_data["start_time"], self.instance.start_time
        return stored if as_shown(entered) == as_shown(stored) else entered

    def clean_end_time(self) -> datetime | None:
        """Keep the stored moment if this is how it was shown."""
        entered, stored = self.cleaned_data["end_time"], self.instance.end_time
        return stored if as_shown(entered) == as_shown(stored) else entered

    def clean(self) -> None:
        """Let start and end follow the windows, if there are any but the one from start to end."""
        super().clean()
        if self.has_error("start_time") or self.has_error("end_time"):
            # What could not be read is not missing: nothing is said of the other one.
            for name in ("start_time", "end_time"):
                self.cleaned_data.pop(name, None)
        if not self.windows.is_bound:
            return  # a script that knows start and end only
        if not self.windows.is_valid():
            raise forms.ValidationError("A maintenance window is not right, see below.")
        spans = [*self._span_of_the_fields(), *self.windows.spans]
        if len(set(spans)) < len(spans):
            raise forms.ValidationError("The same maintenance window is there twice.")
        if self.has_several_windows or self.windows.spans:
            self.instance.set_windows(spans)
            self.cleaned_data |= {"start_time": self.instance.start_time, "end_time": self.instance.end_time}

    def _span_of_the_fields(self) -> list[tuple[datetime, datetime]]:
        start, end = self.cleaned_data.get("start_time"), self.cleaned_data.get("end_time")
        if start and end and start >= end and self.windows.spans:
            raise forms.ValidationError({"end_time": END_AFTER_START})  # without more windows the model says so
        if bool(start) != bool(end):
            raise forms.ValidationError({"end_time": "A maintenance has a start and an end, or neither."})
        return [(start, end)] if start and end else []


class CircuitMaintenanceBulkEditForm(TagsBulkEditFormMixin, NautobotBulkEditForm):
    """Several maintenances at once."""

    pk = forms.ModelMultipleChoiceField(queryset=CircuitMaintenance.objects.all(), widget=forms.MultipleHiddenInput)
    status = _one_or_none(CircuitMaintenanceStatusChoices)
    ack = _yes_or_no("Acknowledged")
    ticket = forms.CharField(required=False)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    class Meta:
        model = CircuitMaintenance
        nullable_fields = ["ticket", "description"]


class CircuitMaintenanceFilterForm(NautobotFilterForm):
    """Find the maintenance that one means."""

    model = CircuitMaintenance
    field_order = ["q", "status", "provider", "active", "ended", "ack", "impact", "overlaps_from", "overlaps_until"]
    q = forms.CharField(required=False, label="Search")
    status = _several(CircuitMaintenanceStatusChoices)
    provider = _by_name(Provider)
    active = _yes_or_no("In progress now")
    ended = _yes_or_no("Is over, or cancelled")
    ack = _yes_or_no("Acknowledged")
    impact = _several(CircuitImpactChoices)
    overlaps_from = _moment("With a window that ends after")
    overlaps_until = _moment("With a window that starts before")
    circuit = _related(Circuit, to_field_name="cid")
    location = _by_name(Location)
    device = _by_name(Device)
    tenant = _by_name(Tenant)
    has_unmatched_circuits = _yes_or_no("Has circuit IDs not in Nautobot")
    ticket = forms.CharField(required=False)
    tags = TagFilterField(model)


class CircuitImpactForm(NautobotModelForm):
    """What is said about one circuit id, by hand."""

    maintenance = DynamicModelChoiceField(queryset=CircuitMaintenance.objects.all())
    circuit = DynamicModelChoiceField(queryset=Circuit.objects.all(), required=False)

    class Meta:
        model = CircuitImpact
        fields = ["maintenance", "circuit", "cid", "impact"]
        widgets = {"impact": StaticSelect2()}


class CircuitImpactBulkEditForm(NautobotBulkEditForm):
    """Several impacts at once."""

    pk = forms.ModelMultipleChoiceField(queryset=CircuitImpact.objects.all(), widget=forms.MultipleHiddenInput)
    impact = _one_or_none(CircuitImpactChoices)

    class Meta:
        model = CircuitImpact
        nullable_fields = []


class CircuitImpactFilterForm(NautobotFilterForm):
    """Find impacts."""

    model = CircuitImpact
    field_order = ["q", "impact", "maintenance", "provider", "circuit", "has_circuit"]
    q = forms.CharField(required=False, label="Search")
    impact = _several(CircuitImpactChoices)
    maintenance = _related(CircuitMaintenance)
    provider = _by_name(Provider)
    circuit = _related(Circuit, to_field_name="cid")
    has_circuit = _yes_or_no("Is in Nautobot")
    location = _by_name(Location)
    device = _by_name(Device)
    tenant = _by_name(Tenant)


class NoteForm(NautobotModelForm):
    """A person's remark on a maintenance."""

    maintenance = DynamicModelChoiceField(queryset=CircuitMaintenance.objects.all())

    class Meta:
        model = Note
        fields = ["maintenance", "title", "level", "comment"]
        widgets = {"level": StaticSelect2()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Leave out core's field for a note on the note: beside the comment nobody knew which to fill."""
        super().__init__(*args, **kwargs)
        self.fields.pop("object_note", None)


class NoteBulkEditForm(NautobotBulkEditForm):
    """Several maintenance notes at once."""

    pk = forms.ModelMultipleChoiceField(queryset=Note.objects.all(), widget=forms.MultipleHiddenInput)
    level = _one_or_none(NoteLevelChoices)
    comment = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    class Meta:
        model = Note
        nullable_fields = ["comment"]


class NoteFilterForm(NautobotFilterForm):
    """Find maintenance notes."""

    model = Note
    field_order = ["q", "level", "maintenance"]
    q = forms.CharField(required=False, label="Search")
    level = _several(NoteLevelChoices)
    maintenance = _related(CircuitMaintenance)


class NotificationSourceForm(NautobotModelForm):
    """Which providers a source is searched for; everything else is in the settings."""

    providers = _related(Provider)

    class Meta:
        model = NotificationSource
        fields = ["providers"]

    def clean_providers(self) -> list[Provider]:
        """Keep the providers that the user may not see: nobody removes what he was not shown."""
        visible = self.fields["providers"].queryset
        return [*self.cleaned_data["providers"], *self.instance.providers.exclude(pk__in=visible.values("pk"))]


class NotificationSourceFilterForm(NautobotFilterForm):
    """Find sources."""

    model = NotificationSource
    q = forms.CharField(required=False, label="Search")
    providers = _by_name(Provider)
    has_error = _yes_or_no("The last run failed")


class NotificationFilterForm(BootstrapMixin, forms.Form):
    """Find notifications."""

    model = Notification
    q = forms.CharField(required=False, label="Search")
    state = _several(NotificationStateChoices)
    provider = _by_name(Provider)
    source = _by_name(NotificationSource)
    maintenance = _related(CircuitMaintenance, "Circuit maintenance")


class ParsedNotificationFilterForm(BootstrapMixin, forms.Form):
    """Find what notifications said."""

    model = ParsedNotification
    q = forms.CharField(required=False, label="Search")
    provider = _by_name(Provider)
    maintenance = _related(CircuitMaintenance, "Circuit maintenance")
    outdated = _yes_or_no("Outdated")
