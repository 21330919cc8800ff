"""Composes what is sent at once: for each conversation that is due, at most one delivery that waits.

A conversation is locked while it is looked at. What waits is replaced by what is true now; what is unsure is never touched.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from nautobot_circuit_maintenance.choices import (
    DeliveryStateChoices as State,
    RhythmChoices as Rhythm,
    ThreadSubjectChoices as Subject,
)
from nautobot_circuit_maintenance.models import Delivery, Subscription, Thread
from nautobot_circuit_maintenance.outbound.audience import recipients_about, recipients_of
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.errors import Silent
from nautobot_circuit_maintenance.outbound.mail import pending_of_notifications, pending_of_sources
from nautobot_circuit_maintenance.outbound.owners import Owner, Owners
from nautobot_circuit_maintenance.outbound.sites import pending_of_sites
from nautobot_circuit_maintenance.outbound.waiting import Pending, pending_of_maintenances
from nautobot_circuit_maintenance.outbound.why_silent import note_sending, note_silent
from nautobot_circuit_maintenance.outbound.writing import Writer, supersede

THREADS_AT_ONCE = 100

PendingOf = Callable[[Subscription, Sequence[Thread], Owner, datetime], Mapping[UUID, list[Pending]]]
"""Returns what is to be said in conversations about one kind of subject, by their primary keys."""

SUBJECTS: dict[str, PendingOf] = {
    Subject.MAINTENANCE: pending_of_maintenances,
    Subject.SITE: pending_of_sites,
    Subject.NOTIFICATION: pending_of_notifications,
    Subject.SOURCE: pending_of_sources,
}
"""By what conversations are about."""


def compose(channels: MessageChannels, now: datetime) -> int:
    """Compose what is due of every subscription that sends at once; return how many deliveries were written."""
    due = Thread.objects.filter(subscription=OuterRef("pk"), due__isnull=False)
    rows = Subscription.objects.filter(Exists(due), enabled=True, channel__in=channels.names, rhythm=Rhythm.AT_ONCE)
    owners, written = Owners(), 0
    for subscription in rows.order_by("name"):
        try:
            written += _compose(subscription, owners.of(subscription), channels, now)
        except Silent as error:  # owners.of and matching
            note_silent([subscription.pk], str(error))
    return written


def _compose(subscription: Subscription, owner: Owner, channels: MessageChannels, now: datetime) -> int:
    """Compose what is due of one subscription, in transactions of 100 conversations."""
    composed: set[UUID] = set()
    written = 0
    while True:
        with transaction.atomic():
            threads = locked_threads(subscription, composed)
            if not threads:
                break
            composed |= {thread.pk for thread in threads}
            writer = Writer(subscription, channels, now)
            pending = pending_of(subscription, threads, owner, channels, now)
            known = known_deliveries(pending.values())
            written += sum(_write_next(writer, thread, pending[thread.pk], known) for thread in threads)
    if subscription.last_error:
        note_sending([subscription.pk])
    return written


def locked_threads(subscription: Subscription, but: Iterable[UUID]) -> list[Thread]:
    """Lock some due conversations that no other worker has locked."""
    due = subscription.threads.filter(due__isnull=False).exclude(pk__in=but).select_related("open")
    return list(due.order_by("due", "pk").select_for_update(of=("self",), skip_locked=True)[:THREADS_AT_ONCE])


def pending_of(
    subscription: Subscription,
    threads: Sequence[Thread],
    owner: Owner,
    channels: MessageChannels,
    now: datetime,
) -> dict[UUID, list[Pending]]:
    """Return what is to be said in these conversations; nothing to those who receive nothing any more."""
    found: dict[UUID, list[Pending]] = {thread.pk: [] for thread in threads}
    for kind, pending in SUBJECTS.items():
        own = [thread for thread in threads if thread.subject_type == kind]
        if not own:
            continue
        subjects = {thread.subject_id for thread in own}
        is_addressed = channels.is_addressed(subscription.channel)
        if kind == Subject.MAINTENANCE:
            recipients = recipients_of(subscription, subjects, owner.visibility, is_addressed=is_addressed)
        else:
            recipients = recipients_about(subscription, subjects, is_addressed=is_addressed)
        addresses = {pk: {each.address.casefold() for each in some} for pk, some in recipients.items()}
        left = [thread for thread in own if thread.recipient.casefold() in addresses[thread.subject_id]]
        found.update(pending(subscription, left, owner, now))
    return found


def known_deliveries(pending: Iterable[Iterable[Pending]]) -> dict[str, Delivery]:
    """Return the deliveries that state these facts already, by key."""
    keys = [each.key for some in pending for each in some]
    return {row.key: row for row in Delivery.objects.filter(key__in=keys)} if keys else {}


def is_said(delivery: Delivery | None) -> bool:
    """Return whether a delivery says its fact, or did all that it could; one that was replaced may yet be needed."""
    return delivery is not None and (delivery.state != State.SUPERSEDED or delivery.folded_into_id is not None)


def _write_next(writer: Writer, thread: Thread, pending: Sequence[Pending], known: Mapping[str, Delivery]) -> bool:
    """Let the first thing to say wait in a conversation, in place of what waits; return whether a delivery was written.

    A conversation stays due while there is more to say, or while what was begun is not over.
    """
    waits = thread.open if thread.open and thread.open.state in State.OPEN else None
    if waits and (waits.state == State.UNSURE or waits.thread_id is None):
        return False
    left = [each for each in pending if (waits and each.key == waits.key) or not is_said(known.get(each.key))]
    is_replaced = waits is not None and (not left or left[0].key != waits.key)
    if waits and is_replaced:
        supersede([waits])
    thread.open = _written(writer, thread, left[0], known, waits) if left else None
    thread.due = writer.now if len(left) > 1 else None
    thread.save(update_fields=["open", "due", "last_state"])
    return bool(left) and (is_replaced or waits is None)


def _written(
    writer: Writer, thread: Thread, pending: Pending, known: Mapping[str, Delivery], waits: Delivery | None
) -> Delivery:
    """Return the delivery of a thing to say; one that takes the place of another inherits how often that was attempted."""
    values: dict[str, Any] = writer.values(thread, pending)
    if waits:
        values |= {"attempts": waits.attempts, "next_attempt": waits.next_attempt, "error": waits.error}
    row = known.get(pending.key) or Delivery(created=writer.now)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return row
