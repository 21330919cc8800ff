"""Tables of sources, notifications and parsed notifications."""

from functools import cached_property
from typing import Any
from uuid import UUID

import django_tables2 as tables
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from nautobot.apps.tables import BaseTable, BooleanColumn, ToggleColumn
from nautobot.apps.templatetags import placeholder
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.analysis.freshness import SourceState, read_sources
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import Notification, NotificationSource, ParsedNotification
from nautobot_circuit_maintenance.models.providers import parser_names, sender_addresses
from nautobot_circuit_maintenance.tables.columns import (
    ActionsColumn,
    BadgeColumn,
    DateTimeBadgeColumn,
    NotificationStateColumn,
    SupersededColumn,
)
from nautobot_circuit_maintenance.tables.paging import KeysFirstMixin
from nautobot_circuit_maintenance.tables.stacking import StackedMixin
from nautobot_circuit_maintenance.ui import formatting


class NotificationTable(StackedMixin, KeysFirstMixin, BaseTable):
    """Notifications with state and reason."""

    pk = ToggleColumn()
    subject = tables.Column(linkify=True, empty_values=())
    provider = tables.Column(linkify=True)
    source = tables.Column(linkify=True)
    state = NotificationStateColumn()
    received_at = DateTimeBadgeColumn(verbose_name="Received")
    sent_at = DateTimeBadgeColumn(verbose_name="Sent")
    error = tables.Column(verbose_name="Reason")
    dismissed_at = DateTimeBadgeColumn(verbose_name="Dismissed")
    actions = ActionsColumn(Notification, buttons=("detail", "delete"))

    class Meta(BaseTable.Meta):
        model = Notification
        empty_text = "No notifications found"
        fields = (
            "pk",
            "state",
            "subject",
            "sender",
            "provider",
            "source",
            "received_at",
            "sent_at",
            "error",
            "dismissed_at",
            "dismissed_by",
            "dismissed_reason",
            "attempts",
            "size",
            "message_id",
            "actions",
        )
        default_columns = ("pk", "state", "subject", "sender", "provider", "received_at", "error", "actions")

    def render_subject(self, value: str) -> str:
        """Render the subject; an email without one needs a link too."""
        return value or "(no subject)"


class ParsedNotificationTable(StackedMixin, KeysFirstMixin, BaseTable):
    """Parsed notifications."""

    status = BadgeColumn(linkify=True)
    maintenance = tables.Column(linkify=True)
    # The order of notifications, by the columns that repeat theirs: no index has the joined ones.
    notification = tables.Column(linkify=True, order_by=("-received_at", "fingerprint"))
    issued_at = DateTimeBadgeColumn(verbose_name="Timestamp in email")
    received_at = DateTimeBadgeColumn(verbose_name="Received")
    outdated = SupersededColumn()
    confidence = tables.Column()
    actions = ActionsColumn(ParsedNotification, buttons=("detail",))

    class Meta(BaseTable.Meta):
        model = ParsedNotification
        empty_text = "No parsed notifications found"
        fields = (
            "status",
            "maintenance",
            "notification",
            "subject",
            "sender",
            "issued_at",
            "received_at",
            "outdated",
            "confidence",
            "parser",
            "sequence",
            "actions",
        )
        default_columns = (
            "status",
            "maintenance",
            "notification",
            "issued_at",
            "received_at",
            "outdated",
            "confidence",
            "actions",
        )

    def __init__(self, data: Any, *args: Any, **kwargs: Any) -> None:
        """Join the provider, which is part of the maintenance's display name; never read the original message."""
        if isinstance(data, QuerySet):
            data = data.select_related("maintenance__provider", "notification").defer("notification__raw")
        super().__init__(data, *args, **kwargs)

    def render_confidence(self, record: ParsedNotification) -> SafeString:
        """Render the confidence with its reasons."""
        return formatting.confidence_badge(record.confidence, record.findings)


class NotificationMaintenancesTable(ParsedNotificationTable):
    """What one notification announces."""

    class Meta(ParsedNotificationTable.Meta):
        empty_text = "No maintenance information found in this notification"


def _with_figures(sources: QuerySet[NotificationSource], visibility: Visibility) -> QuerySet[NotificationSource]:
    """Add latest notification, number of waiting ones and providers, as far as the user may view them."""
    visible = visibility.providers.filter(notification_sources=OuterRef("pk")).values("notification_sources")
    notifications = visibility.notifications.filter(source=OuterRef("pk")).order_by("-received_at")
    counted = notifications.filter(state=State.RECEIVED).order_by().values("source").annotate(number=Count("pk"))
    return sources.annotate(
        provider_count=Coalesce(Subquery(visible.annotate(number=Count("pk")).values("number")), 0),
        latest_notification=Subquery(notifications.values("received_at")[:1]),
        waiting=Coalesce(Subquery(counted.values("number")), 0),
    )


class SourceProviderTable(StackedMixin, BaseTable):
    """The providers of a source, with their addresses and parsers."""

    name = tables.Column(linkify=True, verbose_name="Provider")
    addresses = tables.Column(empty_values=(), orderable=False)
    parsers = tables.Column(empty_values=(), orderable=False)

    class Meta(BaseTable.Meta):
        model = Provider
        empty_text = "No providers assigned. Edit this source to add providers."
        fields = ("name", "addresses", "parsers")
        default_columns = ("name", "addresses", "parsers")

    def __init__(self, data: Any, *args: Any, user: Any = None, **kwargs: Any) -> None:
        """Check once whether the user may edit providers."""
        super().__init__(data, *args, user=user, **kwargs)
        self.can_change = bool(user and user.has_perm("circuits.change_provider"))

    def render_addresses(self, record: Provider) -> str | SafeString:
        """Render the addresses, or a badge with a link to the provider's form."""
        addresses = sender_addresses(record)
        if addresses:
            return ", ".join(addresses)
        if not self.can_change:
            return formatting.NO_EMAIL_ADDRESS
        return format_html(
            '{} <a href="{}">Add</a>',
            formatting.NO_EMAIL_ADDRESS,
            reverse("circuits:provider_edit", kwargs={"pk": record.pk}),
        )

    def render_parsers(self, record: Provider) -> str:
        """Render the parsers that are tried."""
        return ", ".join(parser_names(record))


class NotificationSourceTable(StackedMixin, BaseTable):
    """Sources with settings and results."""

    name = tables.Column(linkify=True)
    kind = tables.Column(empty_values=(), orderable=False)
    account = tables.Column(empty_values=(), orderable=False)
    health = tables.Column(empty_values=(), orderable=False, verbose_name="State")
    providers = tables.Column(empty_values=(), orderable=False, verbose_name="Providers")
    last_fetched_at = DateTimeBadgeColumn(verbose_name="Last success")
    latest_notification = DateTimeBadgeColumn(verbose_name="Latest notification")
    waiting = tables.Column(verbose_name="Waiting")
    last_error = tables.Column()
    attach_all_providers = BooleanColumn()
    actions = ActionsColumn(NotificationSource, buttons=("changelog", "edit"))

    class Meta(BaseTable.Meta):
        model = NotificationSource
        empty_text = "No notification sources found"
        fields = (
            "name",
            "health",
            "kind",
            "account",
            "providers",
            "attach_all_providers",
            "last_fetched_at",
            "latest_notification",
            "waiting",
            "last_error",
            "actions",
        )
        default_columns = (
            "name",
            "health",
            "kind",
            "account",
            "providers",
            "last_fetched_at",
            "latest_notification",
            "waiting",
            "last_error",
            "actions",
        )

    def __init__(self, data: Any, *args: Any, user: Any = None, **kwargs: Any) -> None:
        """Read the settings once, and add the counts to the query, wherever the table is shown.

        Core's search makes the table without a user; what it shows depends on the permissions of its reader all the same.
        """
        self.visibility = Visibility.of(user) if user else Visibility.of_reader()
        self.settings = {source.name: source for source in get_app_settings().sources}
        if isinstance(data, QuerySet):
            data = _with_figures(data, self.visibility)
        super().__init__(data, *args, user=user, **kwargs)

    @cached_property
    def states(self) -> dict[UUID, SourceState]:
        """Whether email is coming in, read once, and only if the column is shown."""
        return {each.source.pk: each for each in read_sources(self.visibility, timezone.now())}

    def render_health(self, record: NotificationSource) -> SafeString:
        """Render the state, with the providers that used to write in the tooltip."""
        state = self.states.get(record.pk)
        if not state:
            return placeholder(None)
        names = ", ".join(each.name for each in state.silent)
        return format_html(
            '<span title="{}">{}</span>', names and f"No email from {names}", formatting.badge(state.health)
        )

    def render_providers(self, record: NotificationSource) -> SafeString:
        """Render the number of providers, as a link to them."""
        return format_html('<a href="{}#providers">{}</a>', record.get_absolute_url(), record.provider_count)

    def render_waiting(self, record: NotificationSource, value: int) -> str | SafeString:
        """Render the number of waiting notifications, as a link to them."""
        if not value:
            return "0"
        url = reverse("plugins:nautobot_circuit_maintenance:notification_list")
        return format_html('<a href="{}?source={}&state={}">{}</a>', url, record.pk, State.RECEIVED, value)

    def render_kind(self, record: NotificationSource) -> str | SafeString:
        """Render the kind of mailbox."""
        settings = self.settings.get(record.name)
        return settings.kind if settings else formatting.NOT_CONFIGURED

    def render_account(self, record: NotificationSource) -> str | SafeString:
        """Render the account."""
        settings = self.settings.get(record.name)
        return settings.account if settings else placeholder(None)
