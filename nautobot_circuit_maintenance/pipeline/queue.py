"""The queue of waiting notifications, which is their table: claims, locks, attempts, and giving up."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.models import Notification, ParsedNotification
from nautobot_circuit_maintenance.pipeline.outcomes import Outcome
from nautobot_circuit_maintenance.pipeline.repeating import repeated
from nautobot_circuit_maintenance.pipeline.turns import Turns
from nautobot_circuit_maintenance.service_errors import ABORTS_THE_RUN

CHUNK = 50
"""Most notifications to digest in one transaction; a kill loses at most their webhooks and job hooks."""

CHUNK_BYTES = 2 * 1024 * 1024
"""Most raw bytes in a chunk, unless a single notification has more; they are in memory together."""

MAX_ATTEMPTS = 3
"""Attempts after which a notification that stopped its worker each time is marked as failed."""

LOCK_GRACE = 1.0
"""Seconds that a worker has between claiming a notification and locking it before it counts as dead."""

_LOCK_PAUSES = (0.0, 0.01, 0.05, 0.2)
"""Seconds to wait before each attempt to lock our own claims."""

_RELEASE_PAUSES = (0.0, 0.1, 0.5, 2.0)
"""Seconds to wait before each attempt to release claims in a database that has just failed."""

_LONGEST_REASON = 2_000


class QueueClaim(NamedTuple):
    """A notification that this worker is about to digest, unless another one claims it first."""

    pk: UUID
    attempts: int
    """Number of attempts, this one included; a worker that reads another number has lost its claim."""
    is_retry: bool
    """Whether it was tried or digested before."""


class _Retry(NamedTuple):
    """A notification that was tried or digested before, and waits."""

    pk: UUID
    attempts: int
    provider: UUID
    seen_at: float
    """When it was seen waiting (``time.monotonic``)."""


class Queue:
    """The waiting notifications of a queryset; any number of workers may claim from it at once."""

    def __init__(self, rows: QuerySet[Notification], *, counts_attempts: bool, turns: Turns | None = None) -> None:
        """Prepare the queries; nothing is read yet. In a dry run attempts are not counted."""
        digested = ParsedNotification.objects.filter(notification=OuterRef("pk"))
        is_retry = Q(attempts__gt=0) | Q(Exists(digested))
        self._fresh = rows.filter(~is_retry, state=State.RECEIVED)
        self._retries = rows.filter(is_retry, state=State.RECEIVED)
        self._counts_attempts = counts_attempts
        self._turns = turns or Turns()
        self.given_up: list[UUID] = []
        """Notifications that were marked as failed after too many attempts."""

    def chunks(self, *, only_new: bool = False) -> Iterator[list[QueueClaim]]:
        """Yield what to digest next: new notifications, many at a time, then the retries.

        Then the rest of those providers that had to go behind the others, in the same order. With ``only_new``, only what
        was never tried, without that rest.
        """
        yield from self._new_chunks()
        if only_new:
            return
        postponed: dict[UUID, list[_Retry]] = {}
        for each in self._waiting_retries():
            if each.provider in self._turns.behind:
                postponed.setdefault(each.provider, []).append(each)
            else:
                yield from self._retry(each)
        yield from self._new_chunks(of_slow=True)
        while postponed:
            provider = next((each for each in self._turns.behind if each in postponed), next(iter(postponed)))
            yield from self._retry(postponed[provider].pop(0))
            postponed = {each: rest for each, rest in postponed.items() if rest}

    def _new_chunks(self, *, of_slow: bool = False) -> Iterator[list[QueueClaim]]:
        """Yield notifications that were never tried, oldest first, until none is left."""
        while rows := self._claim_fresh() or (self._claim_of_slow() if of_slow else []):
            yield [QueueClaim(row.pk, row.attempts + self._counts_attempts, False) for row in rows]

    def _claim_fresh(self) -> list[Notification]:
        """Claim what was never tried, of providers that do not go behind the others."""
        return self._claim(self._fresh.exclude(provider__in=self._turns.behind))

    def _claim_of_slow(self) -> list[Notification]:
        """Claim what was never tried, of the one of the others for which this worker has worked least."""
        for provider in self._turns.behind:
            if rows := self._claim(self._fresh.filter(provider=provider)):
                return rows
        return []

    def _waiting_retries(self) -> Iterator[_Retry]:
        """Yield the retries that wait now, those with the fewest attempts first."""
        seen_at = time.monotonic()
        rows = self._retries.order_by("attempts", "received_at", "fingerprint")
        for pk, attempts, provider in list(rows.values_list("pk", "attempts", "provider")):
            yield _Retry(pk, attempts, provider, seen_at)

    def _retry(self, each: _Retry) -> Iterator[list[QueueClaim]]:
        """Yield a retry alone, so that a notification that crashes its worker affects no other."""
        if each.attempts:
            # Its worker may be alive and about to lock it; another attempt would blame the message for nothing.
            time.sleep(max(0.0, each.seen_at + LOCK_GRACE - time.monotonic()))
        # With another number of attempts it has been claimed by another worker.
        for row in self._claim(self._retries.filter(pk=each.pk, attempts=each.attempts)):
            if row.attempts < MAX_ATTEMPTS:
                yield [QueueClaim(row.pk, row.attempts + self._counts_attempts, True)]

    def _claim(self, rows: QuerySet[Notification]) -> list[Notification]:
        """Claim the oldest of these rows that no other worker has locked; return them as they were before.

        The attempt is committed before the work starts, so that it counts even if the worker is killed.
        """
        return repeated(partial(self._try_to_claim, rows))

    def _try_to_claim(self, rows: QuerySet[Notification]) -> list[Notification]:
        with transaction.atomic():
            free = rows.select_for_update(skip_locked=True, of=("self",)).order_by("received_at", "fingerprint")
            taken = _fitting(free.only("attempts", "size", "received_at", "fingerprint")[:CHUNK])
            hopeless = [row.pk for row in taken if row.attempts >= MAX_ATTEMPTS]
            if hopeless:
                reason = (
                    f"RUN-04: Parsing stopped the worker {MAX_ATTEMPTS} times "
                    "(memory, time limit, crash or database error)."
                )
                Notification.objects.filter(pk__in=hopeless).update(state=State.FAILED, error=reason)
                self.given_up += hopeless
            elif taken and self._counts_attempts:
                Notification.objects.filter(pk__in=[row.pk for row in taken]).update(attempts=F("attempts") + 1)
        return taken


def _fitting(rows: QuerySet[Notification]) -> list[Notification]:
    """Return the first of these rows that fit into a chunk together; at least one, however large it is."""
    taken: list[Notification] = []
    size = 0
    for row in rows:
        size += row.size
        if taken and size > CHUNK_BYTES:
            break
        taken.append(row)
    return taken


def lock(claims: Sequence[QueueClaim]) -> list[Notification]:
    """Lock claimed notifications until the transaction ends and return them with their raw bytes.

    Skips those that another worker has. A worker that looks for something to claim may hold a row that it does not get
    for a moment: PostgreSQL locks a row that changed since the statement started before it checks the conditions again.
    Hence several attempts.
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


def release(claims: Sequence[QueueClaim]) -> None:
    """Undo the attempt of notifications that were not tried."""
    for attempts in {claim.attempts for claim in claims}:
        same = [claim.pk for claim in claims if claim.attempts == attempts]
        waiting = Notification.objects.filter(pk__in=same, state=State.RECEIVED, attempts=attempts)
        repeated(partial(waiting.update, attempts=attempts - 1))


@contextmanager
def refund_attempts_on_outage(claims: Sequence[QueueClaim]) -> Iterator[None]:
    """Do not count an attempt that was ended by an outage or the job's time limit.

    If the connection was lost it does count: the message may be the cause, as with any death of a worker.
    """
    session = connection.connection
    try:
        yield
    except ABORTS_THE_RUN:
        if connection.connection is session:
            _release_patiently(claims)
        raise


def _release_patiently(claims: Sequence[QueueClaim]) -> None:
    """Release claims in a database that has just failed, and may fail for a moment longer."""
    for pause in _RELEASE_PAUSES:
        time.sleep(pause)
        with suppress(OperationalError, InterfaceError):
            release(claims)
            return


def mark_failed(claim: QueueClaim, reason: str) -> Outcome:
    """Store why a notification failed, unless another worker has claimed it since."""
    waiting = Notification.objects.filter(pk=claim.pk, state=State.RECEIVED, attempts=claim.attempts)
    stored = repeated(partial(waiting.update, state=State.FAILED, error=storable(reason)[:_LONGEST_REASON]))
    return Outcome.FAILED if stored else Outcome.WAITING
