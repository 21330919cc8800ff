"""The filters: the same set in the lists, in REST and in GraphQL."""

from nautobot_circuit_maintenance.filters.layouts import MailLayoutFilterSet
from nautobot_circuit_maintenance.filters.maintenances import (
    CircuitImpactFilterSet,
    CircuitMaintenanceFilterSet,
    NoteFilterSet,
)
from nautobot_circuit_maintenance.filters.notifications import (
    NotificationFilterSet,
    NotificationSourceFilterSet,
    ParsedNotificationFilterSet,
)
from nautobot_circuit_maintenance.filters.subscriptions import DeliveryFilterSet, SubscriptionFilterSet
from nautobot_circuit_maintenance.filters.unknown_senders import UnknownSenderFilterSet

__all__ = (
    "CircuitImpactFilterSet",
    "CircuitMaintenanceFilterSet",
    "DeliveryFilterSet",
    "MailLayoutFilterSet",
    "NoteFilterSet",
    "NotificationFilterSet",
    "NotificationSourceFilterSet",
    "ParsedNotificationFilterSet",
    "SubscriptionFilterSet",
    "UnknownSenderFilterSet",
)
