"""How all mailbox kinds read: the backlog of new senders, then what is new, from a cursor that never skips a message."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.mail.headers import COLUMN_LENGTH, parse_header, sender_address
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mailboxes.base import Batch, FetchRequest, Mailbox, error_text
from nautobot_circuit_maintenance.mailboxes.batching import I, MessageSummary, split_into_batches
from nautobot_circuit_maintenance.mailboxes.cursor import Backlog, Cursor, JsonCursor
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

logger = logging.getLogger(__name__)

S = TypeVar("S", bound=SourceSettings)
"""The settings of a mailbox kind."""

_MAILBOX_CHANGED = (
    "%s: The mailbox changed since the last run (different server, account or folder, recreated, or too long ago). "
    "Re-reading mail since %s; known messages are skipped."
)


@dataclass(frozen=True)
class FetchPlan(Generic[I]):
    """The position in a mailbox from which a run reads."""

    request: FetchRequest
    cursor: Cursor[I] | None
    """The cursor of the last run; None if there is none, or a worthless one."""
    backlog: Backlog[I] | None
    """The search for older messages that is due."""
    mark: I
    """What came after this is new."""


class IncrementalMailbox(Mailbox, Generic[S, I]):
    """A mailbox whose messages have ids in an order that a cursor can follow; a kind implements the abstract methods."""

    cursor_type: ClassVar[type[Cursor[Any]]]
    settings: S
    max_message_size: int
    """Bytes."""

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """Return what the ids of messages depend on, see ``mailbox_identity``."""

    @abstractmethod
    def newest_mark(self) -> I:
        """Return a mark that no message had exceeded when the mailbox was opened."""

    @abstractmethod
    def older_ids(self, backlog: Backlog[I], mark: I) -> Sequence[I]:
        """Return the ids up to the mark that the backlog has not reached, ascending; may include too old messages."""

    @abstractmethod
    def newer(self, request: FetchRequest, mark: I) -> Iterator[Batch]:
        """Yield what came after the mark; the last cursor passes everything that was looked at."""

    @abstractmethod
    def summaries(self, ids: Sequence[I]) -> Iterator[list[MessageSummary[I]]]:
        """Look at the senders and sizes of messages, a chunk at a time; deleted messages are left out."""

    @abstractmethod
    def messages(self, summaries: Sequence[MessageSummary[I]]) -> tuple[MailMessage, ...]:
        """Read messages; deleted ones are left out. Of one over the size limit, only the header is transferred."""

    @property
    def log_extra(self) -> dict[str, str]:
        """What a log line has beside its text: in the log of a job, it is grouped by its source."""
        return {"grouping": self.settings.name}

    def fetch(self, request: FetchRequest) -> Iterator[Batch]:
        """Yield the backlog of new senders, then what is newer than the cursor; raises MailboxError."""
        yield from self.follow(self.plan(request))

    def plan(self, request: FetchRequest) -> FetchPlan[I]:
        """Decide where to start; a cursor that does not fit the mailbox is replaced by a search."""
        cursor = self.read_cursor(request.cursor)
        if request.cursor and cursor is None:
            self.warn_about_change(request)
        mark = self.newest_mark() if cursor is None else cursor.mark
        return FetchPlan(request, cursor, due_backlog(request, cursor), mark)

    def read_cursor(self, stored: JsonCursor) -> Cursor[I] | None:
        """Return a stored cursor, None if there is none or it does not fit this mailbox."""
        return self.cursor_type.from_json(stored, self.identity())

    def warn_about_change(self, request: FetchRequest) -> None:
        """Log that the cursor of the last run is worthless, and from when on messages are read again."""
        since = min(request.backlog_since, request.resume_since)
        logger.warning(_MAILBOX_CHANGED, self.settings.name, since, extra=self.log_extra)

    def follow(self, plan: FetchPlan[I]) -> Iterator[Batch]:
        """Yield the batches of a plan."""
        if plan.backlog:
            yield from self.search(plan.request, plan.backlog, plan.mark)
        elif plan.cursor is None or plan.cursor.backlog:
            yield Batch((), self.cursor(plan.mark))
        yield from self.newer(plan.request, plan.mark)

    def search(self, request: FetchRequest, backlog: Backlog[I], mark: I) -> Iterator[Batch]:
        """Search older messages in the order of their ids."""
        batches = self.batches(
            self.older_ids(backlog, mark),
            backlog.senders,
            lambda last: self.cursor(mark, backlog.after(last)),
            since=backlog.since,
        )
        # Unknown senders were counted when their mail was new, unless this is the first look at everything.
        is_first = backlog.senders == request.senders
        for batch in batches:
            yield batch if is_first else replace(batch, unknown_senders=())
        yield Batch((), self.cursor(mark), searched=request.new_senders & backlog.senders)

    def batches(
        self,
        ids: Sequence[I],
        senders: frozenset[str],
        cursor_after: Callable[[I], JsonCursor],
        since: datetime | None = None,
    ) -> Iterator[Batch]:
        """Yield the messages from these senders, each batch with the cursor after the last id that was looked at."""
        for summaries in self.summaries(ids):
            recent = [each for each in summaries if since is None or each.received_at >= since]
            for group in split_into_batches(recent, senders, max_message_size=self.max_message_size):
                messages = self.messages(group.wanted)  # first: the cursor names those that were not delivered
                yield Batch(messages, cursor_after(group.last), group.unknown_senders)

    def cursor(self, mark: I, backlog: Backlog[I] | None = None) -> JsonCursor:
        """Return the cursor to store at this mark."""
        return {**self.cursor_type(self.identity(), mark, backlog).to_json(), **self.also_stored()}

    def also_stored(self) -> dict[str, Any]:
        """Return what the cursors of a kind have in addition."""
        return {}

    def message(self, raw: bytes, summary: MessageSummary[I], *, is_whole: bool) -> MailMessage:
        """Make a message of its bytes, or of its header if it is too large, which then has the size of its summary.

        If its own header has no sender, that of the summary counts: a malformed line ends the header for Python, but not
        for every server, and the message is still the provider's.
        """
        known: dict[str, Any] = {"received_at": summary.received_at, "source_header": self.settings.source_header}
        if is_whole:
            message = MailMessage.from_bytes(raw, **known)
        else:
            message = MailMessage.oversize(raw, size=summary.size, **known)
        server_id = storable(summary.server_id)[:COLUMN_LENGTH]
        return replace(message, sender=message.sender or summary.sender, server_id=server_id)

    def header_sender(self, header: bytes) -> str:
        """Return the sender of a message with these header bytes."""
        return sender_address(parse_header(header), self.settings.source_header)

    def error_text(self, error: object) -> str:
        """Return the message of a server or a library on one line for an error of ours, without the secret."""
        return error_text(error, self.settings)


def due_backlog(request: FetchRequest, cursor: Cursor[I] | None) -> Backlog[I] | None:
    """Return the search that a run has to make, None for none.

    An interrupted search is continued where it stopped, so that runs that are killed again and again come to an end.
    """
    if cursor is None:
        since = min(request.backlog_since, request.resume_since)
        return Backlog(request.senders, since) if request.senders else None
    interrupted = cursor.backlog or Backlog(frozenset(), request.backlog_since)
    senders = (request.new_senders | interrupted.senders) & request.senders
    if not senders:
        return None
    if senders <= interrupted.senders and interrupted.since <= request.backlog_since:
        return replace(interrupted, senders=senders)
    return Backlog(senders, min(interrupted.since, request.backlog_since))
