"""The views, where Nautobot looks them up by the names of the models. Those of other pages: `late()` in `urls.py`."""

from nautobot_circuit_maintenance.views.consents import ConsentCallbackView
from nautobot_circuit_maintenance.views.deliveries import DeliveryUIViewSet
from nautobot_circuit_maintenance.views.documentation import DocumentationView
from nautobot_circuit_maintenance.views.layouts import MailLayoutUIViewSet
from nautobot_circuit_maintenance.views.maintenances import (
    CircuitImpactUIViewSet,
    CircuitMaintenanceUIViewSet,
    NoteUIViewSet,
)
from nautobot_circuit_maintenance.views.notifications import NotificationUIViewSet, ParsedNotificationUIViewSet
from nautobot_circuit_maintenance.views.sources import NotificationSourceUIViewSet
from nautobot_circuit_maintenance.views.subscriptions import SubscriptionUIViewSet
from nautobot_circuit_maintenance.views.unknown_senders import UnknownSenderUIViewSet

__all__ = (
    "CircuitImpactUIViewSet",
    "CircuitMaintenanceUIViewSet",
    "ConsentCallbackView",
    "DeliveryUIViewSet",
    "DocumentationView",
    "MailLayoutUIViewSet",
    "NoteUIViewSet",
    "NotificationSourceUIViewSet",
    "NotificationUIViewSet",
    "ParsedNotificationUIViewSet",
    "SubscriptionUIViewSet",
    "UnknownSenderUIViewSet",
)
