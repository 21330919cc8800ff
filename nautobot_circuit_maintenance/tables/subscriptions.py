"""Tables of subscriptions and deliveries."""

from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.apps.tables import BaseTable, BooleanColumn, TagColumn, ToggleColumn
from nautobot.apps.templatetags import placeholder

from nautobot_circuit_maintenance.models import Delivery, Subscription
from nautobot_circuit_maintenance.tables.columns import ActionsColumn, BadgeColumn, DateTimeBadgeColumn
from nautobot_circuit_maintenance.tables.paging import KeysFirstMixin
from nautobot_circuit_maintenance.tables.stacking import StackedMixin
from nautobot_circuit_maintenance.ui import outbound


class SubscriptionTable(StackedMixin, KeysFirstMixin, BaseTable):
    """Subscriptions, with why nothing is sent."""

    pk = ToggleColumn()
    name = tables.Column(linkify=True)
    owner = tables.Column()
    enabled = BooleanColumn()
    events = tables.Column(orderable=False)
    rhythm = tables.Column()
    last_error = tables.Column(verbose_name="Error")
    tags = TagColumn(url_name="plugins:nautobot_circuit_maintenance:subscription_list")
    actions = ActionsColumn(Subscription)

    class Meta(BaseTable.Meta):
        model = Subscription
        empty_text = "No subscriptions found"
        fields = (
            *("pk", "name", "owner", "enabled", "channel", "events", "rhythm", "lead_time", "begun", "last_error"),
            *("tags", "actions"),
        )
        default_columns = ("pk", "name", "owner", "enabled", "channel", "events", "rhythm", "last_error", "actions")

    def render_events(self, value: Any) -> str:
        """Show the labels of the events."""
        return outbound.events_text(value)


class DeliveryTable(StackedMixin, KeysFirstMixin, BaseTable):
    """Deliveries: the outbox."""

    pk = ToggleColumn()
    created = DateTimeBadgeColumn()
    subject = tables.Column(linkify=True, empty_values=())
    subscription = tables.Column(linkify=True)
    maintenance = tables.Column(linkify=True)
    event = tables.Column()
    state = BadgeColumn()
    recipient = tables.Column(empty_values=())
    next_attempt = DateTimeBadgeColumn()
    sent_at = DateTimeBadgeColumn()

    class Meta(BaseTable.Meta):
        model = Delivery
        empty_text = "No deliveries found"
        fields = (
            *("pk", "created", "subject", "state", "event", "recipient", "channel", "subscription", "maintenance"),
            *("attempts", "next_attempt", "sent_at", "error"),
        )
        default_columns = (
            *("pk", "created", "subject", "state", "event", "recipient", "channel", "subscription", "error"),
        )

    def render_subject(self, record: Delivery) -> str:
        """Show what the message is called; a run of a job has no subject."""
        return str(record)

    def render_recipient(self, record: Delivery) -> SafeString | str:
        """Show name and address; a channel that leads to one place has none."""
        if not record.recipient:
            return placeholder(None)
        return format_html("{} <span class='text-secondary'>{}</span>", record.recipient_name, record.recipient)
