"""Forms of notification sources, notifications and parsed notifications."""

from django import forms
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.forms import BootstrapMixin, NautobotFilterForm, NautobotModelForm
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.choices import ConfidenceChoices, NotificationStateChoices, SourceHealthChoices
from nautobot_circuit_maintenance.forms import fields
from nautobot_circuit_maintenance.models import (
    CircuitMaintenance,
    Notification,
    NotificationSource,
    ParsedNotification,
)


class NotificationSourceForm(NautobotModelForm):
    """Edit the providers of a source; everything else is in PLUGINS_CONFIG."""

    providers = fields.related(Provider)

    class Meta:
        model = NotificationSource
        fields = ["providers"]

    def clean_providers(self) -> list[Provider]:
        """Keep the providers that are hidden from the user: the form did not show them."""
        visible = self.fields["providers"].queryset
        return [*self.cleaned_data["providers"], *self.instance.providers.exclude(pk__in=visible.values("pk"))]


class NotificationSourceFilterForm(NautobotFilterForm):
    """Filter sources."""

    model = NotificationSource
    q = forms.CharField(required=False, label="Search")
    providers = fields.related_by_name(Provider)
    health = fields.multiple_choice(SourceHealthChoices)
    has_error = fields.yes_no("Last run failed")


class NotificationFilterForm(BootstrapMixin, forms.Form):
    """Filter notifications."""

    model = Notification
    q = forms.CharField(required=False, label="Search")
    state = fields.multiple_choice(NotificationStateChoices)
    needs_attention = fields.yes_no("Needs attention")
    confidence = fields.multiple_choice(ConfidenceChoices)
    dismissed = fields.yes_no("Dismissed")
    provider = fields.related_by_name(Provider)
    source = fields.related_by_name(NotificationSource)
    maintenance = fields.related(CircuitMaintenance, "Circuit maintenance")


class DismissForm(BootstrapMixin, forms.Form):
    """Ask why a notification needs no attention."""

    reason = forms.CharField(
        label="Reason",
        max_length=CHARFIELD_MAX_LENGTH,
        help_text="For example: no maintenance. Shown on the notification and in the change log.",
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class ParsedNotificationFilterForm(BootstrapMixin, forms.Form):
    """Filter parsed notifications."""

    model = ParsedNotification
    q = forms.CharField(required=False, label="Search")
    provider = fields.related_by_name(Provider)
    maintenance = fields.related(CircuitMaintenance, "Circuit maintenance")
    outdated = fields.yes_no("Superseded")
    confidence = fields.multiple_choice(ConfidenceChoices)
