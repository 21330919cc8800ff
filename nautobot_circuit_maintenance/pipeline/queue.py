"""The queue is the table: who takes which waiting notifications, how often that was tried, and what is set aside."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.models import Notification, ParsedNotification
from nautobot_circuit_maintenance.pipeline.outcomes import Outcome

CHUNK = 50
"""Notifications that are digested in one transaction at most; a kill loses at most their webhooks and job hooks."""

CHUNK_BYTES = 2 * 1024 * 1024
"""Raw bytes that a chunk has at most, unless a single notification has more: they are in memory together."""

MAX_ATTEMPTS = 3
"""A notification that stopped its worker so often is set aside."""

LOCK_GRACE = 1.0
"""Seconds that a worker has between claiming a notification and locking it, before another one takes it for dead."""

_LOCK_PAUSES = (0.0, 0.01, 0.05, 0.2)
"""Seconds to wait before each look at what is ours and locked nevertheless."""

_RELEASE_PAUSES = (0.0, 0.1, 0.5, 2.0)
"""Seconds to wait before each try to take attempts back in a database that has just failed."""

_LONGEST_REASON = 2_000


class Claim(NamedTuple):
    """A notification that this worker is about to digest, unless another one is faster."""

    pk: UUID
    attempts: int
    """How often it was tried, this time included; whoever reads another number has lost it."""
    is_again: bool
    """Whether it was tried or digested before."""


class Queue:
    """The waiting notifications among some; any number of workers may take from it at once."""

    def __init__(self, rows: QuerySet[Notification], *, counts_attempts: bool) -> None:
        """Know where to look; nothing is read yet. In a dry run attempts are not counted."""
        digested = ParsedNotification.objects.filter(notification=OuterRef("pk"))
        is_again = Q(attempts__gt=0) | Q(Exists(digested))
        self._fresh = rows.filter(~is_again, state=State.RECEIVED)
        self._again = rows.filter(is_again, state=State.RECEIVED)
        self._counts_attempts = counts_attempts
        self.set_aside = 0
        """How many were met that are not tried any more."""

    def chunks(self, *, only_new: bool = False) -> Iterator[list[Claim]]:
        """Yield what to digest next: what is new, many at a time, then, unless it is left out, what is not."""
        yield from self._new_ones()
        if not only_new:
            yield from self._others()

    def _new_ones(self) -> Iterator[list[Claim]]:
        """Yield what was never begun, oldest first, until each was."""
        while rows := self._claim(self._fresh):
            yield [Claim(row.pk, row.attempts + self._counts_attempts, False) for row in rows]

    def _others(self) -> Iterator[list[Claim]]:
        """Yield one by one what was begun before: if it stopped a worker, it may do it again and take no other along."""
        order = ("attempts", "received_at", "fingerprint")
        seen_at = time.monotonic()
        for pk, attempts in list(self._again.order_by(*order).values_list("pk", "attempts")):
            if attempts:
                # Its worker may be alive, and about to lock it: an attempt more would blame the mail for nothing.
                time.sleep(max(0.0, seen_at + LOCK_GRACE - time.monotonic()))
            # Another number now: another worker has claimed it since.
            for row in self._claim(self._again.filter(pk=pk, attempts=attempts)):
                if row.attempts < MAX_ATTEMPTS:
                    yield [Claim(row.pk, row.attempts + self._counts_attempts, True)]

    def _claim(self, rows: QuerySet[Notification]) -> list[Notification]:
        """Take the oldest of these rows that no other worker holds; return them as they were before.

        The attempt is committed before the work begins, so that it counts even if the worker is killed.
        """
        with transaction.atomic():
            free = rows.select_for_update(skip_locked=True, of=("self",)).order_by("received_at", "fingerprint")
            taken = _fitting(free.only("attempts", "size", "received_at", "fingerprint")[:CHUNK])
            lost = [row.pk for row in taken if row.attempts >= MAX_ATTEMPTS]
            if lost:
                reason = f"RUN-04: Parsing stopped the worker {MAX_ATTEMPTS} times (memory, time limit, crash or database error)."
                Notification.objects.filter(pk__in=lost).update(state=State.FAILED, error=reason)
                self.set_aside += len(lost)
            elif taken and self._counts_attempts:
                Notification.objects.filter(pk__in=[row.pk for row in taken]).update(attempts=F("attempts") + 1)
        return taken


def _fitting(rows: QuerySet[Notification]) -> list[Notification]:
    """Return the first of these rows that fit into a chunk together; one, however large it is."""
    taken: list[Notification] = []
    size = 0
    for row in rows:
        size += row.size
        if taken and size > CHUNK_BYTES:
            break
        taken.append(row)
    return taken


def lock(claims: Sequence[Claim]) -> list[Notification]:
    """Lock these notifications with their raw bytes until the transaction ends; without those that others have.

    A worker that looks for something to claim may hold a row for a moment that it does not get: PostgreSQL locks what
    has changed since the statement began before it looks again whether it is still wanted. Hence several looks.
    """
    rows: list[Notification] = []
    ours = {claim.pk: claim.attempts for claim in claims}
    for pause in _LOCK_PAUSES:
        time.sleep(pause)
        free = _waiting(ours).select_for_update(skip_locked=True, of=("self",)).defer(None)
        locked = [row for row in free.select_related("provider", "source") if row.attempts == ours[row.pk]]
        rows += locked
        for row in locked:
            del ours[row.pk]
        if not _waiting(ours).exists():
            break
    return sorted(rows, key=lambda row: (row.received_at, row.fingerprint))


def _waiting(attempts: dict[UUID, int]) -> QuerySet[Notification]:
    """Return those of these notifications that still wait with one of these numbers of attempts."""
    return Notification.objects.filter(pk__in=list(attempts), attempts__in=set(attempts.values()), state=State.RECEIVED)


def release(claims: Sequence[Claim]) -> None:
    """Take the attempt back of notifications that were not tried."""
    for attempts in {claim.attempts for claim in claims}:
        same = [claim.pk for claim in claims if claim.attempts == attempts]
        waiting = Notification.objects.filter(pk__in=same, state=State.RECEIVED, attempts=attempts)
        waiting.update(attempts=attempts - 1)


@contextmanager
def refund_attempts_on_outage(claims: Sequence[Claim]) -> Iterator[None]:
    """Take an attempt back that the database ended, or the time limit of the job: neither is a fault of the mail's.

    Where the connection was lost it stays counted: that may be this mail's work, as any death of a worker.
    """
    session = connection.connection
    try:
        yield
    except (OperationalError, InterfaceError, SoftTimeLimitExceeded):
        if connection.connection is session:
            _release_surely(claims)
        raise


def _release_surely(claims: Sequence[Claim]) -> None:
    """Release claims in a database that has just failed, and may fail a moment longer."""
    for pause in _RELEASE_PAUSES:
        time.sleep(pause)
        with suppress(OperationalError, InterfaceError):
            release(claims)
            return


def set_aside(claim: Claim, reason: str) -> Outcome:
    """Store why a notification failed, unless another worker has taken it since."""
    waiting = Notification.objects.filter(pk=claim.pk, state=State.RECEIVED, attempts=claim.attempts)
    stored = waiting.update(state=State.FAILED, error=storable(reason)[:_LONGEST_REASON])
    return Outcome.FAILED if stored else Outcome.WAITING
