"""How the emails of a provider read by a habit of it, before it is kept."""

from typing import Any, NamedTuple

from django.db.models import QuerySet
from nautobot.circuits.models import Circuit, Provider

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.custom_fields import ORDER, ZONE, AppField
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.providers import provider_facts
from nautobot_circuit_maintenance.pipeline.proposals import LARGEST, propose_for
from nautobot_circuit_maintenance.reading.proposal.values import ORDER as ASKED_ORDER, ZONE as ASKED_ZONE, Proposal

MOST = 20
"""Emails that are looked at: each takes some milliseconds."""


class Habit(NamedTuple):
    """Something that a provider always does in its emails."""

    name: str
    """Of a fact of the provider: "order" or "zone"."""
    value: str

    @property
    def field(self) -> AppField:
        """Where it is kept."""
        return _FIELDS[self.name]

    @property
    def sentence(self) -> str:
        """What the provider does."""
        return _SENTENCES[self.name].format(self.value)


_FIELDS = {"order": ORDER, "zone": ZONE}
_ASKED = {"order": ASKED_ORDER, "zone": ASKED_ZONE}
_SENTENCES = {"order": "writes the {}", "zone": "means {} where its emails name no time zone"}


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
    found = [each for each in ORDER.choices if window in _windows(row, row.provider, Habit("order", each))]
    return found[0] if len(found) == 1 else ""


def preview(rows: QuerySet[Notification], provider: Provider, habit: Habit) -> list[Preview]:
    """Return the newest emails of a provider that a habit is about, with their windows by it."""
    newest = rows.filter(state__in=(State.PARSED, State.FAILED), raw__isnull=False, size__lte=LARGEST).defer(None)
    found = []
    for row in newest.prefetch_related("parsed_notifications").order_by("-received_at", "fingerprint")[:MOST]:
        if not _is_about(row, provider, habit):
            continue
        updates = [each.as_update() for each in row.parsed_notifications.all()]
        recorded = sorted({window for update in updates for window in update.windows})
        found.append(Preview(row, recorded, list(_windows(row, provider, habit))))
    return found


def _is_about(row: Notification, provider: Provider, habit: Habit) -> bool:
    """Return whether an email would make a person be asked for the habit, if it was not known."""
    found = _proposal(row, provider, habit._replace(value=""))
    return found is not None and any(question.kind == _ASKED[habit.name] for question in found.questions)


def _windows(row: Notification, provider: Provider, habit: Habit) -> tuple[Window, ...]:
    found = _proposal(row, provider, habit)
    return (found.windows.value or ()) if found else ()


def _proposal(row: Notification, provider: Provider, habit: Habit) -> Proposal | None:
    """Return what is proposed for an email; without the inventory: windows do not depend on circuits."""
    changed: Any = {habit.name: habit.value}
    try:
        return propose_for(row, provider_facts(provider)._replace(**changed), Circuit.objects.none())
    except ParseError:  # of propose_for(): the message cannot be looked at
        return None
