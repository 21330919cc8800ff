"""What people do with deliveries: try one again, or drop it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from nautobot_circuit_maintenance.choices import DeliveryStateChoices as State
from nautobot_circuit_maintenance.models import Delivery, Thread

CHANGEABLE = (*State.OPEN, State.FAILED)
"""States in which a person can try a delivery again, or drop it."""


class NotPossible(Exception):
    """The delivery does not allow it; ``str()`` is the sentence for the user."""


def retry(pk: UUID) -> None:
    """Have a delivery sent by the next run, whenever it was due; raises NotPossible."""
    _change(pk, _again)


def drop(pk: UUID, user: Any) -> None:
    """Do not send a delivery, and list a failed one no longer; what changes later is sent all the same.

    Raises NotPossible.
    """
    _change(pk, lambda delivery, threads: _dropped(delivery, threads, user))


def _change(pk: UUID, change: Callable[[Delivery, Any], None]) -> None:
    """Lock the conversations, then the delivery, as runs do, and change it."""
    with transaction.atomic():
        known = Delivery.objects.get(pk=pk)
        keys = {*known.states, *([str(known.thread_id)] if known.thread_id else [])}
        threads = Thread.objects.filter(pk__in=keys)
        list(threads.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        delivery = Delivery.objects.select_for_update(of=("self",)).get(pk=pk)
        if delivery.state not in CHANGEABLE:
            raise NotPossible(f"This is not possible: the delivery is {delivery.get_state_display().lower()}.")
        change(delivery, threads)


def _again(delivery: Delivery, threads: Any) -> None:
    if threads.filter(open__isnull=False).exclude(open=delivery).exists():
        raise NotPossible("A newer message of this conversation waits. It says what this one would have said.")
    values: dict[str, Any] = {"next_attempt": timezone.now()}
    if delivery.state == State.FAILED:
        values |= {"state": State.WAITING, "attempts": 0, "error": ""}
    Delivery.objects.filter(pk=delivery.pk).update(**values)
    threads.update(open=delivery)


def _dropped(delivery: Delivery, threads: Any, user: Any) -> None:
    was_begun = " It may have been sent." if delivery.state == State.UNSURE else ""
    error = f"Dropped by {user.get_username()}.{was_begun} {delivery.error}".rstrip()
    Delivery.objects.filter(pk=delivery.pk).update(state=State.SUPERSEDED, error=error)
    threads.filter(open=delivery).update(open=None)
