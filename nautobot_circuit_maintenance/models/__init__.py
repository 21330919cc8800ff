"""The records: what we received, and what we concluded from it."""

from nautobot_circuit_maintenance.models.baselines import MaintenanceBaseline
from nautobot_circuit_maintenance.models.consents import MailboxConsent
from nautobot_circuit_maintenance.models.deliveries import ChannelState, Delivery
from nautobot_circuit_maintenance.models.ended_feeds import EndedFeed
from nautobot_circuit_maintenance.models.impacts import CircuitImpact, Note
from nautobot_circuit_maintenance.models.keys import MaintenanceKey
from nautobot_circuit_maintenance.models.layouts import MailLayout
from nautobot_circuit_maintenance.models.ledger import ProviderQuarter
from nautobot_circuit_maintenance.models.maintenance_changes import MaintenanceChange
from nautobot_circuit_maintenance.models.maintenances import CircuitMaintenance
from nautobot_circuit_maintenance.models.manual_readings import ManualReading
from nautobot_circuit_maintenance.models.matching import CircuitMatcher
from nautobot_circuit_maintenance.models.notifications import Notification, NotificationSource, ParsedNotification
from nautobot_circuit_maintenance.models.published_states import PublishedState
from nautobot_circuit_maintenance.models.settling import SettledDoubt
from nautobot_circuit_maintenance.models.subscriptions import Subscription, Thread
from nautobot_circuit_maintenance.models.unknown_senders import UnknownSender
from nautobot_circuit_maintenance.models.windows import MaintenanceWindow

__all__ = (
    "ChannelState",
    "CircuitImpact",
    "CircuitMaintenance",
    "CircuitMatcher",
    "Delivery",
    "EndedFeed",
    "MailLayout",
    "MailboxConsent",
    "ManualReading",
    "MaintenanceBaseline",
    "MaintenanceChange",
    "MaintenanceKey",
    "MaintenanceWindow",
    "Note",
    "Notification",
    "NotificationSource",
    "ParsedNotification",
    "ProviderQuarter",
    "PublishedState",
    "SettledDoubt",
    "Subscription",
    "Thread",
    "UnknownSender",
)
