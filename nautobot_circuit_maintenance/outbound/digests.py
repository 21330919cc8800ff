"""Daily and weekly digests: what is due in the conversations of a subscription, in one message for each recipient."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta, timezone, tzinfo
from typing import Any

from django.db import transaction
from django.db.models import Q

from nautobot_circuit_maintenance.choices import DeliveryStateChoices as State, EventChoices, RhythmChoices as Rhythm
from nautobot_circuit_maintenance.models import Delivery, Subscription, Thread
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.compose import is_said, known_deliveries, pending_of
from nautobot_circuit_maintenance.outbound.errors import Silent
from nautobot_circuit_maintenance.outbound.folding import write_delivery
from nautobot_circuit_maintenance.outbound.owners import Owners
from nautobot_circuit_maintenance.outbound.state import Occasion, digest_of
from nautobot_circuit_maintenance.outbound.waiting import Pending
from nautobot_circuit_maintenance.outbound.why_silent import note_sending, note_silent
from nautobot_circuit_maintenance.outbound.writing import Writer, zone_of

_DAY = timedelta(days=1)
_EVENTS = [event for event, _label in EventChoices.CHOICES]


def next_moment(after: datetime, at: time, zone: tzinfo, weekday: int | None = None) -> datetime:
    """Return the first moment after another one at this local time, on this day of the week if one is given.

    A time in the hour that clocks skip is that of the next moment that exists; one that comes twice is the first.
    """
    day = after.astimezone(zone).date()
    while True:
        moment = _existing(datetime.combine(day, at, zone))
        if moment > after and weekday in (None, day.weekday()):
            return moment
        day += _DAY


def _existing(local: datetime) -> datetime:
    """Return a local time in UTC; of one that does not exist, the moment at which clocks skip it."""
    before, after = (local.replace(fold=fold).astimezone(timezone.utc) for fold in (1, 0))
    if before >= after:  # it exists; "after" is the only one, or the first of two
        return after
    # The offset changes between the two: find the minute.
    while before < after and before.astimezone(local.tzinfo).utcoffset() == local.replace(fold=0).utcoffset():
        before += timedelta(minutes=1)
    return before


def compose_digests(channels: MessageChannels, now: datetime) -> int:
    """Write the digests whose moment has come; return how many."""
    rows = Subscription.objects.filter(enabled=True, channel__in=channels.names, digest_time__isnull=False)
    due = rows.exclude(rhythm=Rhythm.AT_ONCE).filter(Q(next_digest=None) | Q(next_digest__lte=now)).order_by("name")
    owners, written = Owners(), 0
    for key in list(due.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                subscription = due.filter(pk=key).select_for_update(of=("self",), skip_locked=True).first()
                if subscription:
                    written += _digest_of(subscription, owners, channels, now)
        except Silent as error:  # _digest_of
            note_silent([key], str(error))
    return written


def _digest_of(subscription: Subscription, owners: Owners, channels: MessageChannels, now: datetime) -> int:
    moment, zone = subscription.next_digest, zone_of(subscription)
    weekday = subscription.digest_day if subscription.rhythm == Rhythm.WEEKLY else None
    following = next_moment(now, subscription.digest_time, zone, weekday)
    Subscription.objects.filter(pk=subscription.pk).update(next_digest=following)
    if moment is None:
        return 0
    owner = owners.of(subscription)
    due = subscription.threads.filter(due__isnull=False).select_related("open").order_by("pk")
    threads = list(due.select_for_update(of=("self",), skip_locked=True))
    free = [each for each in threads if each.open is None or each.open.state not in State.OPEN]
    pending = pending_of(subscription, free, owner, channels, now)
    known = known_deliveries(pending.values())
    writer = Writer(subscription, channels, now)
    by_recipient: defaultdict[str, list[tuple[Thread, Pending]]] = defaultdict(list)
    for thread in free:
        left = [each for each in pending[thread.pk] if not is_said(known.get(each.key))]
        by_recipient[thread.recipient] += [(thread, each) for each in left]
        thread.open, thread.due = None, None
        thread.save(update_fields=["open", "due", "last_state"])
    local = moment.astimezone(zone).replace(tzinfo=None).isoformat()
    for recipient, about in by_recipient.items():
        about.sort(key=lambda each: _place(each[1].occasion))
        if about:
            _write(writer, digest_of(str(subscription.pk), recipient.casefold(), local), about)
    note_sending([subscription.pk])
    return sum(bool(about) for about in by_recipient.values())


def _place(occasion: Occasion) -> tuple[int, float, str, str]:
    """Return where an occasion stands in a digest: by its event, then by time, then by name."""
    spans = [*([occasion.window] if occasion.window else ()), *getattr(occasion.now, "windows", ())]
    begins = spans[0][0].timestamp() if spans else 0
    return _EVENTS.index(occasion.event), begins, occasion.now.name, occasion.now.id


def _write(writer: Writer, key: str, about: Sequence[tuple[Thread, Pending]]) -> None:
    """Write a digest, and for each fact in it a row that keeps it from being sent again."""
    values = writer.digest_values(key, [(thread, each.occasion) for thread, each in about])
    digest = write_delivery(values, writer.now)
    Thread.objects.filter(pk__in={thread.pk for thread, _ in about}).update(open=digest)
    keys = [each.key for _, each in about]
    Delivery.objects.filter(key__in=keys).update(folded_into=digest)
    stored = set(Delivery.objects.filter(key__in=keys).values_list("key", flat=True))
    Delivery.objects.bulk_create(
        _folded(writer, digest, ((thread, each) for thread, each in about if each.key not in stored))
    )


def _folded(writer: Writer, digest: Delivery, about: Iterable[tuple[Thread, Pending]]) -> list[Delivery]:
    common: dict[str, Any] = {
        "subscription": writer.subscription,
        "channel": writer.subscription.channel,
        "state": State.SUPERSEDED,
        "folded_into": digest,
        "created": writer.now,
        "next_attempt": writer.now,
    }
    return [
        Delivery(
            thread=thread,
            event=each.occasion.event,
            key=each.key,
            recipient=thread.recipient,
            recipient_name=thread.recipient_name,
            **common,
        )
        for thread, each in about
    ]
