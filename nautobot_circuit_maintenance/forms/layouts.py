"""Forms of mail layouts."""

from typing import Any

from django import forms
from nautobot.apps.forms import (
    BootstrapMixin,
    NautobotFilterForm,
    NautobotModelForm,
    StaticSelect2,
    TagFilterField,
)
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.choices import MailLayoutStateChoices
from nautobot_circuit_maintenance.forms import fields
from nautobot_circuit_maintenance.models import MailLayout, Notification
from nautobot_circuit_maintenance.models.layouts import LONGEST_NAME

_LARGEST = 2_000_000


class MailLayoutForm(NautobotModelForm):
    """Rename a layout; what it has learned changes by teaching or importing."""

    class Meta:
        model = MailLayout
        fields = ["name", "tags"]


class MailLayoutFilterForm(NautobotFilterForm):
    """Filter layouts."""

    model = MailLayout
    q = forms.CharField(required=False, label="Search")
    provider = fields.related_by_name(Provider)
    state = fields.multiple_choice(MailLayoutStateChoices)
    tags = TagFilterField(model)


class TeachForm(BootstrapMixin, forms.Form):
    """Choose the layout that a notification teaches, or name a new one."""

    layout = forms.ModelChoiceField(
        queryset=MailLayout.objects.none(), required=False, widget=StaticSelect2(), empty_label="A new layout"
    )
    name = forms.CharField(
        max_length=LONGEST_NAME,
        required=False,
        label="Name of the new layout",
        help_text="For example: Maintenance notices",
    )

    def __init__(self, *args: Any, notification: Notification, layouts: Any, **kwargs: Any) -> None:
        """Offer the layouts of the provider; the one that is corrected most likely is chosen already."""
        super().__init__(*args, **kwargs)
        self._provider = notification.provider_id
        self.fields["layout"].queryset = layouts.filter(provider=notification.provider_id)
        self.fields["layout"].initial = self.fields["layout"].queryset.first()
        self.fields["name"].initial = notification.provider.name[:LONGEST_NAME]

    def clean(self) -> None:
        """Require a name that is free if no layout is chosen."""
        super().clean()
        if self.cleaned_data.get("layout") or self.errors:
            return
        name = self.cleaned_data.get("name")
        if not name:
            self.add_error("name", "Enter a name, or choose a layout.")
        elif MailLayout.objects.filter(provider=self._provider, name=name).exists():
            self.add_error("name", "This provider has a layout of this name. Choose it, or enter another name.")


class ImportLayoutsForm(BootstrapMixin, forms.Form):
    """Take the text of a file with layouts."""

    text = forms.CharField(
        max_length=_LARGEST,
        label="YAML",
        widget=forms.Textarea(attrs={"rows": 20, "class": "font-monospace"}),
        help_text="What Export YAML of a layout gives. Layouts are added as drafts.",
    )
