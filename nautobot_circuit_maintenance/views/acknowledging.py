"""Acknowledging: only what the user has seen."""

from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template import Context
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from nautobot.apps.ui import PostButton

from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.ui.links import as_query

SEEN = "seen"
"""Parameter of a request: as of when the page showed the maintenance that its user acknowledges."""


def acknowledge(request: HttpRequest, rows: QuerySet[CircuitMaintenance]) -> None:
    """Acknowledge these maintenances on behalf of the user, and say so.

    One that changed after the page was made is left alone: what the user took note of holds no longer.
    """
    seen = _seen(request)
    done, changed = [], []
    with transaction.atomic():
        # In the order in which workers lock them, or one would wait for the other for ever.
        for maintenance in rows.order_by("provider_id", "name").select_for_update(of=("self",)):
            if seen and maintenance.last_updated and maintenance.last_updated > seen:
                changed.append(maintenance)
                continue
            maintenance.acknowledge(request.user, timezone.now())
            maintenance.validated_save()
            done.append(maintenance)
    if done:
        messages.success(request, f"Acknowledged {_named(done)}.")
    elif not changed:
        messages.warning(request, "Nothing to acknowledge: tick what nobody has acknowledged yet.")
    if changed:
        messages.warning(
            request,
            f"Not acknowledged: {_named(changed)} changed after the page was made. Look at it again, then acknowledge.",
        )


def _named(rows: list[CircuitMaintenance]) -> str:
    return str(rows[0]) if len(rows) == 1 else f"{len(rows)} circuit maintenances"


def _seen(request: HttpRequest) -> datetime | None:
    """Return as of when the user saw what is to be acknowledged; None where the request does not say."""
    text = request.GET.get(SEEN) or request.POST.get(SEEN) or ""
    try:
        moment = parse_datetime(text)
    except ValueError:  # of the right shape, but no date: month 13
        return None
    return moment if moment and moment.tzinfo else None


class AcknowledgeButton(PostButton):
    """Shown to those who may change this maintenance, while it has, or has not, been acknowledged."""

    shown_if_ack = False

    def should_render(self, context: Context) -> bool:
        """Ask the maintenance, then the permissions, its constraints included."""
        maintenance = context["object"]
        if maintenance.ack != self.shown_if_ack:
            return False
        user = context["request"].user
        return CircuitMaintenance.objects.restrict(user, "change").filter(pk=maintenance.pk).exists()

    def get_link(self, context: Context) -> str | None:
        """Say which state of the maintenance the page shows."""
        link = super().get_link(context)
        return f"{link}?{as_query({SEEN: context['object'].last_updated})}" if link else link
