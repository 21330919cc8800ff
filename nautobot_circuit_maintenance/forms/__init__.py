"""The forms of every model, where Nautobot looks them up by name."""

from nautobot_circuit_maintenance.forms.adding import AddFromEmailForm, AnswersForm
from nautobot_circuit_maintenance.forms.impacts import (
    CircuitImpactBulkEditForm,
    CircuitImpactFilterForm,
    CircuitImpactForm,
)
from nautobot_circuit_maintenance.forms.layouts import (
    ImportLayoutsForm,
    MailLayoutFilterForm,
    MailLayoutForm,
    TeachForm,
)
from nautobot_circuit_maintenance.forms.linking import LinkCircuitForm
from nautobot_circuit_maintenance.forms.maintenances import (
    CircuitMaintenanceBulkEditForm,
    CircuitMaintenanceFilterForm,
    CircuitMaintenanceForm,
)
from nautobot_circuit_maintenance.forms.notes import NoteBulkEditForm, NoteFilterForm, NoteForm
from nautobot_circuit_maintenance.forms.notifications import (
    DismissForm,
    NotificationFilterForm,
    NotificationSourceFilterForm,
    NotificationSourceForm,
    ParsedNotificationFilterForm,
)
from nautobot_circuit_maintenance.forms.subscriptions import (
    DeliveryFilterForm,
    SubscriptionFilterForm,
    SubscriptionForm,
)
from nautobot_circuit_maintenance.forms.unknown_senders import AssignSenderForm, UnknownSenderFilterForm

__all__ = (
    "AddFromEmailForm",
    "AnswersForm",
    "AssignSenderForm",
    "CircuitImpactBulkEditForm",
    "CircuitImpactFilterForm",
    "CircuitImpactForm",
    "CircuitMaintenanceBulkEditForm",
    "CircuitMaintenanceFilterForm",
    "CircuitMaintenanceForm",
    "DeliveryFilterForm",
    "DismissForm",
    "ImportLayoutsForm",
    "LinkCircuitForm",
    "MailLayoutFilterForm",
    "MailLayoutForm",
    "NoteBulkEditForm",
    "NoteFilterForm",
    "NoteForm",
    "NotificationFilterForm",
    "NotificationSourceFilterForm",
    "NotificationSourceForm",
    "ParsedNotificationFilterForm",
    "SubscriptionFilterForm",
    "SubscriptionForm",
    "TeachForm",
    "UnknownSenderFilterForm",
)
