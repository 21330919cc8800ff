"""How a mailbox kind reads on where its server fails to deliver some messages: they are retried by each run."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, ClassVar

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mail.senders import is_listed
from nautobot_circuit_maintenance.mailboxes.base import Batch, FetchRequest
from nautobot_circuit_maintenance.mailboxes.batching import I
from nautobot_circuit_maintenance.mailboxes.cursor import JsonCursor
from nautobot_circuit_maintenance.mailboxes.deferred import (
    MAX_FAILURES,
    DeferredMessages,
    DeferringCursor,
    deferred_json,
    read_deferred_since,
)
from nautobot_circuit_maintenance.mailboxes.incremental import FetchPlan, IncrementalMailbox, S


class DeferringMailbox(IncrementalMailbox[S, I]):
    """A mailbox in which a message that cannot be delivered does not stop those after it."""

    deferred: DeferredMessages[I]
    """Messages that the server fails to deliver; they stay in the cursor."""
    before_first: ClassVar[Any]
    """What a search has reached before its first message."""

    @abstractmethod
    def reconnect(self) -> None:
        """Make reading possible after a request failed; raises MailboxError."""

    @abstractmethod
    def undelivered(self) -> str:
        """Return the error, with its code, for the deferred messages: names one of them, and what to do."""

    def also_stored(self) -> dict[str, Any]:
        """Return the deferred messages."""
        return deferred_json(self.deferred.ids, self.deferred.since)

    def fetch(self, request: FetchRequest) -> Iterator[Batch]:
        """Yield deferred messages, the backlog of new senders, then what came after the cursor.

        Messages that the server fails to deliver do not stop those after them: the cursor keeps their ids, each run
        retries them, and its last batch names them. Raises MailboxError.
        """
        deferred_since = read_deferred_since(request.cursor) or request.resume_since
        request = replace(request, resume_since=min(request.resume_since, deferred_since))
        plan = self.plan(request)
        self.deferred = _deferred_messages(plan)
        position = self._position(plan)
        failure: MailboxError | None = None
        try:
            for batch in chain(self._retry_deferred(plan), self.follow(plan)):
                position = batch.cursor
                yield batch
        except MailboxError as error:
            failure = error
        if self.deferred.reasons:  # The next run retries others first, and gets further.
            unreadable = () if failure else (self.undelivered(),)
            yield Batch((), {**position, **DeferringMailbox.also_stored(self)}, unreadable=unreadable)
        if failure:
            raise failure

    def _position(self, plan: FetchPlan[I]) -> JsonCursor:
        """Return the cursor as it is before anything but deferred messages is read."""
        backlog = plan.cursor.backlog if plan.cursor else plan.backlog and plan.backlog.after(self.before_first)
        return self.cursor(plan.mark, backlog)

    def _retry_deferred(self, plan: FetchPlan[I]) -> Iterator[Batch]:
        """Retry the messages that earlier runs deferred; if many fail again, each run retries some."""
        for id_ in self.deferred.ids:
            if self.deferred.is_full:
                break
            messages = self._retry(id_, plan.request.senders)
            if messages is not None:
                yield Batch(messages, self._position(plan))
        self.deferred.failures = 0

    def _retry(self, id_: I, senders: frozenset[str]) -> tuple[MailMessage, ...] | None:
        """Return a deferred message unless it is gone or its sender unknown by now; None if it failed again."""
        reason = self.deferred.reasons.pop(id_)
        try:
            found = [summary for summaries in self.summaries([id_]) for summary in summaries]
            messages = self.messages([summary for summary in found if is_listed(summary.sender, senders)])
        except MailboxError:
            if id_ not in self.deferred.reasons:  # not because of this message
                self.deferred.reasons[id_] = reason
                raise
            self.reconnect()  # It timed out: new messages are read all the same.
            self.deferred.failures = MAX_FAILURES
            return None
        return None if id_ in self.deferred.reasons else messages


def _deferred_messages(plan: FetchPlan[I]) -> DeferredMessages[I]:
    """Return what the cursor of the last run deferred; what will be deferred was received after the search starts."""
    since = plan.request.resume_since
    if plan.backlog:
        since = min(since, plan.backlog.since)
    if not isinstance(plan.cursor, DeferringCursor):
        return DeferredMessages(since)
    return DeferredMessages(plan.cursor.deferred_since or since, dict.fromkeys(plan.cursor.deferred, ""))
