"""Tables of what we received."""

from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.apps.tables import BaseTable, BooleanColumn, ButtonsColumn, ToggleColumn
from nautobot.apps.templatetags import placeholder

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.models import Notification, NotificationSource, ParsedNotification
from nautobot_circuit_maintenance.tables.columns import BadgeColumn, MomentColumn, OutdatedColumn


class NotificationTable(BaseTable):
    """Notifications: what came in, and what became of it."""

    pk = ToggleColumn()
    subject = tables.Column(linkify=True, empty_values=())
    provider = tables.Column(linkify=True)
    source = tables.Column(linkify=True)
    state = BadgeColumn()
    received_at = MomentColumn(verbose_name="Received")
    sent_at = MomentColumn(verbose_name="Sent")
    actions = ButtonsColumn(Notification, buttons=("detail", "delete"))

    class Meta(BaseTable.Meta):
        model = Notification
        fields = (
            "pk",
            "subject",
            "sender",
            "provider",
            "source",
            "received_at",
            "sent_at",
            "state",
            "error",
            "attempts",
            "size",
            "message_id",
            "actions",
        )
        default_columns = ("pk", "subject", "sender", "provider", "received_at", "state", "error", "actions")

    def render_subject(self, value: str) -> str:
        """Show the subject; a mail without one needs a link too."""
        return value or "(no subject)"


class ParsedNotificationTable(BaseTable):
    """What notifications said about maintenances."""

    status = BadgeColumn(linkify=True)
    maintenance = tables.Column(linkify=True)
    notification = tables.Column(linkify=True)
    issued_at = MomentColumn(verbose_name="Issued")
    received_at = MomentColumn(verbose_name="Received")
    outdated = OutdatedColumn()
    actions = ButtonsColumn(ParsedNotification, buttons=("detail",))

    class Meta(BaseTable.Meta):
        model = ParsedNotification
        fields = (
            "status",
            "maintenance",
            "notification",
            "subject",
            "sender",
            "issued_at",
            "received_at",
            "outdated",
            "parser",
            "sequence",
            "actions",
        )
        default_columns = (
            "status",
            "maintenance",
            "notification",
            "sender",
            "issued_at",
            "received_at",
            "outdated",
            "actions",
        )

    def __init__(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Read the provider along, it is in the name of the maintenance; never the raw bytes."""
        if isinstance(data, QuerySet):
            data = data.select_related("maintenance__provider", "notification").defer("notification__raw")
        super().__init__(data, *args, **kwargs)


class NotificationSourceTable(BaseTable):
    """Sources: is mail coming in?"""

    name = tables.Column(linkify=True)
    kind = tables.Column(empty_values=(), orderable=False)
    account = tables.Column(empty_values=(), orderable=False)
    providers = tables.ManyToManyColumn(linkify_item=True)
    last_fetched_at = MomentColumn(verbose_name="Last success")
    last_error = tables.Column()
    attach_all_providers = BooleanColumn()
    actions = ButtonsColumn(NotificationSource, buttons=("changelog", "edit"))

    class Meta(BaseTable.Meta):
        model = NotificationSource
        fields = (
            "name",
            "kind",
            "account",
            "providers",
            "attach_all_providers",
            "last_fetched_at",
            "last_error",
            "actions",
        )
        default_columns = ("name", "kind", "account", "providers", "last_fetched_at", "last_error", "actions")

    def __init__(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Read the settings once."""
        self.settings = {source.name: source for source in get_app_settings().sources}
        super().__init__(data, *args, **kwargs)

    def render_kind(self, record: NotificationSource) -> str | SafeString:
        """Show how mail is read."""
        settings = self.settings.get(record.name)
        return settings.kind if settings else format_html('<span class="badge bg-warning">{}</span>', "not configured")

    def render_account(self, record: NotificationSource) -> str | SafeString:
        """Show whose mail is read."""
        settings = self.settings.get(record.name)
        return settings.account if settings else placeholder(None)
