"""The forms of *Add from This Email*: the maintenance, and what is asked once for the provider."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import combinations
from types import MappingProxyType
from typing import Any
from zoneinfo import available_timezones

from django import forms
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.forms import BootstrapMixin, DynamicModelMultipleChoiceField, StaticSelect2, add_blank_choice
from nautobot.circuits.models import Circuit, Provider

from nautobot_circuit_maintenance.analysis.same_time import meetings
from nautobot_circuit_maintenance.choices import CircuitImpactChoices, CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.domain.custom_fields import BACKUPS, ID_LABEL, ORDER, ZONE
from nautobot_circuit_maintenance.domain.periods import duration
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.forms.moments import InZoneMixin
from nautobot_circuit_maintenance.forms.windows import AskOnceMixin, CircuitsWindowForm, unusual, windows_formset
from nautobot_circuit_maintenance.models import MaintenanceWindow
from nautobot_circuit_maintenance.models.keys import id_key
from nautobot_circuit_maintenance.models.providers import ProviderFacts, split_aliases
from nautobot_circuit_maintenance.models.querysets import OVER, CircuitImpactQuerySet

_STATUSES = tuple(pair for pair in Status.CHOICES if pair[0] != Status.UNKNOWN)
_YES, _NO = "yes", "no"
_DAY = timedelta(days=1)
_BEGUN = (*OVER, Status.IN_PROCESS)
"""Statuses of windows that may be over when the email is sent."""


class AddFromEmailForm(InZoneMixin, AskOnceMixin, BootstrapMixin, forms.Form):
    """What an email announces."""

    maintenance_id = forms.CharField(max_length=CHARFIELD_MAX_LENGTH, label="Maintenance ID")
    circuits = DynamicModelMultipleChoiceField(queryset=Circuit.objects.all(), required=False)
    other_ids = forms.CharField(
        required=False,
        label="Other circuit IDs",
        help_text="Comma-separated IDs of the email that are not circuits in Nautobot.",
    )
    status = forms.ChoiceField(choices=_STATUSES, widget=StaticSelect2())
    impact = forms.ChoiceField(choices=CircuitImpactChoices, widget=StaticSelect2(), label="Impact on every circuit")
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    how_to_confirm = "Click Add Maintenance again to confirm."

    def __init__(
        self,
        *args: Any,
        provider: Provider,
        circuits: Any,
        others: CircuitImpactQuerySet,
        received: datetime,
        windows: Mapping[Window, Sequence[str]] = MappingProxyType({}),
        **kwargs: Any,
    ) -> None:
        """Offer these circuits, which are those of the provider that the user may view, and these windows.

        ``others``: impacts of other maintenances of the provider that the user may view.
        ``windows``: which circuits are affected in a window; without any, all are.
        """
        super().__init__(*args, **kwargs)
        self.others, self.received = others, received
        self.fields["circuits"].queryset = circuits
        self.fields["circuits"].widget.add_query_param("provider", str(provider.pk))
        rows = [MaintenanceWindow(start_time=start, end_time=end) for start, end in windows]
        self.windows = windows_formset(self.data if self.is_bound else None, rows, {}, CircuitsWindowForm)
        for initial, cids in zip(self.windows.initial or (), windows.values()):
            initial["circuits"] = ", ".join(cids)

    def clean_maintenance_id(self) -> str:
        """Return the ID without blanks around it."""
        return self.cleaned_data["maintenance_id"].strip()

    def clean(self) -> None:
        """Check the windows: only what is over needs none."""
        super().clean()
        if not self.windows.is_bound or not self.windows.is_valid():
            raise forms.ValidationError("Please correct the maintenance windows.")
        self._check_windows()
        if not self.errors:
            self._check_circuits()
            self.ask_once([*self._unusual(), *self._elsewhere()])

    def _check_windows(self) -> None:
        spans = self.windows.spans
        if len(set(spans)) < len(spans):
            raise forms.ValidationError("Duplicate maintenance window.")
        if not spans and self.cleaned_data.get("status") not in OVER:
            raise forms.ValidationError("Enter at least one maintenance window.")

    def _check_circuits(self) -> None:
        """Check which circuits are affected in which window: each in one at least, and in one at a time."""
        known = set(self.cids)
        for own in self.circuits_of.values():
            if unknown := [cid for cid in own if cid not in known]:
                raise forms.ValidationError(
                    f"{unknown[0]} is affected in one window only, and is not among the circuits. Add it there."
                )
        missing = known - {cid for own in self.affected.values() for cid in own}
        if self.affected and missing:
            raise forms.ValidationError(f"{min(missing)} is affected in no window. Add it to a window, or remove it.")
        for (first, cids), (second, others) in combinations(sorted(self.affected.items()), 2):
            is_shared = not known or set(cids) & set(others)
            if second.start < first.end and first.start < second.end and is_shared:
                raise forms.ValidationError("Maintenance windows overlap. Merge them into one.")

    def _unusual(self) -> Iterator[str]:
        """Yield what is unusual about the windows, seen from the day when the email was received."""
        for start, end in sorted(self.spans):
            if why := unusual(start, end, self.received):
                yield why
            elif end < self.received - _DAY and self.cleaned_data["status"] not in _BEGUN:
                yield f"{start:%Y-%m-%d %H:%M} was over {duration(self.received - end)} before the email was received"

    def _elsewhere(self) -> Iterator[str]:
        """Yield the other maintenances that affect a circuit at the same time."""
        if self.cleaned_data["status"] in OVER:
            return
        own = id_key(self.cleaned_data["maintenance_id"])
        for maintenance, cid in meetings(self.others, self.affected):
            if own not in (id_key(maintenance.name), id_key(maintenance.provider_maintenance_id)):
                yield f"{maintenance.name} affects {cid} at the same time; if it is the same work, enter its ID"

    @property
    def cids(self) -> list[str]:
        """The circuit IDs that were chosen or entered."""
        chosen = [circuit.cid for circuit in self.cleaned_data["circuits"]]
        return list(dict.fromkeys([*chosen, *split_aliases(self.cleaned_data["other_ids"])]))

    @property
    def spans(self) -> list[Window]:
        """The windows."""
        return [Window(start, end) for start, end in self.windows.spans]

    @property
    def circuits_of(self) -> dict[Window, tuple[str, ...]]:
        """The circuits of the windows in which only some are affected."""
        spelled = {cid.casefold(): cid for cid in self.cids}
        return {
            Window(row["start_time"], row["end_time"]): tuple(spelled.get(cid.casefold(), cid) for cid in named)
            for row in self.windows.rows
            if (named := split_aliases(row["circuits"]))
        }

    @property
    def affected(self) -> dict[Window, tuple[str, ...]]:
        """The circuits that are affected in each window."""
        return {window: self.circuits_of.get(window, tuple(self.cids)) for window in self.spans}


class AnswersForm(BootstrapMixin, forms.Form):
    """What is asked once for the provider."""

    zone = forms.ChoiceField(required=False, label="Time zone where emails name none", widget=StaticSelect2())
    order = forms.ChoiceField(
        required=False, label="Dates", choices=add_blank_choice([(each, each.capitalize()) for each in ORDER.choices])
    )
    counts_backups = forms.ChoiceField(
        required=False, label="Backup windows count", choices=add_blank_choice([(_NO, "No"), (_YES, "Yes")])
    )
    id_label = forms.CharField(required=False, max_length=CHARFIELD_MAX_LENGTH, label="The ID stands after")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the zones of the zone database."""
        super().__init__(*args, **kwargs)
        zones = sorted(name for name in available_timezones() if "/" in name or name == "UTC")
        self.fields["zone"].choices = add_blank_choice([(name, name) for name in zones])

    @cached_property
    def answers(self) -> dict[str, Any]:
        """What was answered, by the name of the fact; nothing for what is not valid."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "counts_backups" in given:
            given["counts_backups"] = given["counts_backups"] == _YES
        return given

    @property
    def data_by_name(self) -> dict[str, str]:
        """What was answered, as it was entered."""
        return {name: self[name].value() for name in self.fields if self[name].value()}

    def added_to(self, facts: ProviderFacts) -> ProviderFacts:
        """Return the facts of the provider with the answers."""
        return facts._replace(**self.answers)

    def keep(self, provider: Provider) -> bool:
        """Keep the answers with the provider; return whether there are any. Raises ValidationError."""
        fields = {"zone": ZONE, "order": ORDER, "counts_backups": BACKUPS, "id_label": ID_LABEL}
        for name, value in self.answers.items():
            provider.cf[fields[name].key] = value
        if self.answers:
            provider.validated_save()
        return bool(self.answers)
