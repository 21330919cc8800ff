"""Some notifications that are parsed and applied in one transaction (T2), or one by one if that fails."""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, transaction
from nautobot.apps.choices import ObjectChangeEventContextChoices
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.choices import (
    PIPELINE_CONTEXT,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.domain.errors import ParseError, TooManyError
from nautobot_circuit_maintenance.models import CircuitMatcher, Notification
from nautobot_circuit_maintenance.models.changes import send_after_commit
from nautobot_circuit_maintenance.models.manual_readings import ManualReading, manual_readings
from nautobot_circuit_maintenance.models.providers import has_parsers, parser_names
from nautobot_circuit_maintenance.pipeline.admission import Admission
from nautobot_circuit_maintenance.pipeline.apply.apply import NotificationUpdates, apply_updates
from nautobot_circuit_maintenance.pipeline.defects import coded, describe
from nautobot_circuit_maintenance.pipeline.inventories import Inventories
from nautobot_circuit_maintenance.pipeline.layouts.drift import count_refusals
from nautobot_circuit_maintenance.pipeline.layouts.reader import LayoutReaders
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult, Outcome
from nautobot_circuit_maintenance.pipeline.placeholders import settle_placeholders
from nautobot_circuit_maintenance.pipeline.queue import (
    QueueClaim,
    lock,
    mark_failed,
    refund_attempts_on_outage,
    release,
)
from nautobot_circuit_maintenance.pipeline.quotes import missing_notice, quoting, settle_replies
from nautobot_circuit_maintenance.pipeline.repeating import repeated
from nautobot_circuit_maintenance.reading.base import Reading
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.reading.parse import parse
from nautobot_circuit_maintenance.reading.second_opinion import with_opinions
from nautobot_circuit_maintenance.service_errors import ABORTS_THE_RUN

logger = logging.getLogger(__name__)

CHUNK_SECONDS = 5.0
"""Parsing time after which the rest of a chunk keeps waiting, because its rows are locked until it is applied."""

_MOST_COLLISIONS = 3
"""IntegrityErrors to tolerate (lost races) before treating one as a bug."""

_NOT_A_MAINTENANCE = "The provider's parser identified this as not a maintenance notification."


class End(NamedTuple):
    """The state in which a notification ends, and why."""

    state: str
    reason: str = ""
    is_for_layouts: bool = False
    """Whether layouts may read what no parser read."""


class _Results:
    """The ends of the notifications of one transaction."""

    def __init__(self) -> None:
        """Start empty."""
        self._rows: dict[End, list[UUID]] = {}

    def add(self, notification: Notification, end: End) -> None:
        """Add the end of a notification."""
        self._rows.setdefault(end, []).append(notification.pk)

    @property
    def by_end(self) -> Iterable[tuple[End, list[UUID]]]:
        """Each end with the primary keys of its notifications."""
        return self._rows.items()

    @property
    def keys(self) -> set[UUID]:
        """Primary keys of all notifications with an end."""
        return {pk for rows in self._rows.values() for pk in rows}

    def ended(self, rows: Iterable[Notification], state: str) -> list[Notification]:
        """Return those of these notifications that ended in a state, with its reason."""
        reasons = {pk: end.reason for end, keys in self._rows.items() if end.state == state for pk in keys}
        found = [row for row in rows if row.pk in reasons]
        for row in found:
            row.error = reasons[row.pk]
        return found

    @property
    def outcomes(self) -> dict[UUID, Outcome]:
        """The outcome of each notification, by primary key."""
        return {pk: Outcome(end.state) for end, rows in self._rows.items() for pk in rows}


@dataclass
class Chunk:
    """Claimed notifications that are digested together."""

    claims: Sequence[QueueClaim]
    is_time_left: Callable[[], bool]
    user: AbstractUser | None
    change_id: UUID
    dry_run: bool
    changes: Counter[ApplyResult] = field(default_factory=Counter)
    """What was done to maintenances."""
    seconds: defaultdict[UUID, float] = field(default_factory=lambda: defaultdict(float))
    """Working time by primary key of the provider."""
    layouts: LayoutReaders = field(default_factory=lambda: LayoutReaders(()), init=False)
    """The taught layouts of the providers."""
    is_late: bool = False
    """Set once time ran out: the notifications that were not parsed wait for the next run."""

    def digest(self) -> dict[UUID, Outcome]:
        """Digest all in one transaction, or each in its own if that fails; return what became of each."""
        with nullcontext() if self.dry_run else refund_attempts_on_outage(self.claims):
            if len(self.claims) > 1:
                try:
                    return self._in_one_transaction(self.claims)
                except ABORTS_THE_RUN:
                    raise
                except Exception as error:  # pylint: disable=broad-exception-caught  # see below
                    # One of them must not stop the others: retried one by one, only that one fails.
                    logger.info("One by one: %s: %s", type(error).__name__, error, extra={"skip_db_logging": True})
            outcomes: dict[UUID, Outcome] = {}
            for claim in self.claims:
                outcomes |= self._alone(claim)
            return outcomes

    def _alone(self, claim: QueueClaim) -> dict[UUID, Outcome]:
        """Digest one notification, again after an IntegrityError.

        Another worker may have created the same maintenance, or a circuit may have been deleted.
        """
        try:
            for _ in range(_MOST_COLLISIONS):
                with suppress(IntegrityError):
                    return self._in_one_transaction([claim])
            return self._in_one_transaction([claim])
        except ABORTS_THE_RUN:
            raise
        except ParseError as error:  # apply_updates: a maintenance would hold too much
            return {claim.pk: mark_failed(claim, str(error))}
        except Exception as error:  # pylint: disable=broad-exception-caught  # see below
            # A bug must not stop the queue; the reason is stored on the row, the traceback is logged.
            logger.exception("Digesting notification %s failed", claim.pk, extra={"skip_db_logging": True})
            return {claim.pk: mark_failed(claim, coded(describe(error)))}

    def _in_one_transaction(self, claims: Sequence[QueueClaim]) -> dict[UUID, Outcome]:
        """Parse and apply these notifications (T2); those that another worker has locked count as WAITING."""
        return repeated(partial(self._attempt, claims))

    def _attempt(self, claims: Sequence[QueueClaim]) -> dict[UUID, Outcome]:
        results = _Results()
        with transaction.atomic():
            rows = lock(claims)
            read = self._read(rows, claims, results)
            applied = apply_updates(read, CircuitMatcher())
            self._store_records(change.record for change in applied.changes)
            self._store_records(count_refusals(each for own in self.layouts.attempts.values() for each in own))
            for end, keys in results.by_end:
                Notification.objects.filter(pk__in=keys).update(state=end.state, error=end.reason)
            settle_placeholders(results.ended(rows, State.PARSED), results.ended(rows, State.FAILED))
            settle_replies(read, _read_again)
            if not self.dry_run:
                unread = {row.pk for row in rows} - results.keys
                release([claim for claim in claims if claim.pk in unread])
            send_after_commit(applied.changes)
        self.changes += applied.results
        locked = {row.pk for row in rows}
        missed = [claim for claim in claims if claim.pk not in locked]
        if not self.dry_run:
            release(missed)  # After the commit: it waits for the worker that has them, and must not make others wait.
        return {**results.outcomes, **{claim.pk: Outcome.WAITING for claim in missed}}

    @contextmanager
    def _working_for(self, rows: Sequence[Notification]) -> Iterator[None]:
        """Add the time that the block takes to the working time for the providers of these notifications."""
        started = time.monotonic()
        try:
            yield
        finally:
            share = (time.monotonic() - started) / max(len(rows), 1)
            for row in rows:
                self.seconds[row.provider_id] += share

    def _read(
        self, rows: Sequence[Notification], claims: Sequence[QueueClaim], results: _Results
    ) -> list[NotificationUpdates]:
        """Parse while there is time; add the end of each notification to the results."""
        refused = Admission().decide(rows)
        is_retry = {claim.pk: claim.is_retry for claim in claims}
        deadline = time.monotonic() + CHUNK_SECONDS
        readings: list[NotificationUpdates] = []
        inventories = Inventories(row.provider_id for row in rows)
        manual = manual_readings(rows)
        self.layouts = LayoutReaders([row.provider_id for row in rows])
        for row in rows:
            self.is_late = not self.is_time_left()
            # The first one is always parsed, or a chunk could be started over and over.
            if self.is_late or (row is not rows[0] and time.monotonic() > deadline):
                break
            if row in refused:
                results.add(row, End(State.REFUSED, refused[row]))
                continue
            with self._working_for([row]):
                known = partial(inventories.known, row.provider)
                reading = self._with_layouts(row, _read_one(row, manual.get(row.fingerprint)), known)
                row.raw = None  # Frees memory: the raw bytes of a whole chunk can be large.
                if isinstance(reading, Reading):
                    reading = with_opinions(reading, known)
            if isinstance(reading, End):
                results.add(row, reading)
                continue
            results.add(row, _end_of_quote(row, reading, readings) if reading.quoted else _end(reading))
            readings.append(NotificationUpdates(row, reading.updates, is_retry[row.pk]))
        return readings

    def _with_layouts(self, row: Notification, reading: Reading | End, known: Callable[[], Known]) -> Reading | End:
        """Return what a layout reads where no parser does; what a parser read, or rightly ignored, is left as it is."""
        if isinstance(reading, End):
            if not reading.is_for_layouts:
                return reading
        elif reading or reading.ignored or reading.quoted:
            return reading
        found = self.layouts.read(row, known)
        if not isinstance(found, str):
            return Reading((found,))
        if not found:
            return reading
        if isinstance(reading, End):
            return End(State.FAILED, f"{found} {reading.reason}")
        return End(State.FAILED, found) if self.layouts.attempts.get(row.pk) else replace(reading, ignored=found)

    def _store_records(self, records: Iterable[ObjectChange]) -> None:
        """Store change records; Nautobot sends webhooks and events when the change context ends."""
        # Creates before updates: Nautobot searches for webhooks again whenever the action differs from the one before.
        ObjectChange.objects.bulk_create(sorted(map(self._signed, records), key=lambda record: record.action))

    def _signed(self, record: ObjectChange) -> ObjectChange:
        """Set who made a change, and its context."""
        record.user, record.user_name = self.user, self.user.username if self.user else PIPELINE_CONTEXT
        record.request_id = self.change_id
        record.change_context = ObjectChangeEventContextChoices.CONTEXT_JOB
        record.change_context_detail = PIPELINE_CONTEXT
        return record


def _end(reading: Reading) -> End:
    """Return the end of a notification that was read; what could not be read of it is kept as its error."""
    if reading:
        return End(State.PARSED, reading.error)
    return End(State.IGNORED, reading.ignored or _NOT_A_MAINTENANCE)


def _end_of_quote(row: Notification, reading: Reading, earlier: Iterable[NotificationUpdates]) -> End:
    """Return the end of a reply that only quotes a notice: it is ignored if the notice that it quotes is on record."""
    if reason := missing_notice(row, reading, earlier):
        return End(State.FAILED, reason)
    return End(State.IGNORED, quoting(reading))


def _read_one(row: Notification, manual: ManualReading | None = None) -> Reading | End:
    """Parse one notification; return what it announces, or its end if it cannot be parsed.

    What a person made of it is not parsed again.
    """
    if manual:
        return Reading(manual.as_updates(row.provenance))
    # Authentication covers the outer message only; attached messages are unauthenticated.
    reads_attached = row.sender_confirmed is None
    try:
        return parse(
            bytes(row.raw),
            parser_names(row.provider),
            row.provenance,
            reads_attached=reads_attached,
            are_chosen=has_parsers(row.provider),
        )
    except ParseError as error:
        return End(State.FAILED, str(error), is_for_layouts=not isinstance(error, TooManyError))


def _read_again(row: Notification) -> Reading | None:
    """Parse a notification that failed before; return None if that fails again."""
    reading = _read_one(row)
    return None if isinstance(reading, End) else reading
