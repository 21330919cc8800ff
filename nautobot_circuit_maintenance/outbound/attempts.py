"""Attempts to send a delivery: claiming one, and what follows from how sending it ended.

Conversations are locked before deliveries everywhere, so that workers cannot wait for each other in a circle.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from nautobot_circuit_maintenance.choices import DeliveryStateChoices as State, ThreadSubjectChoices as Subject
from nautobot_circuit_maintenance.models import CircuitMaintenance, Delivery, Subscription, Thread
from nautobot_circuit_maintenance.outbound.errors import Silent
from nautobot_circuit_maintenance.outbound.folding import TOO_LATE, release
from nautobot_circuit_maintenance.outbound.owners import visibility_of

LEASE = timedelta(minutes=10)
"""How long a claimed delivery is left alone: its worker may still be at it, a few times 30 seconds."""
BACK_OFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
"""Pauses after attempts that failed; after one attempt more, the delivery has failed."""


@dataclass(frozen=True)
class Claim:
    """A delivery that this worker is about to send."""

    delivery: Delivery
    was_unsure: bool
    """Whether an earlier attempt may have sent it."""


def claim(channel: str, now: datetime) -> Claim | None:
    """Claim the next delivery of a channel, and commit that it may be sent; those that must not be sent end here."""
    passed: set[UUID] = set()
    while True:
        with transaction.atomic():
            due = Delivery.objects.messages().filter(channel=channel, state__in=State.OPEN, next_attempt__lte=now)
            # What a channel failed with goes behind what waits: it may be this message that the channel fails with.
            in_order = due.exclude(pk__in=passed).order_by("next_attempt", "created", "id")
            key = in_order.values_list("pk", flat=True).first()
            if key is None:
                return None
            passed.add(key)
            row = _locked(due, key)
            if row is None:
                continue  # another worker has it
            reason = _why_not(row, now)
            if reason:
                _give_up(row, reason, now)
                continue
            was_unsure = row.state == State.UNSURE
            row.state, row.attempts, row.next_attempt = State.UNSURE, row.attempts + 1, now + LEASE
            row.save(update_fields=["state", "attempts", "next_attempt"])
        return Claim(row, was_unsure)


def _locked(due: Any, key: UUID) -> Delivery | None:
    """Lock a delivery, after its conversations; None if another worker has it."""
    _lock_threads(key)
    row: Delivery | None = due.filter(pk=key).select_for_update(of=("self",), skip_locked=True).first()
    return row


def _lock_threads(key: UUID) -> list[Thread]:
    return list(Thread.objects.filter(open=key).order_by("pk").select_for_update())


def _why_not(row: Delivery, now: datetime) -> str:
    """Return why a delivery must not be sent any more, or an empty string."""
    if row.over_at and row.over_at <= now:
        return TOO_LATE
    subscription = Subscription.objects.filter(pk=row.subscription_id, enabled=True, channel=row.channel).first()
    if subscription is None:
        return "SUB-06: The subscription was disabled, changed or deleted."
    try:
        visibility = visibility_of(subscription.owner_id)
    except Silent as error:  # visibility_of
        return str(error)
    threads = Thread.objects.filter(pk__in=list(row.states), subject_type=Subject.MAINTENANCE).order_by()
    stored = CircuitMaintenance.objects.filter(pk__in=threads.values("subject_id")).order_by()
    visible = visibility.maintenances.filter(pk__in=threads.values("subject_id"))
    if set(stored.values_list("pk", flat=True)) - set(visible.values_list("pk", flat=True)):
        return "SUB-07: The owner may not view it any more."
    return ""


def _give_up(row: Delivery, reason: str, now: datetime) -> None:
    """End a delivery that must not be sent: superseded if it never was, failed if it may have been."""
    if row.state == State.WAITING:
        release([row], reason, now)
        return
    Delivery.objects.filter(pk=row.pk).update(state=State.FAILED, error=reason)
    Thread.objects.filter(open=row.pk).update(open=None, due=now)


def note_sent(claimed: Claim, now: datetime) -> str:
    """Store that a message was sent, and in its conversations what it said."""
    row = claimed.delivery
    with transaction.atomic():
        for thread in _lock_threads(row.pk):
            thread.last_state, thread.last_key = row.states[str(thread.pk)], row.key
            if not thread.root_key and row.thread_id:
                thread.root_key, thread.subject = row.key, _subject(row)
            thread.open = None
            thread.save(update_fields=["last_state", "last_key", "root_key", "subject", "open"])
        Delivery.objects.filter(pk=row.pk).update(state=State.SENT, sent_at=now, error="")
    return State.SENT


def _subject(row: Delivery) -> str:
    """Return the subject that later messages have too; none if each has its own."""
    return row.subject if row.subscription and row.subscription.one_thread else ""


def note_failed(claimed: Claim, reason: str) -> str:
    """Store that a message was refused."""
    with transaction.atomic():
        _lock_threads(claimed.delivery.pk)
        if not _own(claimed).update(state=State.FAILED, error=reason):
            return State.UNSURE
        Thread.objects.filter(open=claimed.delivery.pk).update(open=None)
    return State.FAILED


def give_back(claimed: Claim, reason: str, now: datetime) -> None:
    """Store that the channel did not take a message through its own fault: it loses no attempt."""
    state = State.UNSURE if claimed.was_unsure else State.WAITING
    _own(claimed).update(state=state, attempts=claimed.delivery.attempts - 1, next_attempt=now, error=reason)


def put_off(claimed: Claim, reason: str, now: datetime, *, is_taken: bool, retry_after: float = 0) -> str:
    """Store when to try again; failed after the last attempt. ``is_taken``: whether it may have been sent now."""
    attempts = claimed.delivery.attempts
    if attempts > len(BACK_OFF):
        return note_failed(claimed, reason)
    pause = max(BACK_OFF[attempts - 1], timedelta(seconds=min(retry_after, BACK_OFF[-1].total_seconds())))
    state = State.UNSURE if is_taken or claimed.was_unsure else State.WAITING
    _own(claimed).update(state=state, next_attempt=now + pause, error=reason)
    return state


def _own(claimed: Claim) -> Any:
    """Return the row if no other worker has claimed it since."""
    row = claimed.delivery
    return Delivery.objects.filter(pk=row.pk, state=State.UNSURE, attempts=row.attempts)
