"""The views, where Nautobot looks them up by the names of the models."""

from nautobot_circuit_maintenance.views.changes import ChangesView
from nautobot_circuit_maintenance.views.consents import ConsentCallbackView
from nautobot_circuit_maintenance.views.dashboard import DashboardView
from nautobot_circuit_maintenance.views.documentation import DocumentationView
from nautobot_circuit_maintenance.views.inbox import InboxView
from nautobot_circuit_maintenance.views.maintenances import (
    CircuitImpactUIViewSet,
    CircuitMaintenanceUIViewSet,
    NoteUIViewSet,
)
from nautobot_circuit_maintenance.views.notifications import NotificationUIViewSet, ParsedNotificationUIViewSet
from nautobot_circuit_maintenance.views.sources import NotificationSourceUIViewSet
from nautobot_circuit_maintenance.views.unknown_senders import UnknownSenderUIViewSet

__all__ = (
    "ChangesView",
    "CircuitImpactUIViewSet",
    "CircuitMaintenanceUIViewSet",
    "ConsentCallbackView",
    "DashboardView",
    "DocumentationView",
    "InboxView",
    "NoteUIViewSet",
    "NotificationSourceUIViewSet",
    "NotificationUIViewSet",
    "ParsedNotificationUIViewSet",
    "UnknownSenderUIViewSet",
)
