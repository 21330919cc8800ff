"""The forms of every model; Nautobot looks them up here by name."""

from nautobot_circuit_maintenance.forms.models import (
    CircuitImpactBulkEditForm,
    CircuitImpactFilterForm,
    CircuitImpactForm,
    CircuitMaintenanceBulkEditForm,
    CircuitMaintenanceFilterForm,
    CircuitMaintenanceForm,
    NoteBulkEditForm,
    NoteFilterForm,
    NoteForm,
    NotificationFilterForm,
    NotificationSourceFilterForm,
    NotificationSourceForm,
    ParsedNotificationFilterForm,
)

__all__ = (
    "CircuitMaintenanceForm",
    "CircuitMaintenanceBulkEditForm",
    "CircuitMaintenanceFilterForm",
    "CircuitImpactForm",
    "CircuitImpactBulkEditForm",
    "CircuitImpactFilterForm",
    "NoteForm",
    "NoteBulkEditForm",
    "NoteFilterForm",
    "NotificationSourceForm",
    "NotificationSourceFilterForm",
    "NotificationFilterForm",
    "ParsedNotificationFilterForm",
)
