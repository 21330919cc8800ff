"""The tables of the lists and panels."""

from nautobot_circuit_maintenance.tables.maintenances import (
    CircuitImpactTable,
    CircuitMaintenanceNoteTable,
    CircuitMaintenanceTable,
    NoteTable,
)
from nautobot_circuit_maintenance.tables.notifications import (
    NotificationSourceTable,
    NotificationTable,
    ParsedNotificationTable,
)

__all__ = (
    "CircuitImpactTable",
    "CircuitMaintenanceNoteTable",
    "CircuitMaintenanceTable",
    "NoteTable",
    "NotificationSourceTable",
    "NotificationTable",
    "ParsedNotificationTable",
)
