"""An IMAP folder as a mailbox (RFC 3501, RFC 9051): opened with EXAMINE, read with BODY.PEEK."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta, timezone
from typing import Any, ClassVar

from imapclient import IMAPClient

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.headers import MAX_HEADER_BYTES
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mailboxes.base import TIMEOUT, Batch, FetchRequest
from nautobot_circuit_maintenance.mailboxes.batching import MessageSummary, chunks
from nautobot_circuit_maintenance.mailboxes.cursor import Backlog, JsonCursor, mailbox_identity
from nautobot_circuit_maintenance.mailboxes.deferred import DeferredMessages
from nautobot_circuit_maintenance.mailboxes.deferring import DeferringMailbox
from nautobot_circuit_maintenance.mailboxes.imap.cursor import ImapCursor
from nautobot_circuit_maintenance.mailboxes.imap.responses import Response, ascending, aware, section, sequence_ranges
from nautobot_circuit_maintenance.mailboxes.imap.session import connect, examine, log_in, run_command, start_tls
from nautobot_circuit_maintenance.mailboxes.imap.settings import ImapSettings

SUMMARIES_AT_ONCE = 500
"""Messages looked at with one command: its line stays below 8192 bytes (RFC 7162 section 4)."""
SEARCHED_AT_ONCE = 50_000
"""Messages searched with one command: imaplib accepts responses of up to a million bytes, and a UID has up to ten."""

_HEADER_FIELDS = b"BODY[HEADER.FIELDS"
_BODY = b"BODY[]"
_HEADER = b"BODY[HEADER]"


@dataclass
class ImapMailbox(DeferringMailbox[ImapSettings, int]):
    """One IMAP folder, opened read-only."""

    settings: ImapSettings
    max_message_size: int
    sessions: ExitStack
    """Closes the connection."""
    client: IMAPClient = field(init=False)
    status: Mapping[bytes, Any] = field(default_factory=dict)
    """The response to the first EXAMINE (RFC 3501 section 6.3.2)."""
    deferred: DeferredMessages[int] = field(init=False)

    cursor_type = ImapCursor
    before_first = 0
    timeout: ClassVar[float] = TIMEOUT
    searched_at_once: ClassVar[int] = SEARCHED_AT_ONCE

    @classmethod
    @contextmanager
    def open(cls, settings: ImapSettings, *, max_message_size: int) -> Iterator["ImapMailbox"]:
        """Log in and examine the folder; raises MailboxError with a message that says what to do."""
        with ExitStack() as sessions:
            mailbox = cls(settings, max_message_size, sessions)
            mailbox._connect()
            yield mailbox

    def _connect(self) -> None:
        """Start a session; the one before ends."""
        self.sessions.close()
        self.client = self.sessions.enter_context(connect(self.settings, timeout=self.timeout))
        self.client.normalise_times = False  # keeps INTERNALDATE aware of its time zone
        start_tls(self.client, self.settings)
        log_in(self.client, self.settings)
        status = examine(self.client, self.settings)
        self.status = self.status or status
        if status[b"UIDVALIDITY"] != self.status[b"UIDVALIDITY"]:
            raise MailboxError(
                "IMAP-15",
                f"Folder '{self.settings.folder}' was recreated during reading; the next run will continue.",
            )

    def identity(self) -> Mapping[str, Any]:
        """Return the folder, and the UIDVALIDITY that its UIDs depend on (RFC 3501 section 2.3.1.1)."""
        return mailbox_identity(self.settings, folder=self.settings.folder, uidvalidity=self.status[b"UIDVALIDITY"])

    def newest_mark(self) -> int:
        """Return a UID that no message had exceeded when the folder was opened."""
        if b"UIDNEXT" in self.status:
            return int(self.status[b"UIDNEXT"]) - 1
        # "*" means nothing in an empty folder, and some servers answer with an error.
        return max(self._search(["UID", "*"]), default=0) if self.status.get(b"EXISTS") else 0

    def read_cursor(self, stored: JsonCursor) -> ImapCursor | None:
        """Return a stored cursor, None if its UIDs mean nothing in this folder."""
        cursor = ImapCursor.from_json(stored, self.identity())
        # A server that was restored from a backup assigns UIDs a second time.
        if cursor and b"UIDNEXT" in self.status and cursor.mark > self.newest_mark():
            return None
        return cursor

    def reconnect(self) -> None:
        """Start a session; the one before ends."""
        self._connect()

    def undelivered(self) -> str:
        """Return the error for the messages that the server does not return."""
        uid, others, reason = self.deferred.example()
        return (
            f"IMAP-18: The server does not return the message with UID {uid}{others} in folder '{self.settings.folder}'; "
            f"all other messages were read, and each run retries. Repair the message or move it to another folder. {reason}"
        )

    def older_ids(self, backlog: Backlog[int], mark: int) -> Sequence[int]:
        """Return the UIDs up to the mark that the backlog has not reached."""
        reached = backlog.reached or 0
        if reached >= mark:
            return []
        # SINCE compares days in a time zone that only the server knows (RFC 3501 section 6.4.4).
        day = backlog.since.astimezone(timezone.utc) - timedelta(days=1)
        criteria = ["UID", f"{reached + 1}:{mark}", "SINCE", day.date()]
        return self._uids(criteria, above=reached, at_most=mark - reached)

    def newer(self, request: FetchRequest, mark: int) -> Iterator[Batch]:
        """Yield what came after the mark; sends no command if the server reported that there is nothing."""
        is_reported = b"UIDNEXT" in self.status
        end = self.newest_mark() if is_reported or not request.senders else mark
        if is_reported and end <= mark:
            return
        # "n:*" finds the last message even where its UID is below n (RFC 3501 section 6.4.8).
        criteria = ["UID", f"{mark + 1}:*"]
        at_most = end - mark if is_reported else self.searched_at_once + 1
        uids = self._uids(criteria, above=mark, at_most=at_most) if request.senders else []
        for batch in self.batches(uids, request.senders, self.cursor):
            mark = batch.cursor[ImapCursor.mark_key]
            yield batch
        end = max([end, *uids[-1:]])
        if end > mark:
            yield Batch((), self.cursor(end))

    def summaries(self, ids: Sequence[int]) -> Iterator[list[MessageSummary[int]]]:
        """Look at the senders and sizes of messages; expunged ones are left out."""
        fields = f"BODY.PEEK[HEADER.FIELDS ({' '.join(self.settings.sender_headers)})]"
        for chunk in chunks(ids, SUMMARIES_AT_ONCE):
            responses = self._fetch(chunk, ["RFC822.SIZE", "INTERNALDATE", fields], _HEADER_FIELDS)
            yield [self._summary(uid, response) for uid, response in responses.items()]

    def _summary(self, uid: int, response: Response) -> MessageSummary[int]:
        size = response.get(b"RFC822.SIZE")
        return MessageSummary(
            id=uid,
            sender=self.header_sender(section(response, _HEADER_FIELDS) or b""),
            # An unreported size may be the largest: such a message gets a batch of its own.
            size=size if isinstance(size, int) else self.max_message_size,
            received_at=aware(response.get(b"INTERNALDATE")),
            server_id=f"{self.status[b'UIDVALIDITY']}/{uid}",
        )

    def messages(self, summaries: Sequence[MessageSummary[int]]) -> tuple[MailMessage, ...]:
        """Read messages; expunged ones are left out."""
        whole = [summary.id for summary in summaries if summary.size <= self.max_message_size]
        responses = self._fetch(whole, ["BODY.PEEK[]"], _BODY)
        messages = (self._message(summary, responses.get(summary.id, {})) for summary in summaries)
        return tuple(message for message in messages if message)

    def _message(self, summary: MessageSummary[int], response: Response) -> MailMessage | None:
        """Make a message of its bytes, or of its header if it is too large; None if it was expunged."""
        raw = section(response, _BODY)
        if raw is not None:
            measured = replace(summary, size=len(raw))  # some servers estimate RFC822.SIZE
            return self.message(raw, measured, is_whole=measured.size <= self.max_message_size)
        if summary.size <= self.max_message_size:
            return None
        responses = self._fetch([summary.id], [f"BODY.PEEK[HEADER]<0.{MAX_HEADER_BYTES}>"], _HEADER)
        header = section(responses.get(summary.id, {}), _HEADER)
        return None if header is None else self.message(header, summary, is_whole=False)

    def _uids(self, criteria: list[Any], *, above: int, at_most: int) -> Sequence[int]:
        """Return UIDs in ascending order, searched in pieces if there may be more than one response holds."""
        exists = int(self.status.get(b"EXISTS", 0))
        ranges = sequence_ranges(exists, self.searched_at_once) if at_most > self.searched_at_once else [[]]
        return ascending([array("Q", self._search([*each, *criteria])) for each in ranges], above)

    def _search(self, criteria: list[Any]) -> list[int]:
        """Return UIDs in ascending order."""
        return sorted(run_command(self.settings, "searching", lambda: self.client.search(criteria)))

    def _fetch(self, uids: Sequence[int], items: list[str], wanted: bytes) -> dict[int, Response]:
        """Return the responses about messages, without those that are gone or that the server fails to deliver."""
        responses = self._fetch_together([uid for uid in uids if uid not in self.deferred.reasons], items)
        # In the order of the UIDs, whatever the order of the responses: the cursor passes what comes after.
        found = {uid: responses[uid] for uid in uids if section(responses.get(uid, {}), wanted) is not None}
        missing = [uid for uid in uids if uid not in found and uid not in self.deferred.reasons]
        for uid in self._fetch_together(missing, ["UID"]):  # without those that were expunged in the meantime
            self.deferred.add(uid, MailboxError("IMAP-19", f"The response is missing {wanted.decode()}."))
        return found

    def _fetch_together(self, uids: Sequence[int], items: list[str]) -> dict[int, Response]:
        """Ask for all messages with one command, or for each alone if that fails.

        A server that cannot read one message answers NO for all of them, or closes the connection (as Dovecot does).
        """
        if not uids:
            return {}
        try:
            return self._responses(uids, items)
        except MailboxError:
            self._connect()
        return self._fetch_one_by_one(uids, items)

    def _fetch_one_by_one(self, uids: Sequence[int], items: list[str]) -> dict[int, Response]:
        """Defer the messages that fail; raises MailboxError if there are too many of them."""
        responses: dict[int, Response] = {}
        for uid in uids:
            try:
                responses |= self._responses([uid], items)
            except MailboxError as error:
                self.deferred.add(uid, error)
                self._connect()
        return responses

    def _responses(self, uids: Sequence[int], items: list[str]) -> dict[int, Response]:
        doing = f"reading the messages with UID {uids[0]} to {uids[-1]}"
        responses: dict[int, Response] = run_command(self.settings, doing, lambda: self.client.fetch(list(uids), items))
        return responses
