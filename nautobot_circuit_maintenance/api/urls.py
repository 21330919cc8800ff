"""URLs of the REST API."""

from nautobot.apps.api import OrderedDefaultRouter

from nautobot_circuit_maintenance.api import views

router = OrderedDefaultRouter(view_name="Circuit Maintenance")
router.register("maintenance", views.CircuitMaintenanceViewSet)
router.register("circuitimpact", views.CircuitImpactViewSet)
router.register("note", views.NoteViewSet)
router.register("notification", views.NotificationViewSet)
router.register("parsednotification", views.ParsedNotificationViewSet)
router.register("notificationsource", views.NotificationSourceViewSet)
router.register("unknownsender", views.UnknownSenderViewSet)

urlpatterns = router.urls
