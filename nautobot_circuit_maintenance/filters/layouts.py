"""Filters of mail layouts."""

from nautobot.apps.filters import NautobotFilterSet

from nautobot_circuit_maintenance.choices import MailLayoutStateChoices
from nautobot_circuit_maintenance.filters import fields
from nautobot_circuit_maintenance.filters.visible import VisibleFilterSet
from nautobot_circuit_maintenance.models import MailLayout


class MailLayoutFilterSet(VisibleFilterSet, NautobotFilterSet):
    """Filters of mail layouts."""

    q = fields.TextSearchFilter("name")
    provider = fields.provider_filter()
    state = fields.choices_filter(MailLayoutStateChoices)

    class Meta:
        model = MailLayout
        fields = ["id", "name", "provider", "state", "version", "refusals", "suspended_because", "tags"]
