"""How the emails of a provider read by a habit of it, before it is kept."""

from typing import NamedTuple

from django.db.models import QuerySet
from nautobot.circuits.models import Circuit, Provider

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.custom_fields import ORDER
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.providers import provider_facts
from nautobot_circuit_maintenance.pipeline.proposals import LARGEST, propose_for
from nautobot_circuit_maintenance.reading.proposal.values import ORDER as ASKED_ORDER, Proposal

MOST = 20
"""Emails that are looked at: each takes some milliseconds."""


class Preview(NamedTuple):
    """One email, as it is on record and as it would read."""

    notification: Notification
    recorded: list[Window]
    read: list[Window]
    """Empty if its dates can be read in one way only, or if nothing was found."""

    @property
    def differs(self) -> bool:
        """Whether it would read otherwise."""
        return bool(self.recorded and self.read) and self.recorded != self.read


def order_of(row: Notification, window: Window) -> str:
    """Return the order of day and month in which an email states a window; empty if it does in both or in none."""
    found = [each for each in ORDER.choices if window in _windows(row, row.provider, each)]
    return found[0] if len(found) == 1 else ""


def preview(rows: QuerySet[Notification], provider: Provider, order: str) -> list[Preview]:
    """Return the newest emails of a provider whose dates can be read in two ways, with their windows by this order."""
    newest = rows.filter(state__in=(State.PARSED, State.FAILED), raw__isnull=False, size__lte=LARGEST).defer(None)
    found = []
    for row in newest.prefetch_related("parsed_notifications").order_by("-received_at", "fingerprint")[:MOST]:
        if not _is_ambiguous(row, provider):
            continue
        updates = [each.as_update() for each in row.parsed_notifications.all()]
        recorded = sorted({window for update in updates for window in update.windows})
        found.append(Preview(row, recorded, list(_windows(row, provider, order))))
    return found


def _is_ambiguous(row: Notification, provider: Provider) -> bool:
    found = _proposal(row, provider, "")
    return found is not None and any(question.kind == ASKED_ORDER for question in found.questions)


def _windows(row: Notification, provider: Provider, order: str) -> tuple[Window, ...]:
    found = _proposal(row, provider, order)
    return (found.windows.value or ()) if found else ()


def _proposal(row: Notification, provider: Provider, order: str) -> Proposal | None:
    """Return what is proposed for an email; without the inventory: windows do not depend on circuits."""
    try:
        return propose_for(row, provider_facts(provider)._replace(order=order), Circuit.objects.none())
    except ParseError:  # of propose_for(): the message cannot be looked at
        return None
