"""The forms of every model, where Nautobot looks them up by name."""

from nautobot_circuit_maintenance.forms.impacts import (
    CircuitImpactBulkEditForm,
    CircuitImpactFilterForm,
    CircuitImpactForm,
)
from nautobot_circuit_maintenance.forms.maintenances import (
    CircuitMaintenanceBulkEditForm,
    CircuitMaintenanceFilterForm,
    CircuitMaintenanceForm,
)
from nautobot_circuit_maintenance.forms.notes import NoteBulkEditForm, NoteFilterForm, NoteForm
from nautobot_circuit_maintenance.forms.notifications import (
    NotificationFilterForm,
    NotificationSourceFilterForm,
    NotificationSourceForm,
    ParsedNotificationFilterForm,
)

__all__ = (
    "CircuitImpactBulkEditForm",
    "CircuitImpactFilterForm",
    "CircuitImpactForm",
    "CircuitMaintenanceBulkEditForm",
    "CircuitMaintenanceFilterForm",
    "CircuitMaintenanceForm",
    "NoteBulkEditForm",
    "NoteFilterForm",
    "NoteForm",
    "NotificationFilterForm",
    "NotificationSourceFilterForm",
    "NotificationSourceForm",
    "ParsedNotificationFilterForm",
)
