"""Filters of unknown senders."""

from nautobot.apps.filters import NaturalKeyOrPKMultipleChoiceFilter

from nautobot_circuit_maintenance.filters import fields
from nautobot_circuit_maintenance.filters.visible import VisibleFilterSet
from nautobot_circuit_maintenance.models import NotificationSource, UnknownSender


class UnknownSenderFilterSet(VisibleFilterSet):
    """Filters of unknown senders."""

    q = fields.TextSearchFilter("address")
    source = NaturalKeyOrPKMultipleChoiceFilter(
        queryset=NotificationSource.objects.all(), label="Notification source (name or ID)", distinct=False
    )

    class Meta:
        model = UnknownSender
        fields = ["id", "source", "address", "count", "first_seen", "last_seen", "dismissed"]
