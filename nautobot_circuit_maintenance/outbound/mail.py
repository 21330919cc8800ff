"""Email that needs a person, and sources that cannot be read."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import EventChoices as Event
from nautobot_circuit_maintenance.domain.text import shortened
from nautobot_circuit_maintenance.models import Notification, NotificationSource, Subscription, Thread
from nautobot_circuit_maintenance.outbound.links import linking
from nautobot_circuit_maintenance.outbound.owners import Owner
from nautobot_circuit_maintenance.outbound.state import MailState, Occasion, digest_of, from_json
from nautobot_circuit_maintenance.outbound.waiting import Pending

FAILED_RUNS = 3
"""In a row, before a source is worth a message."""
ONCE_IN = timedelta(hours=24)
"""A source that fails again and again is one message in this time."""
_LONGEST_ERROR = 500


def pending_of_notifications(
    subscription: Subscription, threads: Iterable[Thread], owner: Owner, _now: datetime
) -> dict[UUID, list[Pending]]:
    """Return what is to be said about each of these notifications: once for each state that needs a person."""
    rows = list(threads)
    wanted = owner.visibility.notifications.needing_attention().filter(pk__in=[row.subject_id for row in rows])
    found = {each.pk: each for each in wanted}
    is_wanted, link = Event.NEEDS_A_PERSON in subscription.events, linking()
    return {
        row.pk: [_of_notification(row, found[row.subject_id], link)] if is_wanted and row.subject_id in found else []
        for row in rows
    }


def _of_notification(thread: Thread, row: Notification, link: Callable[[str], str]) -> Pending:
    state = MailState(
        id=str(row.pk),
        name=row.subject or "(no subject)",
        state=row.state,
        sender=row.sender,
        error=shortened(row.error, _LONGEST_ERROR),
        since=row.received_at,
        url=link(row.get_absolute_url()),
    )
    return Pending(digest_of(str(thread.pk), Event.NEEDS_A_PERSON, row.state), Occasion(Event.NEEDS_A_PERSON, state))


def pending_of_sources(
    subscription: Subscription, threads: Iterable[Thread], owner: Owner, now: datetime
) -> dict[UUID, list[Pending]]:
    """Return what is to be said about each of these sources: once for each time that it began to fail, once in 24 hours."""
    rows = list(threads)
    found = {each.pk: each for each in failing(owner.visibility).filter(pk__in=[row.subject_id for row in rows])}
    is_wanted = Event.NEEDS_A_PERSON in subscription.events
    return {
        row.pk: _of_source(row, found[row.subject_id], now) if is_wanted and row.subject_id in found else []
        for row in rows
    }


def failing(visibility: Visibility):  # type: ignore[no-untyped-def]  # a queryset, whose type Nautobot does not have
    """Return the sources that failed in several runs in a row."""
    return visibility.sources.filter(failed_runs__gte=FAILED_RUNS, failing_since__isnull=False)


def _of_source(thread: Thread, row: NotificationSource, now: datetime) -> list[Pending]:
    since = row.failing_since
    last_state = from_json(thread.last_state) if thread.last_state else None
    if isinstance(last_state, MailState) and last_state.since and now - last_state.since < ONCE_IN:
        return []
    state = MailState(
        id=str(row.pk),
        name=row.name,
        state="failing",
        error=shortened(row.last_error, _LONGEST_ERROR),
        since=since,
        url=linking()(row.get_absolute_url()),
    )
    key = digest_of(str(thread.pk), Event.NEEDS_A_PERSON, since.isoformat() if since else "")
    return [Pending(key, Occasion(Event.NEEDS_A_PERSON, state, last_state))]
