"""Never a flood: a recipient with more than 20 waiting messages gets one digest of each subscription instead."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count

from nautobot_circuit_maintenance.choices import DeliveryStateChoices as State
from nautobot_circuit_maintenance.models import Delivery, Subscription, Thread
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.state import digest_of
from nautobot_circuit_maintenance.outbound.writing import Writer, occasion_of, supersede

MOST_WAITING = 20
TOO_LATE = "SUB-05: It was too late to send it."


def fold(channels: MessageChannels, name: str, now: datetime) -> None:
    """Fold what waits for crowded recipients of a channel; what is unsure, and digests, are left alone."""
    waiting = Delivery.objects.messages().filter(channel=name, state=State.WAITING, thread__isnull=False)
    waiting = waiting.filter(subscription__isnull=False).order_by()
    crowded = waiting.values("recipient").annotate(count=Count("pk")).filter(count__gt=MOST_WAITING)
    for recipient in sorted(crowded.values_list("recipient", flat=True)):
        subscriptions = waiting.filter(recipient=recipient).values("subscription")
        for subscription in Subscription.objects.filter(pk__in=subscriptions, channel=name).order_by("name"):
            _fold(Writer(subscription, channels, now), recipient)


def _fold(writer: Writer, recipient: str) -> None:
    with transaction.atomic():
        waiting = writer.subscription.threads.filter(
            recipient=recipient, open__state=State.WAITING, open__thread__isnull=False
        )
        locked = waiting.order_by("pk").select_for_update(of=("self",), skip_locked=True)
        threads = {thread.open_id: thread for thread in locked}
        rows = list(
            Delivery.objects.filter(pk__in=list(threads), state=State.WAITING)
            .order_by("created", "pk")
            .select_for_update(skip_locked=True)
        )
        late = [row for row in rows if row.over_at and row.over_at <= writer.now]
        release(late, TOO_LATE, writer.now)
        left = [row for row in rows if row not in late]
        if len(left) > 1:
            _write_digest(writer, [(threads[row.pk], row) for row in left])


def _write_digest(writer: Writer, folded: Sequence[tuple[Thread, Delivery]]) -> None:
    rows = [row for _, row in folded]
    key = digest_of("folded", *sorted(row.key for row in rows))
    values = writer.digest_values(key, [(thread, occasion_of(row)) for thread, row in folded])
    digest = write_delivery(values, writer.now)
    supersede(rows, into=digest)
    Thread.objects.filter(pk__in=[thread.pk for thread, _ in folded]).update(open=digest)


def write_delivery(values: dict[str, Any], now: datetime) -> Delivery:
    """Write a digest; one that was given up before is written again."""
    digest: Delivery
    digest, _ = Delivery.objects.update_or_create(
        key=values["key"], defaults=values, create_defaults={**values, "created": now}
    )
    return digest


def release(rows: Sequence[Delivery], reason: str, now: datetime) -> None:
    """Give up waiting deliveries, so that their conversations are looked at again; what a digest folded is needed again."""
    supersede(rows, reason)
    keys = [row.pk for row in rows]
    if keys:
        Delivery.objects.filter(folded_into__in=keys).update(folded_into=None)
        Thread.objects.filter(open__in=keys).update(open=None, due=now)
