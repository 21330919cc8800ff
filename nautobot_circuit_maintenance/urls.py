"""URLs of the pages."""

from django.urls import path
from nautobot.apps.urls import NautobotUIViewSetRouter

from nautobot_circuit_maintenance import views


class EditOnlyRouter(NautobotUIViewSetRouter):
    """A router without the page to add, for rows that follow the settings."""

    routes = [route for route in NautobotUIViewSetRouter.routes if route.name != "{basename}_add"]


router = NautobotUIViewSetRouter()
router.register("maintenances", views.CircuitMaintenanceUIViewSet)
router.register("circuit-impacts", views.CircuitImpactUIViewSet)
router.register("notes", views.NoteUIViewSet)
router.register("notifications", views.NotificationUIViewSet)
router.register("parsed-notifications", views.ParsedNotificationUIViewSet)
router.register("unknown-senders", views.UnknownSenderUIViewSet)

edit_only_router = EditOnlyRouter()
edit_only_router.register("sources", views.NotificationSourceUIViewSet)

urlpatterns = [
    path("dashboard/", views.DashboardView.as_view(), name="dashboard"),
    path("changes/", views.ChangesView.as_view(), name="changes"),
    path("consent/", views.ConsentCallbackView.as_view(), name="consent"),
    path("inbox/", views.InboxView.as_view(), name="inbox"),
    path("docs/", views.DocumentationView.as_view(), name="docs"),
    *router.urls,
    *edit_only_router.urls,
]
