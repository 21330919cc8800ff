"""Acknowledging on the pages: only what the user has seen."""

from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template import Context
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.models.acknowledgement import AcknowledgeResult, acknowledge
from nautobot_circuit_maintenance.ui.links import as_query
from nautobot_circuit_maintenance.views.buttons import ChangeButton

SEEN = "seen"
"""Request parameter: ``last_updated`` of the maintenance, or the time of the list, as the user saw it."""


def acknowledge_seen(request: HttpRequest, rows: QuerySet[CircuitMaintenance]) -> None:
    """Acknowledge maintenances on behalf of the user and show the result as messages."""
    result = acknowledge(rows, request.user, now=timezone.now(), seen_at=_seen_at(request))
    _show(request, result)


def _show(request: HttpRequest, result: AcknowledgeResult) -> None:
    if result.acknowledged:
        messages.success(request, f"Acknowledged {_named(result.acknowledged)}.")
    elif not result.changed:
        messages.warning(request, "No unacknowledged maintenances were selected.")
    if len(result.changed) == 1:
        messages.warning(
            request,
            f"{result.changed[0]} was changed after this page was loaded and has not been acknowledged. "
            "Review it and try again.",
        )
    elif result.changed:
        messages.warning(
            request,
            f"{_named(result.changed)} were changed after this page was loaded and have not been acknowledged. "
            "Review them and try again.",
        )


def _named(rows: list[CircuitMaintenance]) -> str:
    return str(rows[0]) if len(rows) == 1 else f"{len(rows)} circuit maintenances"


def _seen_at(request: HttpRequest) -> datetime | None:
    """Return the time up to which the user saw changes; None if the request has none."""
    value = request.GET.get(SEEN) or request.POST.get(SEEN) or ""
    try:
        seen_at = parse_datetime(value)
    except ValueError:  # well-formed, but not a date: month 13
        return None
    return seen_at if seen_at and seen_at.tzinfo else None


class AcknowledgeButton(ChangeButton):
    """A button for users who may change the maintenance, in one of its two states."""

    shown_if_ack = False

    def should_render(self, context: Context) -> bool:
        """Check the state, then the permissions with their constraints; what is over needs no acknowledgement."""
        maintenance = context["object"]
        if maintenance.ack != self.shown_if_ack or (not maintenance.ack and maintenance.is_over(timezone.now())):
            return False
        return super().should_render(context)

    def get_link(self, context: Context) -> str | None:
        """Add which state of the maintenance the page shows."""
        link = super().get_link(context)
        return f"{link}?{as_query({SEEN: context['object'].last_updated})}" if link else link
