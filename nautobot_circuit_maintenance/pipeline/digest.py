"""Drains the queue of recorded notifications: a chunk of them is parsed and applied in one transaction (T2)."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from nautobot.apps.change_logging import web_request_context
from nautobot.apps.choices import ObjectChangeEventContextChoices
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.choices import PIPELINE_CONTEXT, NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import Provenance
from nautobot_circuit_maintenance.models import CircuitMatcher, Notification
from nautobot_circuit_maintenance.models.providers import parser_names
from nautobot_circuit_maintenance.pipeline.admission import Admission
from nautobot_circuit_maintenance.pipeline.apply import NotificationUpdates, apply_updates
from nautobot_circuit_maintenance.pipeline.defects import coded, describe
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult, Outcome
from nautobot_circuit_maintenance.pipeline.queue import (
    Claim,
    Queue,
    lock,
    refund_attempts_on_outage,
    release,
    set_aside,
)
from nautobot_circuit_maintenance.reading.parse import parse

logger = logging.getLogger(__name__)

CHUNK_SECONDS = 5.0
"""Parsing that took so long is applied at once, the rest of the chunk goes on waiting: its rows are locked meanwhile."""

_MOST_COLLISIONS = 3
"""So often another worker may be faster; what the database refuses still is a defect."""

_FILTERED = "The provider's parser identified this as not a maintenance notification."

_STOPS_THE_RUN = (SoftTimeLimitExceeded, OperationalError, InterfaceError)
"""Nothing to be blamed on a mail: what waits is for the next run."""


@dataclass
class Digester:
    """Digests notifications on behalf of one user."""

    user: AbstractUser | None = None
    """Who stands in the change records; None: the pipeline itself."""
    dry_run: bool = False
    """Whether whoever calls rolls everything back: no attempt is counted, no webhook sent."""
    changes: Counter[ApplyResult] = field(default_factory=Counter)
    """What was done to maintenances so far."""

    def drain(
        self, queue: QuerySet[Notification], is_time_left: Callable[[], bool], *, only_new: bool = False
    ) -> Counter[Outcome]:
        """Digest what waits in this queue, or only what was never begun, oldest first, while there is time.

        Any number of workers may drain at once. Raises OperationalError or InterfaceError when the database fails:
        the rows at hand keep waiting.
        """
        outcomes: Counter[Outcome] = Counter()
        waiting = Queue(queue, counts_attempts=not self.dry_run)
        for claims in waiting.chunks(only_new=only_new):
            with self._change_context() as change_id:
                chunk = _Chunk(self, claims, change_id, is_time_left)
                outcomes += chunk.digest()
            if chunk.is_late:
                break
        outcomes[Outcome.FAILED] += waiting.set_aside
        return +outcomes

    @contextmanager
    def _change_context(self) -> Iterator[UUID]:
        """Give a chunk its own change context, outside its transactions; a dry run has none."""
        change_id = uuid4()
        context: AbstractContextManager[object] = nullcontext()
        if not self.dry_run:
            context = web_request_context(
                self.user or AnonymousUser(),
                context_detail=PIPELINE_CONTEXT,
                change_id=change_id,
                context=ObjectChangeEventContextChoices.CONTEXT_JOB,
            )
        with context:
            yield change_id


@dataclass
class _Chunk:
    """Some notifications that are digested together."""

    digester: Digester
    claims: Sequence[Claim]
    change_id: UUID
    is_time_left: Callable[[], bool]
    is_late: bool = False
    """Set once time was up: the notifications that were not read wait for the next run."""

    def digest(self) -> Counter[Outcome]:
        """Digest all in one transaction, or each in its own where that fails."""
        is_dry = self.digester.dry_run
        with nullcontext() if is_dry else refund_attempts_on_outage(self.claims):
            if len(self.claims) > 1:
                try:
                    return self._in_one_transaction(self.claims)
                except _STOPS_THE_RUN:
                    raise
                except Exception as error:  # pylint: disable=broad-exception-caught  # see below
                    # Whatever one of them did is no reason to keep the others waiting: alone, the culprit shows.
                    logger.info("One by one: %s: %s", type(error).__name__, error, extra={"skip_db_logging": True})
            outcomes: Counter[Outcome] = Counter()
            for claim in self.claims:
                outcomes += self._alone(claim)
            return outcomes

    def _alone(self, claim: Claim) -> Counter[Outcome]:
        """Digest one notification; again after an IntegrityError.

        Another worker created one of the same maintenances, or a circuit was deleted.
        """
        try:
            for _ in range(_MOST_COLLISIONS):
                with suppress(IntegrityError):
                    return self._in_one_transaction([claim])
            return self._in_one_transaction([claim])
        except _STOPS_THE_RUN:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught  # see below
            # Our own defect must not stop the mail behind it; the reason is on the row, the traceback in the log.
            logger.exception("Digesting notification %s failed", claim.pk, extra={"skip_db_logging": True})
            return Counter([set_aside(claim, coded(describe(error)))])

    def _in_one_transaction(self, claims: Sequence[Claim]) -> Counter[Outcome]:
        """Parse and apply what these notifications say (T2); WAITING are those that somebody else has locked."""
        records: list[ObjectChange] = []
        with transaction.atomic():
            rows = lock(claims)
            ends = _Ends()
            readings = list(self._read(rows, claims, ends))
            changes = apply_updates(readings, CircuitMatcher(), lambda record: records.append(self._signed(record)))
            # Creates before updates: Nautobot looks for hooks anew wherever the kind of change is another one.
            ObjectChange.objects.bulk_create(sorted(records, key=lambda record: record.action))
            ends.store()
            if not self.digester.dry_run:
                unread = {row.pk for row in rows} - ends.reached
                release([claim for claim in claims if claim.pk in unread])
        self.digester.changes += changes
        locked = {row.pk for row in rows}
        missed = [claim for claim in claims if claim.pk not in locked]
        if not self.digester.dry_run:
            release(missed)  # only now: it waits for whoever has them, and no one must wait for us meanwhile
        return ends.outcomes + Counter({Outcome.WAITING: len(missed)})

    def _read(
        self, rows: Sequence[Notification], claims: Sequence[Claim], ends: "_Ends"
    ) -> Iterator[NotificationUpdates]:
        """Parse while there is time; what cannot be read ends with its reason."""
        is_again = {claim.pk: claim.is_again for claim in claims}
        deadline = time.monotonic() + CHUNK_SECONDS
        refused = Admission().decide(rows)
        for row in rows:
            self.is_late = not self.is_time_left()
            # The first one is read whatever it takes, or a chunk could be begun again and again.
            if self.is_late or (row is not rows[0] and time.monotonic() > deadline):
                return
            if row in refused:
                ends.add(row, State.REFUSED, refused[row])
                continue
            provenance = Provenance(row.received_at, row.sent_at, row.fingerprint)
            # Authentication covers the outer message only; attached messages are unauthenticated.
            is_open = row.sender_confirmed is None
            try:
                updates = parse(bytes(row.raw), parser_names(row.provider), provenance, reads_attached=is_open)
            except ParseError as error:
                ends.add(row, State.FAILED, str(error))
                continue
            row.raw = None  # A chunk holds no more than it must.
            if updates:
                ends.add(row, State.PARSED, "")
            else:
                ends.add(row, State.IGNORED, _FILTERED)
            yield NotificationUpdates(row, updates, is_again[row.pk])

    def _signed(self, record: ObjectChange) -> ObjectChange:
        """Say who changed it and why; Nautobot sends hooks and events for it when the change context ends."""
        user = self.digester.user
        record.user, record.user_name = user, user.username if user else PIPELINE_CONTEXT
        record.request_id = self.change_id
        record.change_context = ObjectChangeEventContextChoices.CONTEXT_JOB
        record.change_context_detail = PIPELINE_CONTEXT
        return record


class _Ends:
    """In which state, and why, the notifications of a transaction end."""

    def __init__(self) -> None:
        """Nothing was reached yet."""
        self._rows: dict[tuple[str, str], list[UUID]] = {}

    def add(self, notification: Notification, state: str, reason: str) -> None:
        """Let a notification end so."""
        self._rows.setdefault((state, reason), []).append(notification.pk)

    def store(self) -> None:
        """Write the states, with one statement for each reason."""
        for (state, reason), rows in self._rows.items():
            Notification.objects.filter(pk__in=rows).update(state=state, error=reason)

    @property
    def reached(self) -> set[UUID]:
        """The notifications that have an end."""
        return {pk for rows in self._rows.values() for pk in rows}

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many ended in which state."""
        counts: Counter[Outcome] = Counter()
        for (state, _), rows in self._rows.items():
            counts[Outcome(state)] += len(rows)
        return counts
