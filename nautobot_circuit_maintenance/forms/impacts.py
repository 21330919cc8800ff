"""Forms of circuit impacts."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.timezone import localtime
from nautobot.apps.forms import (
    DynamicModelChoiceField,
    DynamicModelMultipleChoiceField,
    NautobotBulkEditForm,
    NautobotFilterForm,
    NautobotModelForm,
    StaticSelect2,
    StaticSelect2Multiple,
)
from nautobot.circuits.models import Circuit, Provider
from nautobot.dcim.models import Device, Location
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.choices import CircuitImpactChoices, MatchedByChoices
from nautobot_circuit_maintenance.forms import fields
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, MaintenanceWindow

_OF_MAINTENANCE = "nautobot_circuit_maintenance_of_provider"
"""The filter of ``filter_extensions``."""
ALL, SELECTED, NONE = "all", "selected", "none"
_AFFECTED_IN = (
    (ALL, "All windows of the maintenance"),
    (SELECTED, "Only the selected windows"),
    (NONE, "No window (on record, not affected)"),
)


class WindowsField(forms.ModelMultipleChoiceField):
    """Windows of a maintenance, in the user's time zone."""

    def label_from_instance(self, obj: MaintenanceWindow) -> str:
        """Return start and end."""
        start, end = localtime(obj.start_time), localtime(obj.end_time)
        last = f"{end:%H:%M %Z}" if start.date() == end.date() else f"{end:%a %d %b %Y %H:%M %Z}"
        return f"{start:%a %d %b %Y %H:%M} \u2013 {last}"


class CircuitImpactForm(NautobotModelForm):
    """Add or edit the impact on one circuit ID, and choose the windows in which the circuit is affected."""

    maintenance = DynamicModelChoiceField(queryset=CircuitMaintenance.objects.all())
    circuit = DynamicModelChoiceField(
        queryset=Circuit.objects.all(), required=False, query_params={_OF_MAINTENANCE: "$maintenance"}
    )
    further_circuits = DynamicModelMultipleChoiceField(
        queryset=Circuit.objects.all(),
        required=False,
        query_params={_OF_MAINTENANCE: "$maintenance"},
        help_text="More circuits with the same impact.",
    )
    further_ids = forms.CharField(
        required=False,
        label="Further circuit IDs",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="More circuit IDs with the same impact, one on each line.",
    )
    affected_in = forms.ChoiceField(choices=_AFFECTED_IN, required=False, widget=StaticSelect2())
    windows = WindowsField(
        queryset=MaintenanceWindow.objects.none(),
        required=False,
        widget=StaticSelect2Multiple(),
        help_text="Used only if the circuit is affected in some windows of the maintenance.",
    )

    further: list[CircuitImpact] = []

    class Meta:
        model = CircuitImpact
        fields = [
            "maintenance",
            "circuit",
            "cid",
            "further_circuits",
            "further_ids",
            "impact",
            "affected_in",
            "windows",
        ]
        widgets = {"impact": StaticSelect2()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the windows of the maintenance, as soon as it is known, and further circuits while adding."""
        super().__init__(*args, **kwargs)
        if self.instance.present_in_database:
            del self.fields["further_circuits"], self.fields["further_ids"]
        self.fields["windows"].queryset = self._windows_of_maintenance()
        if not self.instance.present_in_database or self.instance.in_all_windows:
            self.initial["affected_in"] = ALL
        else:
            self.initial["affected_in"] = SELECTED if self.instance.is_affected else NONE

    def _windows_of_maintenance(self) -> QuerySet[MaintenanceWindow]:
        """Return the windows of the maintenance that is entered, named in the query string or stored.

        The view restricts them to maintenances that the user may view.
        """
        field = self.fields["maintenance"]
        # Not the bound field: it would keep the choice that the view has not restricted yet.
        entered = self.data.get(self.add_prefix("maintenance")) if self.is_bound else None
        chosen = entered or self.get_initial_for_field(field, "maintenance")
        try:
            maintenance = field.clean(getattr(chosen, "pk", chosen))
        except forms.ValidationError:
            return MaintenanceWindow.objects.none()
        return MaintenanceWindow.objects.filter(maintenance=maintenance)

    def clean_affected_in(self) -> str:
        """Keep what is stored if a script does not send it."""
        return self.cleaned_data["affected_in"] or self.initial["affected_in"]

    def clean(self) -> None:
        """Set the windows."""
        super().clean()
        affected_in = self.cleaned_data.get("affected_in")
        if affected_in == SELECTED and not self.cleaned_data.get("windows") and not self.has_error("windows"):
            self.add_error("windows", "Select at least one window.")
        if affected_in != SELECTED:
            self.cleaned_data["windows"] = MaintenanceWindow.objects.none()
        self.instance.in_all_windows = affected_in == ALL
        if self.cleaned_data.get("maintenance") and not self.instance.present_in_database:
            self._clean_further()

    def _clean_further(self) -> None:
        """Make the impacts on further circuits, and reject those that cannot be saved."""
        maintenance, impact = self.cleaned_data["maintenance"], self.cleaned_data.get("impact")
        own = {"maintenance": maintenance, "impact": impact, "in_all_windows": self.instance.in_all_windows}
        ids = (line.strip() for line in self.cleaned_data.get("further_ids", "").splitlines())
        self.further = [
            *(CircuitImpact(circuit=circuit, **own) for circuit in self.cleaned_data.get("further_circuits") or ()),
            *(CircuitImpact(cid=cid, **own) for cid in dict.fromkeys(filter(None, ids))),
        ]
        for each in self.further:
            try:
                each.full_clean()
            except forms.ValidationError as error:
                self.add_error("further_circuits" if each.circuit else "further_ids", error.messages)
        first = self.cleaned_data.get("cid") or getattr(self.cleaned_data.get("circuit"), "cid", "")
        named = [first, *(each.cid for each in self.further)]
        if len(set(named)) < len(named):
            self.add_error("further_ids", "Each circuit ID can be named only once.")

    def save(self, commit: bool = True) -> CircuitImpact:
        """Save the impacts on further circuits too, in the same windows; all of it is one change of the maintenance."""
        with self.instance.sending_change():
            saved: CircuitImpact = super().save(commit=commit)
            for each in self.further if commit else ():
                each.save()
                each.windows.set(self.cleaned_data["windows"])
        return saved


class CircuitImpactBulkEditForm(NautobotBulkEditForm):
    """Edit several impacts."""

    pk = forms.ModelMultipleChoiceField(queryset=CircuitImpact.objects.all(), widget=forms.MultipleHiddenInput)
    impact = fields.optional_choice(CircuitImpactChoices)

    class Meta:
        model = CircuitImpact
        nullable_fields = []


class CircuitImpactFilterForm(NautobotFilterForm):
    """Filter impacts."""

    model = CircuitImpact
    field_order = ["q", "impact", "maintenance", "provider", "circuit", "has_circuit", "matched_by", "affected"]
    q = forms.CharField(required=False, label="Search")
    impact = fields.multiple_choice(CircuitImpactChoices)
    maintenance = fields.related(CircuitMaintenance)
    provider = fields.related_by_name(Provider)
    circuit = fields.related(Circuit, to_field_name="cid")
    has_circuit = fields.yes_no("Circuit in Nautobot")
    matched_by = forms.MultipleChoiceField(
        choices=MatchedByChoices, required=False, label="Circuit found by", widget=StaticSelect2Multiple()
    )
    affected = fields.yes_no("Affected in at least one window")
    overlaps_from = fields.date_time("Affected after")
    overlaps_until = fields.date_time("Affected before")
    location = fields.related_by_name(Location)
    device = fields.related_by_name(Device)
    tenant = fields.related_by_name(Tenant)
