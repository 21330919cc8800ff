"""Forms of unknown senders."""

from django import forms
from nautobot.apps.forms import BootstrapMixin, DynamicModelChoiceField
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.forms import fields
from nautobot_circuit_maintenance.models import NotificationSource, UnknownSender


class UnknownSenderFilterForm(BootstrapMixin, forms.Form):
    """Filter unknown senders."""

    model = UnknownSender
    q = forms.CharField(required=False, label="Search")
    source = fields.related_by_name(NotificationSource)
    dismissed = fields.yes_no("Dismissed")


class AssignSenderForm(BootstrapMixin, forms.Form):
    """Choose the provider that an address belongs to."""

    provider = DynamicModelChoiceField(
        queryset=Provider.objects.all(),
        help_text="The address is added to those of this provider. Its emails are read by the next run of the job.",
    )
