"""Forms of the pages *Risk* and *What If*."""

from datetime import timedelta

from django import forms
from nautobot.apps.forms import BootstrapMixin, DynamicModelChoiceField, DynamicModelMultipleChoiceField
from nautobot.circuits.models import Circuit, Provider
from nautobot.dcim.models import Location

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.forms.fields import WindowEndField, WindowStartField
from nautobot_circuit_maintenance.forms.moments import InZoneMixin, MomentInput
from nautobot_circuit_maintenance.risk_settings import LONGEST_WORK

_ANY = [("", "Any")]
_YES_NO = [*_ANY, ("true", "Yes"), ("false", "No")]
MOST_DAYS = 400


def _is_yes(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


class RiskFilterForm(BootstrapMixin, forms.Form):
    """What to show on the page *Risk*."""

    location = DynamicModelChoiceField(queryset=Location.objects.all(), required=False)
    provider = DynamicModelChoiceField(queryset=Provider.objects.all(), required=False)
    kind = forms.ChoiceField(
        choices=[*_ANY, (Kind.DARK.value, "Dark"), (Kind.ONE_LEFT.value, "One left")], required=False
    )
    confirmed = forms.TypedChoiceField(choices=_YES_NO, required=False, coerce=_is_yes, empty_value=None)
    single_homed = forms.TypedChoiceField(choices=_YES_NO, required=False, coerce=_is_yes, empty_value=None)
    days = forms.IntegerField(required=False, min_value=1, max_value=MOST_DAYS, label="Days ahead")


class WhatIfForm(InZoneMixin, BootstrapMixin, forms.Form):
    """Work that is asked about."""

    circuit = DynamicModelMultipleChoiceField(
        queryset=Circuit.objects.all(), label="Circuits", help_text="What is to be taken down."
    )
    start = WindowStartField(label="From", widget=MomentInput())
    end = WindowEndField(label="To", widget=MomentInput())
    field_order = ["circuit", "start", "end", "time_zone"]

    def clean(self):
        """Reject work that ends before it starts, or takes too long to be planned as one."""
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and not timedelta() < end - start <= LONGEST_WORK:
            raise forms.ValidationError({"end": f"The end must be after the start, at most {LONGEST_WORK.days} days."})
        return cleaned
