"""*Add from This Email*: the button, and the page behind it."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template import Context
from django.utils.module_loading import import_string
from nautobot.apps.ui import Button
from rest_framework.decorators import action

from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.manual import ADDABLE, may_add
from nautobot_circuit_maintenance.ui.http import NOT_STORED
from nautobot_circuit_maintenance.views.asking import ASKING

_PAGE = "nautobot_circuit_maintenance.views.add_page.AddPage"


class AddButton(Button):
    """A button for users who may change the notification and add maintenances, while its message is stored."""

    def should_render(self, context: Context) -> bool:
        """Check state and message, then the permissions with their constraints."""
        user, row = context["request"].user, context["object"]
        if row.state not in ADDABLE or not may_add(user):
            return False
        rows = Notification.objects.restrict(user, "change").filter(pk=row.pk, raw__isnull=False)
        return rows.exists()


class AddMixin:
    """The page of notifications that adds a maintenance."""

    get_object: Any

    @action(detail=True, url_path="add-maintenance", url_name="add_maintenance", **ASKING)
    def add_maintenance(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Show the filled form, then add or update the maintenance."""
        row = self.get_object()
        if row.raw is None or row.state not in ADDABLE:
            raise Http404(NOT_STORED)
        if not may_add(request.user):
            raise PermissionDenied("You may neither add nor change maintenances.")
        # It reads the message: not at each start of a web process.
        return import_string(_PAGE)(request, row).response()
