"""Forms of circuit impacts."""

from django import forms
from nautobot.apps.forms import (
    DynamicModelChoiceField,
    NautobotBulkEditForm,
    NautobotFilterForm,
    NautobotModelForm,
    StaticSelect2,
)
from nautobot.circuits.models import Circuit, Provider
from nautobot.dcim.models import Device, Location
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.choices import CircuitImpactChoices
from nautobot_circuit_maintenance.forms import fields
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance


class CircuitImpactForm(NautobotModelForm):
    """Add or edit the impact on one circuit ID."""

    maintenance = DynamicModelChoiceField(queryset=CircuitMaintenance.objects.all())
    circuit = DynamicModelChoiceField(queryset=Circuit.objects.all(), required=False)

    class Meta:
        model = CircuitImpact
        fields = ["maintenance", "circuit", "cid", "impact"]
        widgets = {"impact": StaticSelect2()}


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
    field_order = ["q", "impact", "maintenance", "provider", "circuit", "has_circuit"]
    q = forms.CharField(required=False, label="Search")
    impact = fields.multiple_choice(CircuitImpactChoices)
    maintenance = fields.related(CircuitMaintenance)
    provider = fields.related_by_name(Provider)
    circuit = fields.related(Circuit, to_field_name="cid")
    has_circuit = fields.yes_no("Circuit in Nautobot")
    location = fields.related_by_name(Location)
    device = fields.related_by_name(Device)
    tenant = fields.related_by_name(Tenant)
