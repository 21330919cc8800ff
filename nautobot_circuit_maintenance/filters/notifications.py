"""Filters of sources, notifications and parsed notifications."""

import django_filters
from django.utils import timezone
from nautobot.apps.filters import NaturalKeyOrPKMultipleChoiceFilter, NautobotFilterSet

from nautobot_circuit_maintenance.analysis.freshness import read_sources
from nautobot_circuit_maintenance.choices import ConfidenceChoices, NotificationStateChoices, SourceHealthChoices
from nautobot_circuit_maintenance.filters import fields
from nautobot_circuit_maintenance.filters.visible import VisibleFilterSet
from nautobot_circuit_maintenance.models import (
    CircuitMaintenance,
    Notification,
    NotificationSource,
    ParsedNotification,
)


class NotificationSourceFilterSet(VisibleFilterSet, NautobotFilterSet):
    """Filters of sources; the read position is internal."""

    # Not by the names of its providers: letter by letter, that would disclose providers hidden from the user.
    q = fields.TextSearchFilter("name")
    providers = fields.provider_filter("providers")
    health = django_filters.MultipleChoiceFilter(
        choices=SourceHealthChoices, method="filter_health", label="Whether email is coming in"
    )
    has_error = django_filters.BooleanFilter(method="filter_error", label="Last run failed")

    class Meta:
        model = NotificationSource
        fields = [
            "id",
            "name",
            "providers",
            "attach_all_providers",
            "last_fetched_at",
            "last_error",
            "created",
            "last_updated",
        ]

    def filter_health(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep sources in these states."""
        states = read_sources(self.visibility, timezone.now()) if value else ()
        return (
            queryset.filter(pk__in=[each.source.pk for each in states if each.health in value]) if value else queryset
        )

    def filter_error(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep sources whose last run failed, or those whose last run did not."""
        return queryset.exclude(last_error="") if value else queryset.filter(last_error="")


class NotificationFilterSet(VisibleFilterSet):
    """Filters of notifications; the original message cannot be searched."""

    q = fields.TextSearchFilter("subject", "sender", "message_id", "error", "provider__name")
    provider = fields.provider_filter()
    source = NaturalKeyOrPKMultipleChoiceFilter(
        queryset=NotificationSource.objects.all(), label="Notification source (name or ID)"
    )
    state = fields.choices_filter(NotificationStateChoices)
    needs_attention = django_filters.BooleanFilter(method="filter_attention", label="Needs attention")
    confidence = fields.choices_filter(ConfidenceChoices, field_name="parsed_notifications__confidence")
    dismissed = django_filters.BooleanFilter(method="filter_dismissed", label="Dismissed")
    maintenance = NaturalKeyOrPKMultipleChoiceFilter(
        queryset=CircuitMaintenance.objects.all(),
        field_name="parsed_notifications__maintenance",
        label="Resulting circuit maintenance (name or ID)",
        distinct=False,
    )

    class Meta:
        model = Notification
        fields = [
            "id",
            "source",
            "provider",
            "state",
            "error",
            "attempts",
            "fingerprint",
            "message_id",
            "sender",
            "subject",
            "sent_at",
            "received_at",
            "size",
        ]

    def filter_attention(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep notifications that were not or only partly read, or the others."""
        if value:
            return queryset.needing_attention()
        return queryset.exclude(pk__in=Notification.objects.needing_attention().order_by().values("pk"))

    def filter_dismissed(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep notifications whose result was dismissed, or the others."""
        return queryset.dismissed() if value else queryset.not_dismissed()


class ParsedNotificationFilterSet(VisibleFilterSet):
    """Filters of parsed notifications."""

    q = fields.TextSearchFilter("subject", "sender", "parser", "maintenance__name")
    maintenance = fields.maintenance_filter()
    notification = django_filters.ModelMultipleChoiceFilter(
        queryset=Notification.objects.all(), label="Notification (ID)", distinct=False
    )
    provider = fields.provider_filter("maintenance__provider")
    confidence = fields.choices_filter(ConfidenceChoices)

    class Meta:
        model = ParsedNotification
        fields = [
            "id",
            "maintenance",
            "notification",
            "issued_at",
            "received_at",
            "sent_at",
            "sequence",
            "status",
            "parser",
            "subject",
            "sender",
            "outdated",
            "confidence",
        ]
