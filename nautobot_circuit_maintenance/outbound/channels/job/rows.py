"""The rows of jobs: what circuits wait for is a Delivery, from before the job is enqueued until it has ended."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from nautobot.extras.models import Job

from nautobot_circuit_maintenance.choices import DeliveryStateChoices as State, EventChoices, PhaseChoices as Phase
from nautobot_circuit_maintenance.models import Delivery, Subscription
from nautobot_circuit_maintenance.outbound.channels.job.pending import Before, Held
from nautobot_circuit_maintenance.outbound.state import digest_of


def rows_of_jobs(*states: str, phase: str = "") -> QuerySet[Any]:
    """Return the rows of jobs in these states, the oldest first."""
    rows: QuerySet[Any] = Delivery.objects.filter(event=EventChoices.JOB, state__in=states).order_by("created", "pk")
    return rows.filter(phase=phase) if phase else rows


def write_befores(subscription: Subscription, befores: Iterable[Before], *, lag: timedelta, now: datetime) -> None:
    """Write what a subscription has to run before windows; another run that writes the same at this moment changes nothing."""
    due = list(befores)
    if not due:
        return
    rows = Delivery.objects.filter(
        subscription=subscription, phase=Phase.BEFORE, window__in={each.window for each in due}
    )
    earlier = Counter(rows.order_by().values_list("window", flat=True))
    Delivery.objects.bulk_create(
        [_before(subscription, each, earlier[each.window] + 1, lag=lag, now=now) for each in due], ignore_conflicts=True
    )


def _before(subscription: Subscription, before: Before, ordinal: int, *, lag: timedelta, now: datetime) -> Delivery:
    return Delivery(
        subscription=subscription,
        maintenance_id=before.maintenance,
        channel=subscription.channel,
        event=EventChoices.JOB,
        key=_key(str(subscription.pk), before.window, Phase.BEFORE, ordinal),
        subject=_subject(subscription, Phase.BEFORE),
        over_at=before.start + lag,
        created=now,
        next_attempt=now,
        user=subscription.owner,
        window=before.window,
        phase=Phase.BEFORE,
        data={
            "job": str(subscription.job_id),
            "maintenance": str(before.maintenance),
            "circuits": list(before.circuits),
            "ordinal": ordinal,
        },
    )


def write_after(before: Delivery, now: datetime) -> None:
    """Write the *after* of what is about to be enqueued, in its transaction; once."""
    subscription = before.subscription
    row = Delivery(
        subscription=subscription,
        maintenance=before.maintenance,
        channel=before.channel,
        event=EventChoices.JOB,
        key=after_key(before),
        subject=_subject(subscription, Phase.AFTER),
        created=now,
        next_attempt=now,
        user=before.user,
        window=before.window,
        phase=Phase.AFTER,
        data=before.data,
    )
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    # A person tries a failed job again, and what is to run after it has run already.
    again = {"state": State.WAITING, "sent_at": None, "job_result": None, "attempts": 0, "next_attempt": now}
    Delivery.objects.filter(key=row.key).exclude(state__in=State.OPEN).update(**again)


def after_key(before: Delivery) -> str:
    """Return the key of the *after* of a *before*."""
    return digest_of(before.key, Phase.AFTER)


def before_of(after: Delivery) -> Delivery | None:
    """Return the *before* of an *after*; None if it was removed."""
    rows = Delivery.objects.filter(window=after.window, phase=Phase.BEFORE, event=EventChoices.JOB)
    return next((row for row in rows if after_key(row) == after.key), None)


def held_by(rows: Iterable[Delivery]) -> list[Held]:
    """Return what these rows hold; each has its subscription loaded."""
    return [
        Held(
            key=row.key,
            subscription=row.subscription_id if _still_wanted(row) else None,
            maintenance=row.maintenance_id,
            circuits=frozenset(row.data.get("circuits", ())),
        )
        for row in rows
    ]


def job_of(row: Delivery) -> Job | None:
    """Return the job of a row; None if it was deleted."""
    return Job.objects.filter(pk=row.data.get("job")).first()


def variables_of(row: Delivery, circuits: Iterable[Any]) -> dict[str, Any]:
    """Return what the job of a row is given; these are the circuits that still exist."""
    maintenance = {"maintenance": str(row.maintenance_id)} if row.maintenance_id else {}
    return {**maintenance, "circuits": [str(pk) for pk in circuits], "phase": row.phase}


def _still_wanted(row: Delivery) -> bool:
    """Return whether the subscription of a row would do the same today."""
    subscription = row.subscription
    if not (subscription and subscription.enabled and subscription.channel == row.channel):
        return False
    return bool(str(subscription.job_id) == row.data.get("job"))


def _key(subscription: str, window: UUID, phase: str, ordinal: int) -> str:
    return digest_of("job", subscription, str(window), phase, str(ordinal))


def _subject(subscription: Subscription | None, phase: str) -> str:
    return f"{subscription.job if subscription else 'Job'}: {phase}"
