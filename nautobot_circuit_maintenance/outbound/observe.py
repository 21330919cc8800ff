"""Observes what changed and what the clock made true, and marks the conversations in which something may have to be sent."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from nautobot_circuit_maintenance.choices import EventChoices as Event, ThreadSubjectChoices as Subject
from nautobot_circuit_maintenance.models import MaintenanceChange, MaintenanceWindow, Subscription, Thread
from nautobot_circuit_maintenance.outbound.audience import recipients_of
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.errors import Silent
from nautobot_circuit_maintenance.outbound.facts_of_clock import LATE_AFTER, OF_CLOCK, OVERDUE_AFTER
from nautobot_circuit_maintenance.outbound.owners import Owners
from nautobot_circuit_maintenance.outbound.stored_filters import matching
from nautobot_circuit_maintenance.outbound.why_silent import note_silent

CHANGES_AT_ONCE = 500
_OF_TIME = {*OF_CLOCK, Event.AT_RISK}
_OF_MAINTENANCES = {Event.NEW, Event.CHANGED, Event.CANCELLED, *OF_CLOCK}


def observe_changes(channels: MessageChannels, now: datetime) -> int:
    """Observe every change that was committed; return how many. One transaction for each 500."""
    total = 0
    while count := _observe_some(channels, now):
        total += count
    return total


def _observe_some(channels: MessageChannels, now: datetime) -> int:
    with transaction.atomic():
        waiting = MaintenanceChange.objects.filter(dispatched=None).order_by("at", "id")
        rows = list(waiting.select_for_update(skip_locked=True)[:CHANGES_AT_ONCE])
        if not rows:
            return 0
        newest: dict[UUID, datetime] = {}
        for row in rows:
            newest[row.maintenance_id] = max(row.at, newest.get(row.maintenance_id, row.at))
        subscriptions = Subscription.objects.filter(enabled=True, channel__in=channels.names).order_by("name")
        owners = Owners()
        for group in _groups(subscriptions, _OF_MAINTENANCES):
            _observe_group(group, newest, owners, channels, now)
        mark_due(Thread.objects.filter(subject_type=Subject.MAINTENANCE, subject_id__in=newest), now)
        MaintenanceChange.objects.filter(pk__in=[row.pk for row in rows]).update(dispatched=now)
        return len(rows)


def _groups(subscriptions: Iterable[Subscription], events: Set[str]) -> list[list[Subscription]]:
    """Return the subscriptions to one of these events, those of one owner and filter together."""
    groups: defaultdict[Any, list[Subscription]] = defaultdict(list)
    for each in subscriptions:
        if not events.isdisjoint(each.events):
            groups[each.owner_id, repr(sorted(each.maintenance_filter.items()))].append(each)
    return list(groups.values())


def _observe_group(
    group: Sequence[Subscription],
    newest: Mapping[UUID, datetime],
    owners: Owners,
    channels: MessageChannels,
    now: datetime,
) -> None:
    """Open the conversations of subscriptions of one owner and filter about what changed since they began."""
    wanted = {each.pk: [pk for pk, at in newest.items() if at >= each.begun] for each in group}
    among = {pk for own in wanted.values() for pk in own}
    _open_matching(group, wanted, among, owners, channels, now)


def _open_matching(
    group: Sequence[Subscription],
    wanted: Mapping[UUID, Collection[UUID]],
    among: Collection[UUID],
    owners: Owners,
    channels: MessageChannels,
    now: datetime,
) -> None:
    if not among:
        return
    try:
        visibility = owners.visibility(group[0])
        found = matching(group[0].maintenance_filter, visibility, among)
    except Silent as error:  # visibility and matching
        note_silent([each.pk for each in group], str(error))
        return
    for each in group:
        subjects = [pk for pk in wanted[each.pk] if pk in found]
        is_addressed = channels.is_addressed(each.channel)
        open_threads(each, recipients_of(each, subjects, visibility, is_addressed=is_addressed), now)


def open_threads(
    subscription: Subscription,
    recipients: Mapping[UUID, Iterable[Any]],
    now: datetime,
    subject_type: str = Subject.MAINTENANCE,
) -> None:
    """Mark the conversations of a subscription about these subjects as due; those that do not exist are opened."""
    rows = [
        Thread(
            subscription=subscription,
            subject_type=subject_type,
            subject_id=pk,
            recipient=each.address,
            recipient_name=each.name,
            due=now,
        )
        for pk, own in recipients.items()
        for each in own
    ]
    if rows:
        Thread.objects.bulk_create(rows, ignore_conflicts=True, batch_size=CHANGES_AT_ONCE)
        keys = list(recipients)
        mark_due(subscription.threads.filter(subject_type=subject_type, subject_id__in=keys), now)


def mark_due(threads: Any, now: datetime) -> None:
    """Mark conversations of enabled subscriptions as due, locked in one order; those that are due already stay as they are."""
    rows = threads.filter(due=None, subscription__enabled=True).order_by("pk").select_for_update(of=("self",))
    with transaction.atomic():
        keys = list(rows.values_list("pk", flat=True))
        if keys:
            Thread.objects.filter(pk__in=keys).update(due=now)


def observe_clock(channels: MessageChannels, now: datetime) -> None:
    """Mark the conversations about windows whose moment came since the last run; a fixed number of queries if there is none.

    A cursor is safe here: it is compared with windows, not with commits. What is committed later is observed as a change.
    """
    with transaction.atomic():
        rows = Subscription.objects.filter(enabled=True, channel__in=channels.names, clock__lt=now)
        subscriptions = [each for each in rows.order_by("name") if not _OF_TIME.isdisjoint(each.events)]
        if not subscriptions:
            return
        spans, owners = list(_windows(subscriptions, now)), Owners()
        for group in _groups(subscriptions, set(OF_CLOCK)) if spans else ():
            wanted = {each.pk: _crossed(each, spans, now) for each in group}
            _open_matching(group, wanted, set().union(*wanted.values()), owners, channels, now)
        Subscription.objects.filter(pk__in=[each.pk for each in subscriptions]).update(clock=now)


def _windows(subscriptions: Iterable[Subscription], now: datetime) -> Iterator[tuple[UUID, datetime, datetime]]:
    """Yield maintenance, start and end of the windows that may have had a moment, and for which it is not too late."""
    earliest: dict[int, datetime] = {}
    for each in subscriptions:
        earliest[each.lead_time] = min(each.clock, earliest.get(each.lead_time, each.clock))
    since = min(earliest.values())
    late = now - LATE_AFTER - OVERDUE_AFTER
    condition = Q(start_time__gt=since, start_time__lte=now, end_time__gt=now)
    condition |= Q(end_time__gt=max(since - OVERDUE_AFTER, late), end_time__lte=now)
    for hours, clock in earliest.items():
        lead = timedelta(hours=hours)
        condition |= Q(start_time__gt=max(clock + lead, now), start_time__lte=now + lead)
    rows = MaintenanceWindow.objects.filter(condition)
    yield from rows.values_list("maintenance", "start_time", "end_time").iterator()


def _crossed(subscription: Subscription, spans: Iterable[tuple[UUID, datetime, datetime]], now: datetime) -> set[UUID]:
    """Return the maintenances of which a moment came since the subscription was last looked at."""
    lead = subscription.reminds_before
    return {
        pk
        for pk, start, end in spans
        if any(subscription.clock < moment <= now for moment in (start - lead, start, end, end + OVERDUE_AFTER))
    }
