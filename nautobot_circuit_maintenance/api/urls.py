"""URLs of the REST API."""

from django.urls import path
from nautobot.apps.api import OrderedDefaultRouter

from nautobot_circuit_maintenance.api import views
from nautobot_circuit_maintenance.api.ledger import LedgerView
from nautobot_circuit_maintenance.api.risk import RiskView

router = OrderedDefaultRouter(view_name="Circuit Maintenance")
router.register("maintenance", views.CircuitMaintenanceViewSet)
router.register("circuitimpact", views.CircuitImpactViewSet)
router.register("note", views.NoteViewSet)
router.register("notification", views.NotificationViewSet)
router.register("parsednotification", views.ParsedNotificationViewSet)
router.register("notificationsource", views.NotificationSourceViewSet)
router.register("maillayout", views.MailLayoutViewSet)
router.register("unknownsender", views.UnknownSenderViewSet)
router.register("subscription", views.SubscriptionViewSet)
router.register("delivery", views.DeliveryViewSet)

urlpatterns = [
    path("ledger/", LedgerView.as_view(), name="ledger"),
    path("risk/", RiskView.as_view(), name="risk"),
    *router.urls,
]
