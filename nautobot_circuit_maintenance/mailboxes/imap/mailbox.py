"""An IMAP folder as a mailbox (RFC 3501, RFC 9051): opened with EXAMINE, read with BODY.PEEK."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta, timezone
from typing import Any, ClassVar

from imapclient import IMAPClient

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mailboxes.base import (
    TIMEOUT,
    Backlog,
    Batch,
    Cursor,
    FetchRequest,
    Mailbox,
    MessageSummary,
    chunks,
    cursor_matches,
    cut,
    header_sender,
    mailbox_identity,
    message_of,
)
from nautobot_circuit_maintenance.mailboxes.imap.deferred import DeferredMessages, deferred_since
from nautobot_circuit_maintenance.mailboxes.imap.responses import Answer, ascending, aware, pieces, section
from nautobot_circuit_maintenance.mailboxes.imap.session import ask, connect, examine, login, secure
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

HEADINGS_AT_ONCE = 500
"""Messages looked at with one command: its line stays below 8192 bytes (RFC 7162 section 4)."""
SEARCHED_AT_ONCE = 50_000
"""Messages searched with one command: Python's imaplib takes answers of up to a million bytes, and a UID has up to ten."""
MOST_REFUSED = 10
"""Messages that the server may refuse to hand out before the run holds the server for broken, not the messages."""
LONGEST_HEADER = 256 * 1024
"""Bytes that are read of the headers of a message over the size limit."""

_HEADER_FIELDS = b"BODY[HEADER.FIELDS"
_BODY = b"BODY[]"
_HEADER = b"BODY[HEADER]"


@dataclass
class ImapMailbox(Mailbox):
    """One IMAP folder, opened read-only."""

    settings: SourceSettings
    max_message_size: int
    sessions: ExitStack
    """Closes the connection."""
    client: IMAPClient = field(init=False)
    status: Mapping[bytes, Any] = field(default_factory=dict)
    """What the server answered to the first EXAMINE (RFC 3501 section 6.3.2)."""
    owed: DeferredMessages = field(init=False)
    """Messages that the server does not hand out; they stay in the cursor."""

    timeout: ClassVar[float] = TIMEOUT
    searched_at_once: ClassVar[int] = SEARCHED_AT_ONCE

    @classmethod
    @contextmanager
    def open(cls, settings: SourceSettings, *, max_message_size: int) -> Iterator["ImapMailbox"]:
        """Log in and examine the folder; raises MailboxError with a sentence that says what to do."""
        with ExitStack() as sessions:
            mailbox = cls(settings, max_message_size, sessions)
            mailbox._connect()
            yield mailbox

    def _connect(self) -> None:
        """Begin a session; the one before ends."""
        self.sessions.close()
        self.client = self.sessions.enter_context(connect(self.settings, timeout=self.timeout))
        self.client.normalise_times = False  # keeps INTERNALDATE aware of its time zone
        secure(self.client, self.settings)
        login(self.client, self.settings)
        status = examine(self.client, self.settings)
        self.status = self.status or status
        if status[b"UIDVALIDITY"] != self.status[b"UIDVALIDITY"]:
            raise MailboxError(
                "IMAP-15",
                f"Folder '{self.settings.folder}' was recreated during reading; the next run will continue.",
            )

    def fetch(self, request: FetchRequest) -> Iterator[Batch]:
        """Yield the backlog of new senders, then what has a higher UID than the cursor; raises MailboxError.

        Messages that the server fails to deliver do not stop those after them: the cursor keeps their UIDs, each run
        retries them, and its last batch names them.
        """
        cursor = self._trusted(request.cursor)
        owed_before = deferred_since(request.cursor) or request.resume_since
        request = replace(request, resume_since=min(request.resume_since, owed_before))
        backlog = Backlog.due(request, cursor, self.settings.name)
        mark = cursor["uid"] if cursor else self._highest_uid()
        self.owed = DeferredMessages.read(
            cursor, min(request.resume_since, backlog.since if backlog else request.resume_since)
        )
        position = cursor or {**self._here(mark), **({"backlog": backlog.as_json(0)} if backlog else {})}
        try:
            for batch in self._batches(request, cursor, backlog, mark):
                position = batch.cursor
                yield batch
        except MailboxError:
            if self.owed.reasons:  # They do not count again: the next run gets further.
                yield Batch((), self.owed.write(position))
            raise
        if self.owed.reasons:
            # The next run asks for others first.
            yield Batch((), self.owed.write(position), unreadable=(self.owed.refusal(self.settings.folder),))

    def _batches(self, request: FetchRequest, cursor: Cursor, backlog: Backlog | None, mark: int) -> Iterator[Batch]:
        """Yield what is owed, the backlog, and what is new."""
        yield from self._owed_before(request, cursor)
        if backlog:
            yield from self._backlog(request, backlog, mark)
        elif not cursor or "backlog" in cursor:
            yield Batch((), self._cursor(mark))
        yield from self._newer(request, mark)

    def _owed_before(self, request: FetchRequest, cursor: Cursor) -> Iterator[Batch]:
        """Ask again for what the server refused to earlier runs; where it is much, for some in each run."""
        reasons = self.owed.reasons
        for uid, reason in list(reasons.items()):
            if self.owed.fresh == MOST_REFUSED:
                break
            del reasons[uid]
            try:
                read = [heading for headings in self._headings([uid]) for heading in headings]
                messages = self._messages([heading for heading in read if heading.sender in request.senders])
            except MailboxError:
                if uid not in reasons:
                    reasons[uid] = reason
                    raise
                self._connect()  # It timed out for this message: what is new has its turn all the same.
                break
            if uid not in reasons:
                yield Batch(messages, self.owed.write(cursor))
        self.owed.fresh = 0

    def _trusted(self, cursor: Cursor) -> Cursor:
        """Return the cursor, empty where its UIDs mean nothing here (RFC 3501 section 2.3.1.1)."""
        is_ours = cursor_matches(cursor, self._here(0), "uid") and cursor["uid"] >= 0
        # A server that was restored from a backup gives UIDs a second time.
        is_given = is_ours and (b"UIDNEXT" not in self.status or cursor["uid"] <= self._highest_uid())
        return cursor if is_given else {}

    def _here(self, uid: int) -> dict[str, Any]:
        place = mailbox_identity(self.settings, folder=self.settings.folder, uidvalidity=self.status[b"UIDVALIDITY"])
        return {**place, "uid": uid}

    def _cursor(self, uid: int) -> dict[str, Any]:
        return self.owed.write(self._here(uid))

    def _highest_uid(self) -> int:
        """Return a UID that no message had exceeded when the folder was opened."""
        if b"UIDNEXT" in self.status:
            return int(self.status[b"UIDNEXT"]) - 1
        # "*" means nothing in an empty folder, and some servers say so.
        return max(self._search(["UID", "*"]), default=0) if self.status.get(b"EXISTS") else 0

    def _backlog(self, request: FetchRequest, backlog: Backlog, mark: int) -> Iterator[Batch]:
        """Search older mail in the order of its UIDs."""
        # SINCE compares days in a time zone that only the server knows (RFC 3501 section 6.4.4).
        day = backlog.since.astimezone(timezone.utc) - timedelta(days=1)
        reached = int(backlog.reached or 0)
        criteria = ["UID", f"{reached + 1}:{mark}", "SINCE", day.date()]
        uids = self._uids(criteria, above=reached, at_most=mark - reached) if reached < mark else []
        # Strangers were counted when they were new, unless this is the first look at everything.
        counted = backlog.senders == request.senders
        for headings in self._headings(uids):
            recent = [heading for heading in headings if heading.received_at >= backlog.since]
            for group in cut(recent, backlog.senders, max_message_size=self.max_message_size):
                messages = self._messages(group.wanted)  # first: the cursor tells what was refused
                cursor = {**self._cursor(mark), "backlog": backlog.as_json(group.last)}
                yield Batch(messages, cursor, group.others if counted else ())
        yield Batch((), self._cursor(mark), searched=request.new_senders & backlog.senders)

    def _newer(self, request: FetchRequest, mark: int) -> Iterator[Batch]:
        """Read what came after the mark; asks the server for nothing where it says that there is nothing."""
        told = b"UIDNEXT" in self.status
        end = self._highest_uid() if told or not request.senders else mark
        if told and end <= mark:
            return
        # "n:*" finds the last message even where its UID is below n (RFC 3501 section 6.4.8).
        criteria = ["UID", f"{mark + 1}:*"]
        at_most = end - mark if told else self.searched_at_once + 1
        uids = self._uids(criteria, above=mark, at_most=at_most) if request.senders else []
        for headings in self._headings(uids):
            for group in cut(headings, request.senders, max_message_size=self.max_message_size):
                mark = int(group.last)
                yield Batch(self._messages(group.wanted), self._cursor(mark), group.others)
        end = max([end, *uids[-1:]])
        if end > mark:
            yield Batch((), self._cursor(end))

    def _headings(self, uids: Sequence[int]) -> Iterator[list[MessageSummary]]:
        """Look at the senders and sizes of messages; one that was expunged meanwhile is left out."""
        fields = f"BODY.PEEK[HEADER.FIELDS ({self.settings.source_header})]"
        for chunk in chunks(uids, HEADINGS_AT_ONCE):
            answers = self._fetch(chunk, ["RFC822.SIZE", "INTERNALDATE", fields], _HEADER_FIELDS)
            yield [self._heading(uid, answer) for uid, answer in answers.items()]

    def _heading(self, uid: int, answer: Answer) -> MessageSummary:
        header = section(answer, _HEADER_FIELDS) or b""
        sender, size = header_sender(header, self.settings.source_header), answer.get(b"RFC822.SIZE")
        # A size that the server does not tell may be the largest: such a message gets a batch of its own.
        known_size = size if isinstance(size, int) else self.max_message_size
        return MessageSummary(uid, sender, known_size, aware(answer.get(b"INTERNALDATE")))

    def _messages(self, headings: Sequence[MessageSummary]) -> tuple[MailMessage, ...]:
        """Read messages; one that was expunged meanwhile is left out."""
        whole = [int(heading.id) for heading in headings if heading.size <= self.max_message_size]
        answers = self._fetch(whole, ["BODY.PEEK[]"], _BODY)
        read = (self._message(heading, answers.get(int(heading.id), {})) for heading in headings)
        return tuple(message for message in read if message)

    def _message(self, heading: MessageSummary, answer: Answer) -> MailMessage | None:
        """Make a message of its bytes, or of its headers where it is too large; None where there is none any more."""
        raw = section(answer, _BODY)
        if raw is not None:
            measured = replace(heading, size=len(raw))  # RFC822.SIZE is an estimate with some
            return message_of(raw, measured, self.settings, whole=measured.size <= self.max_message_size)
        if heading.size <= self.max_message_size:
            return None
        uid = int(heading.id)
        answer = self._fetch([uid], [f"BODY.PEEK[HEADER]<0.{LONGEST_HEADER}>"], _HEADER).get(uid, {})
        header = section(answer, _HEADER)
        return None if header is None else message_of(header, heading, self.settings, whole=False)

    def _uids(self, criteria: list[Any], *, above: int, at_most: int) -> Sequence[int]:
        """Return UIDs in ascending order, in pieces if there may be more than one answer takes."""
        exists = int(self.status.get(b"EXISTS", 0))
        parts = pieces(exists, self.searched_at_once) if at_most > self.searched_at_once else [[]]
        return ascending([array("Q", self._search([*part, *criteria])) for part in parts], above)

    def _search(self, criteria: list[Any]) -> list[int]:
        """Return UIDs in ascending order."""
        return sorted(ask(self.settings, "searching", lambda: self.client.search(criteria)))

    def _fetch(self, uids: Sequence[int], items: list[str], wanted: bytes) -> dict[int, Answer]:
        """Return what the server says about messages, without those that are gone or that it does not hand out."""
        answers = self._tried([uid for uid in uids if uid not in self.owed.reasons], items)
        # In the order of the UIDs, whatever the order of the answers: the cursor passes what is behind it.
        found = {uid: answers[uid] for uid in uids if section(answers.get(uid, {}), wanted) is not None}
        silent = [uid for uid in uids if uid not in found and uid not in self.owed.reasons]
        for uid in self._tried(silent, ["UID"]):  # without those that were expunged meanwhile
            self._owe(uid, MailboxError("IMAP-19", f"The response is missing {wanted.decode()}."))
        return found

    def _tried(self, uids: Sequence[int], items: list[str]) -> dict[int, Answer]:
        """Ask for all messages together, or for each alone where the server fails.

        A server that cannot read a message says NO to all that were asked for, or hangs up (as Dovecot does).
        """
        if not uids:
            return {}
        try:
            return self._answers(uids, items)
        except MailboxError:
            self._connect()
        return self._one_by_one(uids, items)

    def _one_by_one(self, uids: Sequence[int], items: list[str]) -> dict[int, Answer]:
        """Find out which message it is; raises MailboxError where it is too many of them."""
        answers: dict[int, Answer] = {}
        for uid in uids:
            try:
                answers |= self._answers([uid], items)
            except MailboxError as error:
                self._owe(uid, error)
                self._connect()
        return answers

    def _owe(self, uid: int, error: MailboxError) -> None:
        """Let the next run ask for a message; raises the error where there are too many of them, or a time-out.

        Half a minute for each of them would be too much.
        """
        self.owed.reasons[uid] = str(error)
        self.owed.fresh += 1
        if self.owed.fresh > MOST_REFUSED or isinstance(error.__cause__, TimeoutError):
            raise error

    def _answers(self, uids: Sequence[int], items: list[str]) -> dict[int, Answer]:
        reading = f"reading the messages with UID {uids[0]} to {uids[-1]}"
        answers: dict[int, Answer] = ask(self.settings, reading, lambda: self.client.fetch(list(uids), items))
        return answers
