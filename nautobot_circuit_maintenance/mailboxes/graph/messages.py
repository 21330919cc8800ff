"""Reads single messages by Graph: first what decides whether to read them, then their bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.headers import MAX_HEADER_BYTES
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mailboxes.batching import MessageSummary, chunks
from nautobot_circuit_maintenance.mailboxes.deferred import DeferredMessages
from nautobot_circuit_maintenance.mailboxes.deferring import DeferringMailbox
from nautobot_circuit_maintenance.mailboxes.graph import responses
from nautobot_circuit_maintenance.mailboxes.graph.errors import Rejected, Throttled
from nautobot_circuit_maintenance.mailboxes.graph.responses import Look
from nautobot_circuit_maintenance.mailboxes.graph.session import GraphSession
from nautobot_circuit_maintenance.mailboxes.graph.settings import GraphSettings

SUMMARIES_AT_ONCE = 100
_FIELDS = "$select=id,receivedDateTime,internetMessageHeaders"
_SIZE = f"$expand=singleValueExtendedProperties($filter=id%20eq%20'{quote(responses.SIZE_PROPERTY)}')"


@dataclass
class GraphMessages(DeferringMailbox[GraphSettings, str]):
    """The messages of a mailbox, each by its id."""

    settings: GraphSettings
    max_message_size: int
    session: GraphSession
    deferred: DeferredMessages[str] = field(init=False)
    has_sizes: bool = field(default=True, init=False)
    """Whether Graph returns the size of a message."""

    def undelivered(self) -> str:
        """Return the error for the messages that Graph does not return."""
        id_, others, reason = self.deferred.example()
        return (
            f"GRAPH-14: Microsoft does not return the message {id_}{others} in folder '{self.settings.folder}'; all other "
            f"messages were read, and each run retries. Open it in Outlook and delete it or move it to another folder. {reason}"
        )

    def _path(self, id_: str) -> str:
        return f"{self.session.mailbox}/messages/{quote(id_, safe='')}"

    def summaries(self, ids: Sequence[str]) -> Iterator[list[MessageSummary[str]]]:
        """Look at the senders and sizes of messages; those that are gone are left out."""
        for chunk in chunks(ids, SUMMARIES_AT_ONCE):
            found = (self._summary(id_) for id_ in chunk if id_ not in self.deferred.reasons)
            yield [summary for summary in found if summary]

    def _summary(self, id_: str) -> MessageSummary[str] | None:
        try:
            look = self._look(id_)
            header = look.header
            if not any(
                f"\n{name}:".lower().encode() in b"\n" + header.lower() for name in self.settings.sender_headers
            ):
                # Exchange has no header of what did not come by SMTP; it writes one when asked for the message.
                header = self._start(id_, MAX_HEADER_BYTES)[0]
        except MailboxError as error:
            self._without(id_, error)
            return None
        size = self.max_message_size if look.size is None else look.size
        return MessageSummary(id_, self.header_sender(header), size, look.received_at, server_id=id_)

    def _look(self, id_: str) -> Look:
        """Return what Graph knows about a message, with its size unless this server refuses it."""
        if self.has_sizes:
            try:
                return self.session.read(f"{self._path(id_)}?{_FIELDS}&{_SIZE}", responses.look)
            except Rejected as error:
                if error.status != 400:
                    raise
                self.has_sizes = False
        return self.session.read(f"{self._path(id_)}?{_FIELDS}", responses.look)

    def _start(self, id_: str, size: int) -> tuple[bytes, bool]:
        """Return the first bytes of a message as Exchange writes it, and whether that is all of it.

        Exchange does not keep the bytes: they may differ each time ("Get MIME content of a message").
        """
        return self.session.start(f"{self._path(id_)}/$value", size)

    def messages(self, summaries: Sequence[MessageSummary[str]]) -> tuple[MailMessage, ...]:
        """Read messages; those that are gone are left out."""
        messages = (self._message(summary) for summary in summaries)
        return tuple(message for message in messages if message)

    def _message(self, summary: MessageSummary[str]) -> MailMessage | None:
        """Read a message, or only its header if it is too large; None if it is gone, or deferred."""
        try:
            if summary.size > self.max_message_size:
                header = self._look(summary.id).header or self._start(summary.id, MAX_HEADER_BYTES)[0]
                return self.message(header, summary, is_whole=False)
            raw, is_whole = self._start(summary.id, self.max_message_size)
        except MailboxError as error:
            self._without(summary.id, error)
            return None
        if is_whole:
            message = self.message(raw, replace(summary, size=len(raw)), is_whole=True)
            return replace(message, is_rewritten=True)
        # What Exchange stores is smaller than what it writes.
        measured = replace(summary, size=max(summary.size, self.max_message_size + 1))
        return self.message(raw[:MAX_HEADER_BYTES], measured, is_whole=False)

    def _without(self, id_: str, error: MailboxError) -> None:
        """Skip a message that is gone, or that Graph fails to deliver; raises what is not about this message."""
        if isinstance(error, Rejected) and error.is_gone:
            return
        is_about_all = isinstance(error, Throttled) or (isinstance(error, Rejected) and error.status in (401, 403))
        if is_about_all or (error.permanent and not isinstance(error, Rejected)):
            raise error
        self.deferred.add(id_, error)
        self.reconnect()
