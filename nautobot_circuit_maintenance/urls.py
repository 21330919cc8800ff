"""URLs of the pages."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.module_loading import import_string
from django.views.generic import RedirectView
from nautobot.apps.urls import NautobotUIViewSetRouter

from nautobot_circuit_maintenance import views


class EditOnlyRouter(NautobotUIViewSetRouter):
    """A router without the page to add, for rows that follow the settings."""

    routes = [route for route in NautobotUIViewSetRouter.routes if route.name != "{basename}_add"]


def late(view_class: str) -> Callable[..., HttpResponse]:
    """Return the view of a class below ``views``, which its first request imports: Nautobot starts without it."""

    def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return import_string(f"{views.__name__}.{view_class}").as_view()(request, **kwargs)

    return view


router = NautobotUIViewSetRouter()
router.register("maintenances", views.CircuitMaintenanceUIViewSet)
router.register("circuit-impacts", views.CircuitImpactUIViewSet)
router.register("notes", views.NoteUIViewSet)
router.register("notifications", views.NotificationUIViewSet)
router.register("parsed-notifications", views.ParsedNotificationUIViewSet)
router.register("unknown-senders", views.UnknownSenderUIViewSet)
router.register("subscriptions", views.SubscriptionUIViewSet)
router.register("deliveries", views.DeliveryUIViewSet)

edit_only_router = EditOnlyRouter()
edit_only_router.register("mail-layouts", views.MailLayoutUIViewSet)
edit_only_router.register("sources", views.NotificationSourceUIViewSet)

_KINDS = ("circuit", "provider", "location", "device")
"""Of what core's pages have a panel."""
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="plugins:nautobot_circuit_maintenance:dashboard"), name="home"),
    path("dashboard/", late("dashboard.DashboardView"), name="dashboard"),
    path("dashboard/calendar/", late("calendar.CalendarView"), name="calendar"),
    path("dashboard/calendar/events/", late("calendar.CalendarEventsView"), name="calendar_events"),
    path("dashboard/providers/", late("providers.ProvidersView"), name="providers"),
    path("dashboard/health/", late("health.HealthView"), name="health"),
    path("changes/", late("changes.ChangesView"), name="changes"),
    path("consent/", views.ConsentCallbackView.as_view(), name="consent"),
    *(
        path(f"of-{kind}/<uuid:pk>/", late("related.RelatedView"), {"kind": kind}, name=f"{kind}_maintenances")
        for kind in _KINDS
    ),
    *(
        path(f"risk-of-{kind}/<uuid:pk>/", late("next_risk.NextRiskView"), {"kind": kind}, name=f"{kind}_risk")
        for kind in _KINDS
    ),
    path("summary-of-provider/<uuid:pk>/", late("provider_summary.ProviderSummaryView"), name="provider_summary"),
    path("parsers-of-provider/<uuid:pk>/", late("provider_parsers.ProviderParsersView"), name="provider_parsers"),
    path("feed/<str:token>.ics", late("feed.FeedView"), name="feed"),
    path("inbox/", late("inbox.InboxView"), name="inbox"),
    path("risk/", late("risk.RiskView"), name="risk"),
    path("risk/of-home-page/", late("home_risk.HomeRiskView"), name="home_risk"),
    path("risk/what-if/", late("risk.WhatIfView"), name="what_if"),
    path("docs/", views.DocumentationView.as_view(), name="docs"),
    *router.urls,
    *edit_only_router.urls,
]
