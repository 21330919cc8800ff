"""The tables of the lists and panels."""

from nautobot_circuit_maintenance.tables.impacts import MaintenanceCircuitTable, MaintenanceNotificationTable
from nautobot_circuit_maintenance.tables.layouts import MailLayoutTable
from nautobot_circuit_maintenance.tables.maintenances import (
    CircuitImpactTable,
    CircuitMaintenanceListTable,
    CircuitMaintenanceNoteTable,
    CircuitMaintenanceTable,
    NoteTable,
)
from nautobot_circuit_maintenance.tables.notifications import (
    NotificationMaintenancesTable,
    NotificationSourceTable,
    NotificationTable,
    ParsedNotificationTable,
    SourceProviderTable,
)
from nautobot_circuit_maintenance.tables.subscriptions import DeliveryTable, SubscriptionTable
from nautobot_circuit_maintenance.tables.unknown_senders import UnknownSenderTable

__all__ = (
    "CircuitImpactTable",
    "CircuitMaintenanceListTable",
    "CircuitMaintenanceNoteTable",
    "CircuitMaintenanceTable",
    "DeliveryTable",
    "MailLayoutTable",
    "MaintenanceCircuitTable",
    "MaintenanceNotificationTable",
    "NoteTable",
    "NotificationMaintenancesTable",
    "NotificationSourceTable",
    "NotificationTable",
    "ParsedNotificationTable",
    "SourceProviderTable",
    "SubscriptionTable",
    "UnknownSenderTable",
)
