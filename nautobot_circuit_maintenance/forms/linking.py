"""The form that links a circuit ID to a circuit."""

from typing import Any

from django import forms
from nautobot.apps.forms import BootstrapMixin, DynamicModelChoiceField
from nautobot.circuits.models import Circuit
from nautobot.dcim.models import Location

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.forms.windows import AskOnceMixin
from nautobot_circuit_maintenance.models import CircuitImpact


class LinkCircuitForm(AskOnceMixin, BootstrapMixin, forms.Form):
    """Choose the circuit that a circuit ID means."""

    location = DynamicModelChoiceField(
        queryset=Location.objects.all(), required=False, help_text="Offers only the circuits that end here."
    )
    circuit = DynamicModelChoiceField(queryset=Circuit.objects.all(), query_params={"location": "$location"})

    how_to_confirm = "Click Link again to confirm."

    def __init__(self, *args: Any, impact: CircuitImpact, visibility: Visibility, **kwargs: Any) -> None:
        """Offer the circuits that the user may view and change, and the locations that they may view."""
        super().__init__(*args, **kwargs)
        self.impact, self.visibility = impact, visibility
        self.fields["location"].queryset = visibility.of_model(Location)
        self.fields["circuit"].queryset = visibility.among(visibility.of_model(Circuit), "change")
        self.fields["circuit"].widget.add_query_param("provider", str(impact.maintenance.provider_id))

    def clean_circuit(self) -> Circuit:
        """Ask once if the maintenance names the circuit by another ID: two IDs of one email are rarely one circuit."""
        circuit: Circuit = self.cleaned_data["circuit"]
        others = self.visibility.impacts.filter(maintenance=self.impact.maintenance_id, circuit=circuit)
        named = others.exclude(pk=self.impact.pk).order_by("cid").values_list("cid", flat=True).first()
        if named:
            seen = self.visibility.maintenances.filter(pk=self.impact.maintenance_id).first()
            subject = f"Maintenance {seen.name}" if seen else "The maintenance"
            self.ask_once(
                [f"{subject} names circuit {circuit.cid} itself, as {named}, so {self.impact.cid} may be another"]
            )
        return circuit
