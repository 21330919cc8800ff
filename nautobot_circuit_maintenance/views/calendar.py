"""The tab *Calendar* of the dashboard, and the windows that it shows as JSON."""

from datetime import datetime, timedelta, timezone as zones
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from nautobot.apps.ui import Breadcrumbs, Titles, ViewNameBreadcrumbItem

from nautobot_circuit_maintenance.analysis.calendar import CalendarWindow, read_windows
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.filters import CircuitMaintenanceFilterSet
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.ui.http import has_storable_query
from nautobot_circuit_maintenance.views.page import Page, PermittedView
from nautobot_circuit_maintenance.views.tab_counts import counted_tabs

_ROUTE = "plugins:nautobot_circuit_maintenance:{}"
_LONGEST = timedelta(days=100)
"""The longest period that is answered; the calendar asks for six weeks."""
_NO_PK = "00000000-0000-0000-0000-000000000000"
_OWN = ("start", "end", "timeZone")
"""Parameters of the calendar; all others are filters of the list."""


class CalendarView(Page):
    """The page; its script asks for the windows of the month that it shows."""

    template = "calendar"
    view_titles = Titles(titles={"generic": "Calendar"})
    breadcrumbs = Breadcrumbs(
        items={
            "generic": [
                ViewNameBreadcrumbItem(view_name=_ROUTE.format("dashboard"), label="Circuit Maintenance Dashboard"),
                ViewNameBreadcrumbItem(view_name=_ROUTE.format("calendar"), label="Calendar"),
            ]
        }
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render the page; filters in its address are those of the list."""
        query = request.GET.urlencode()
        events = reverse(_ROUTE.format("calendar_events"))
        context = {
            "tabs": counted_tabs("calendar", Visibility.of(request.user), timezone.now()),
            "return_url": request.get_full_path(),
            "list_url": f"{reverse(_ROUTE.format('circuitmaintenance_list'))}?{query}",
            "is_filtered": bool(query),
            # Not "settings": core's title and footer show values of Django's under this name.
            "calendar": {
                "events": f"{events}?{query}" if query else events,
                "zone": timezone.get_current_timezone_name(),
                "now": timezone.localtime().isoformat(),
                "mayAcknowledge": request.user.has_perm("nautobot_circuit_maintenance.change_circuitmaintenance"),
            },
        }
        return self.page(request, **context)


class CalendarEventsView(PermittedView):
    """The windows of a period."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the windows; 400 with a period that makes no sense or with filters that are not valid.

        Without a period, it is that of six weeks around now.
        """
        now = timezone.now()
        period = {"start": (now - timedelta(days=14)).isoformat(), "end": (now + timedelta(days=28)).isoformat()}
        if any(name in request.GET for name in period):
            period = {name: request.GET.get(name, "") for name in period}
        since, until = (_moment(value) for value in period.values())
        if not since or not until or not timedelta() < until - since <= _LONGEST or not has_storable_query(request):
            return JsonResponse(
                {"detail": f"start and end must be moments with a zone, at most {_LONGEST.days} days apart."},
                status=400,
            )
        filters = request.GET.copy()
        for name in _OWN:
            filters.pop(name, None)
        visibility, zone = Visibility.of(request.user), timezone.get_current_timezone()
        filterset = CircuitMaintenanceFilterSet(filters, visibility.maintenances, request=request)
        if not filterset.is_valid():
            return JsonResponse({"detail": filterset.errors}, status=400)
        address = CircuitMaintenance(pk=_NO_PK).get_absolute_url().replace(_NO_PK, "{}")  # not resolved for each window
        windows = read_windows(visibility, filterset.qs, since, until, now)
        return JsonResponse([_event(each, address, zone) for each in windows], safe=False)


def _event(window: CalendarWindow, address: str, zone: Any) -> dict[str, Any]:
    """Return a window as the calendar takes it, in the user's zone."""
    tone = "over" if window.is_over else window.impact or "none"
    return {
        "title": f"{window.provider} {window.name}" if window.provider else window.name,
        "start": window.start.astimezone(zone).isoformat(),
        "end": window.end.astimezone(zone).isoformat(),
        "url": address.format(window.maintenance),
        "classNames": [f"ncm-{tone.lower()}"],
        "status": window.status,
        "impact": window.impact,
        "ack": window.is_acknowledged,
        "over": window.is_over,
        "seen": window.seen.isoformat(),
    }


def _moment(text: str) -> datetime | None:
    """Return a moment of the query string in UTC; None if it is not one."""
    try:
        # A plus sign in a query string is a space.
        moment = parse_datetime(text.replace(" ", "+"))
        return moment.astimezone(zones.utc) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):  # month 13; the first or the last day of the calendar
        return None
