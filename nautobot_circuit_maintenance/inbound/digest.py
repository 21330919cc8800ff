"""Drains the queue of recorded notifications: each is parsed and applied in a transaction of its own (T2)."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from billiard.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet
from nautobot.apps.change_logging import web_request_context
from nautobot.apps.choices import ObjectChangeEventContextChoices

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.inbound import parse
from nautobot_circuit_maintenance.inbound.apply import apply_updates
from nautobot_circuit_maintenance.inbound.errors import ParseError
from nautobot_circuit_maintenance.inbound.identify import parser_names
from nautobot_circuit_maintenance.inbound.values import Envelope, Outcome, storable
from nautobot_circuit_maintenance.models import CircuitMaintenance, CircuitMatcher, Notification

logger = logging.getLogger(__name__)

CHUNK = 50
"""Notifications that share one change context: a kill loses at most the webhooks and job hooks of one chunk."""

MAX_ATTEMPTS = 3
"""A notification that stopped its worker so often is set aside."""

_LONGEST_REASON = 2_000
_FILTERED = "The provider's parser recognised it as no maintenance notification."
_CONTEXT_DETAIL = "Handle Circuit Maintenance Notifications"

Row = tuple[UUID, int]
"""Primary key of a waiting notification, and how often it was attempted."""


@dataclass
class Digester:
    """Digests notifications on behalf of one user; keeps each provider's circuits for one chunk."""

    user: AbstractUser | None = None
    dry_run: bool = False
    change_id: UUID = field(default_factory=uuid4)
    matchers: dict[UUID, CircuitMatcher] = field(default_factory=dict)

    def drain(self, queue: QuerySet[Notification], is_time_left: Callable[[], bool]) -> Counter[Outcome]:
        """Digest what waits in this queue, oldest first, while there is time.

        Any number of workers may drain at once. Raises OperationalError or InterfaceError when the database fails:
        the row at hand keeps waiting.
        """
        outcomes: Counter[Outcome] = Counter()
        for chunk in _chunks(queue.filter(state=State.RECEIVED)):
            with self._change_context():
                for row in chunk:
                    if not is_time_left():
                        return outcomes
                    outcomes[self.digest(*row)] += 1
        return outcomes

    def digest(self, pk: UUID, attempts: int) -> Outcome:
        """Parse and apply one notification; WAITING means that another worker has it."""
        if attempts >= MAX_ATTEMPTS:
            reason = f"Reading it stopped the worker {attempts} times: too much memory or time, or a crash."
            return _set_aside(pk, attempts, reason)
        if not self.dry_run:
            # Compare and swap: whoever lost the race sees another number and leaves the row alone. Committed before
            # the work begins, so that it counts even if the worker is killed. (In a dry run nothing is committed.)
            waiting = Notification.objects.filter(pk=pk, state=State.RECEIVED, attempts=attempts)
            if not waiting.update(attempts=F("attempts") + 1):
                return Outcome.WAITING
            attempts += 1
        try:
            with nullcontext() if self.dry_run else _uncounted_where_the_database_fails(pk, attempts):
                return self._retried_once(pk, attempts)
        except (SoftTimeLimitExceeded, OperationalError, InterfaceError):
            raise  # the run ends here, the row waits for the next one
        except (ParseError, ValidationError) as error:
            return _set_aside(pk, attempts, _reason(error))
        except Exception as error:  # pylint: disable=broad-exception-caught  # see below
            # Our own defect must not stop the mail behind it; the reason is on the row, the traceback in the log.
            logger.exception("Digesting notification %s failed", pk, extra={"skip_db_logging": True})
            return _set_aside(pk, attempts, f"Unexpected {type(error).__name__}: {error}")

    def _retried_once(self, pk: UUID, attempts: int) -> Outcome:
        """Digest; once more after an IntegrityError: another worker created the maintenance, a circuit was deleted."""
        try:
            return self._digest(pk, attempts)
        except IntegrityError:
            self.matchers.clear()
            return self._digest(pk, attempts)

    def _digest(self, pk: UUID, attempts: int) -> Outcome:
        with transaction.atomic():
            notification = _lock(pk, attempts)
            if notification is None:
                return Outcome.WAITING
            envelope = Envelope(notification.received_at, notification.sent_at, notification.fingerprint)
            updates = parse.parse(bytes(notification.raw), parser_names(notification.provider), envelope)
            apply_updates(notification, updates, self._matcher(notification.provider_id), self._record_change)
            state, reason = (State.PARSED, "") if updates else (State.IGNORED, _FILTERED)
            Notification.objects.filter(pk=pk).update(state=state, error=reason)
        return Outcome(state)

    def _matcher(self, provider_id: UUID) -> CircuitMatcher:
        if provider_id not in self.matchers:
            self.matchers[provider_id] = CircuitMatcher(provider_id)
        return self.matchers[provider_id]

    def _record_change(self, maintenance: CircuitMaintenance, action: str) -> None:
        """Write the one change record of a maintenance; Nautobot sends hooks and events when the context ends."""
        change = maintenance.to_objectchange(action)
        change.user = self.user
        change.user_name = self.user.username if self.user else _CONTEXT_DETAIL
        change.request_id = self.change_id
        change.change_context = ObjectChangeEventContextChoices.CONTEXT_JOB
        change.change_context_detail = _CONTEXT_DETAIL
        change.save()

    @contextmanager
    def _change_context(self) -> Iterator[None]:
        """Give a chunk its own change context, outside its transactions; a dry run has none."""
        self.matchers.clear()
        self.change_id = uuid4()
        context: AbstractContextManager[object] = nullcontext()
        if not self.dry_run:
            context = web_request_context(
                self.user or AnonymousUser(),
                context_detail=_CONTEXT_DETAIL,
                change_id=self.change_id,
                context=ObjectChangeEventContextChoices.CONTEXT_JOB,
            )
        with context:
            yield


def _chunks(queue: QuerySet[Notification]) -> Iterator[list[Row]]:
    """Yield the waiting rows that no other worker holds, oldest first, each once: one that goes on waiting is not met again."""
    after = Q()
    while True:
        with transaction.atomic():  # Only for the look: without it a row at hand elsewhere would be waited for later.
            free = queue.filter(after).select_for_update(skip_locked=True, of=("self",))
            rows = list(
                free.order_by("received_at", "fingerprint").values_list("pk", "attempts", "received_at", "fingerprint")[
                    :CHUNK
                ]
            )
        if not rows:
            return
        yield [(pk, attempts) for pk, attempts, _, _ in rows]
        received_at, fingerprint = rows[-1][2:]
        after = Q(received_at__gt=received_at) | Q(received_at=received_at, fingerprint__gt=fingerprint)


def _lock(pk: UUID, attempts: int) -> Notification | None:
    """Lock a waiting row with its raw bytes until the transaction ends; None if another worker has it."""
    waiting = Notification.objects.select_for_update(skip_locked=True, of=("self",))
    waiting = waiting.filter(pk=pk, state=State.RECEIVED, attempts=attempts)
    locked: Notification | None = waiting.select_related("provider").defer(None).first()
    return locked


@contextmanager
def _uncounted_where_the_database_fails(pk: UUID, attempts: int) -> Iterator[None]:
    """Take an attempt back that the database ended: a full disk or a deadlock is no fault of the mail's.

    Where the connection was lost it stays counted: that may be this mail's work, as any death of a worker.
    """
    session = connection.connection
    try:
        yield
    except (OperationalError, InterfaceError):
        if connection.connection is session:
            with suppress(OperationalError, InterfaceError):
                waiting = Notification.objects.filter(pk=pk, state=State.RECEIVED, attempts=attempts)
                waiting.update(attempts=attempts - 1)
        raise


def _set_aside(pk: UUID, attempts: int, reason: str) -> Outcome:
    """Store why a row failed, unless another worker has taken it since."""
    waiting = Notification.objects.filter(pk=pk, state=State.RECEIVED, attempts=attempts)
    stored = waiting.update(state=State.FAILED, error=storable(reason)[:_LONGEST_REASON])
    return Outcome.FAILED if stored else Outcome.WAITING


def _reason(error: ParseError | ValidationError) -> str:
    return "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)
