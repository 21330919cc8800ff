"""Filters of subscriptions and deliveries."""

import django_filters
from django.contrib.auth import get_user_model
from nautobot.apps.filters import BaseFilterSet, NaturalKeyOrPKMultipleChoiceFilter, NautobotFilterSet

from nautobot_circuit_maintenance.choices import DeliveryStateChoices, EventChoices, RhythmChoices
from nautobot_circuit_maintenance.filters import fields
from nautobot_circuit_maintenance.filters.visible import VisibleFilterSet
from nautobot_circuit_maintenance.models import Delivery, Subscription


class SubscriptionFilterSet(VisibleFilterSet, NautobotFilterSet):
    """Filters of subscriptions."""

    q = fields.TextSearchFilter("name", "channel")
    owner = NaturalKeyOrPKMultipleChoiceFilter(
        queryset=get_user_model().objects.all(), to_field_name="username", label="Owner (user name or ID)"
    )
    rhythm = fields.choices_filter(RhythmChoices)
    has_error = django_filters.BooleanFilter(
        field_name="last_error", method="filter_error", label="Sends nothing because of an error"
    )

    class Meta:
        model = Subscription
        fields = [
            "id",
            "name",
            "owner",
            "enabled",
            "channel",
            "rhythm",
            "last_error",
            "created",
            "last_updated",
            "tags",
        ]

    def filter_error(self, queryset, name, value):  # pylint: disable=unused-argument  # called by name
        """Keep enabled subscriptions with an error, or the others."""
        failing = queryset.failing()
        return failing if value else queryset.exclude(pk__in=failing.order_by().values("pk"))


class DeliveryFilterSet(VisibleFilterSet, BaseFilterSet):
    """Filters of deliveries."""

    q = fields.TextSearchFilter("subject", "recipient", "recipient_name", "headline")
    subscription = NaturalKeyOrPKMultipleChoiceFilter(
        queryset=Subscription.objects.all(), label="Subscription (name or ID)"
    )
    maintenance = fields.maintenance_filter()
    event = fields.choices_filter(EventChoices)
    state = fields.choices_filter(DeliveryStateChoices)

    class Meta:
        model = Delivery
        fields = [
            "id",
            "subscription",
            "maintenance",
            "channel",
            "event",
            "state",
            "recipient",
            "recipient_name",
            "subject",
            "attempts",
            "error",
            "created",
            "next_attempt",
            "sent_at",
        ]
