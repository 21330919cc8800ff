"""An IMAP folder as a mailbox (RFC 3501, RFC 9051): opened with EXAMINE, read with BODY.PEEK."""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from imapclient import IMAPClient
from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError, LoginError

from nautobot_circuit_maintenance.app_settings import SourceSettings
from nautobot_circuit_maintenance.inbound.errors import MailboxError
from nautobot_circuit_maintenance.inbound.mailboxes.base import (
    TIMEOUT,
    Backlog,
    Batch,
    Cursor,
    FetchRequest,
    Heading,
    Mailbox,
    chunks,
    cut,
    header_sender,
    named,
    said,
)
from nautobot_circuit_maintenance.inbound.values import MailMessage

HEADINGS_AT_ONCE = 500
"""Messages looked at with one command: its line stays below 8192 bytes (RFC 7162 section 4)."""
LONGEST_HEADER = 256 * 1024
"""Bytes that are read of the headers of a message over the size limit."""
# IMAPClient raises these besides its own errors when an answer is not what IMAP allows.
_ODD_ANSWER = (ValueError, TypeError, AttributeError, LookupError)
_FOR_NOW = ("UNAVAILABLE", "SERVERBUG", "INUSE", "LIMIT")
"""Response codes of a refusal that time heals (RFC 5530 section 3)."""

Answer = Mapping[bytes, Any]
"""What the server says about one message, by FETCH data item."""


@dataclass(frozen=True)
class ImapMailbox(Mailbox):
    """One IMAP folder, opened read-only."""

    client: IMAPClient
    settings: SourceSettings
    max_message_size: int
    status: Mapping[bytes, Any]
    """What the server answered to EXAMINE (RFC 3501 section 6.3.2)."""

    timeout: ClassVar[float] = TIMEOUT

    @classmethod
    @contextmanager
    def open(cls, settings: SourceSettings, *, max_message_size: int) -> Iterator["ImapMailbox"]:
        """Log in and examine the folder; raises MailboxError with a sentence that says what to do."""
        with _connect(settings, timeout=cls.timeout) as client:
            client.normalise_times = False  # keeps INTERNALDATE aware of its time zone
            _secure(client, settings)
            _login(client, settings)
            yield cls(client, settings, max_message_size, _examine(client, settings))

    def fetch(self, request: FetchRequest) -> Iterator[Batch]:
        """Yield the backlog of new senders, then what has a higher UID than the cursor; raises MailboxError."""
        cursor = self._trusted(request.cursor)
        backlog = Backlog.due(request, cursor)
        mark = cursor["uid"] if cursor else self._highest_uid()
        if backlog:
            yield from self._backlog(request, backlog, mark)
        elif not cursor or "backlog" in cursor:
            yield Batch((), self._cursor(mark))
        yield from self._newer(request, mark)

    def _trusted(self, cursor: Cursor) -> Cursor:
        """Return the cursor, empty where its UIDs mean nothing here (RFC 3501 section 2.3.1.1)."""
        here = self._cursor(0)
        return cursor if all(cursor.get(key) == here[key] for key in ("folder", "uidvalidity")) else {}

    def _cursor(self, uid: int) -> dict[str, Any]:
        return {"folder": self.settings.folder, "uidvalidity": self.status[b"UIDVALIDITY"], "uid": uid}

    def _highest_uid(self) -> int:
        """Return a UID that no message had exceeded when the folder was opened."""
        if b"UIDNEXT" in self.status:
            return int(self.status[b"UIDNEXT"]) - 1
        # "*" means nothing in an empty folder, and some servers say so.
        return max(self._search("UID *"), default=0) if self.status.get(b"EXISTS") else 0

    def _backlog(self, request: FetchRequest, backlog: Backlog, mark: int) -> Iterator[Batch]:
        """Search older mail in the order of its UIDs."""
        # SINCE compares days in a time zone that only the server knows (RFC 3501 section 6.4.4).
        day = backlog.since.astimezone(timezone.utc) - timedelta(days=1)
        reached = int(backlog.reached or 0)
        uids = [uid for uid in self._search(["SINCE", day.date()]) if reached < uid <= mark]
        # Strangers were counted when they were new, unless this is the first look at everything.
        counted = backlog.senders == request.senders
        for headings in self._headings(uids):
            recent = [heading for heading in headings if heading.received_at >= backlog.since]
            for group in cut(recent, backlog.senders, max_message_size=self.max_message_size):
                cursor = {**self._cursor(mark), "backlog": backlog.as_json(group.last)}
                yield Batch(self._messages(group.wanted), cursor, group.others if counted else 0)
        yield Batch((), self._cursor(mark), searched=request.new_senders & backlog.senders)

    def _newer(self, request: FetchRequest, mark: int) -> Iterator[Batch]:
        """Read what came after the mark; asks the server for nothing where it says that there is nothing."""
        told = b"UIDNEXT" in self.status
        end = self._highest_uid() if told or not request.senders else mark
        if told and end <= mark:
            return
        # "n:*" finds the last message even where its UID is below n (RFC 3501 section 6.4.8).
        uids = [uid for uid in self._search(f"UID {mark + 1}:*") if uid > mark] if request.senders else []
        for headings in self._headings(uids):
            for group in cut(headings, request.senders, max_message_size=self.max_message_size):
                mark = int(group.last)
                yield Batch(self._messages(group.wanted), self._cursor(mark), group.others)
        end = max([end, *uids[-1:]])
        if end > mark:
            yield Batch((), self._cursor(end))

    def _headings(self, uids: Sequence[int]) -> Iterator[list[Heading]]:
        """Look at the senders and sizes of messages; one that was expunged meanwhile is left out."""
        fields = f"BODY.PEEK[HEADER.FIELDS ({self.settings.source_header})]"
        for chunk in chunks(uids, HEADINGS_AT_ONCE):
            answers = self._fetch(chunk, ["RFC822.SIZE", "INTERNALDATE", fields])
            found = ((uid, answer, _section(answer, b"BODY[HEADER.FIELDS")) for uid, answer in answers.items())
            yield [self._heading(uid, answer, header) for uid, answer, header in found if header is not None]

    def _heading(self, uid: int, answer: Answer, header: bytes) -> Heading:
        sender = header_sender(header, self.settings.source_header)
        size = answer.get(b"RFC822.SIZE")
        # A size that the server does not tell may be the largest: such a message gets a batch of its own.
        known_size = size if isinstance(size, int) else self.max_message_size
        return Heading(uid, sender, known_size, _aware(answer.get(b"INTERNALDATE")))

    def _messages(self, headings: Sequence[Heading]) -> tuple[MailMessage, ...]:
        """Read messages; one that was expunged meanwhile is left out."""
        whole = [int(heading.id) for heading in headings if heading.size <= self.max_message_size]
        answers = self._fetch(whole, ["BODY.PEEK[]"])
        read = (self._message(heading, answers.get(int(heading.id), {})) for heading in headings)
        return tuple(message for message in read if message)

    def _message(self, heading: Heading, answer: Answer) -> MailMessage | None:
        """Make a message of its bytes, or of its headers where it is too large; None where there is none any more."""
        received_at, source_header = heading.received_at, self.settings.source_header
        raw, size = _section(answer, b"BODY[]"), heading.size
        if raw is not None and len(raw) <= self.max_message_size:
            return MailMessage.from_bytes(raw, received_at=received_at, source_header=source_header)
        if raw is not None:
            size = len(raw)  # the server said less than that: RFC822.SIZE is an estimate with some
        elif size > self.max_message_size:
            uid = int(heading.id)
            header = self._fetch([uid], [f"BODY.PEEK[HEADER]<0.{LONGEST_HEADER}>"]).get(uid, {})
            raw = _section(header, b"BODY[HEADER]")
        if raw is None:
            return None
        return MailMessage.oversize(raw, size=size, received_at=received_at, source_header=source_header)

    def _search(self, criteria: str | list[Any]) -> list[int]:
        """Return UIDs in ascending order."""
        return sorted(self._ask("searching", lambda: self.client.search(criteria)))

    def _fetch(self, uids: Sequence[int], items: list[str]) -> dict[int, Answer]:
        """Return what the server says about messages, without those that it says nothing about."""
        if not uids:
            return {}
        reading = f"reading the messages with UID {uids[0]} to {uids[-1]}"
        answers: dict[int, Answer] = self._ask(reading, lambda: self.client.fetch(uids, items))
        return answers

    def _ask(self, doing: str, command: Callable[[], Any]) -> Any:
        """Run one command of the client; whatever goes wrong with it is a MailboxError."""
        here = f"{_account(self.settings)} while {doing} in folder '{self.settings.folder}'"
        try:
            return command()
        except (IMAPClientAbortError, OSError) as error:  # client.search, client.fetch: BYE, a cut line, a time-out
            raise MailboxError(f"The connection was lost to {here} ({said(error)}); the next run goes on.") from error
        except (IMAPClientError, *_ODD_ANSWER) as error:  # the same calls: NO, BAD, or not IMAP at all
            raise MailboxError(f"An unexpected answer came from {here}: {said(error)}.") from error


def _section(answer: Answer, name: bytes) -> bytes | None:
    """Return a body section by the begin of its name, which servers write differently; None where it is missing."""
    for item, value in answer.items():
        if item.startswith(name):
            return value if isinstance(value, bytes) else b""  # NIL: an empty section
    return None


def _aware(internal_date: object) -> datetime:
    """Return INTERNALDATE in UTC; the time of reading where the server tells none that a calendar has."""
    if isinstance(internal_date, datetime):
        aware = internal_date if internal_date.tzinfo else internal_date.replace(tzinfo=timezone.utc)
        try:
            return aware.astimezone(timezone.utc)
        except (ValueError, OverflowError):  # datetime.astimezone: an offset of days, the edge of the calendar
            pass
    return datetime.now(timezone.utc)


def _server(settings: SourceSettings) -> str:
    return f"{settings.host}:{settings.port}"


def _account(settings: SourceSettings) -> str:
    return f"account '{settings.account}' on {_server(settings)}"


def _connect(settings: SourceSettings, *, timeout: float) -> IMAPClient:
    implicit_tls = settings.tls and not settings.starttls
    context = _tls_context(settings) if implicit_tls else None
    try:
        return IMAPClient(settings.host, settings.port, ssl=implicit_tls, ssl_context=context, timeout=timeout)
    except (IMAPClientError, OSError, ValueError) as error:  # IMAPClient(): name, connection, handshake, greeting
        raise _unreachable(settings, error) from error


def _tls_context(settings: SourceSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:  # ssl.create_default_context: the file is missing, or no certificate is in it
        sentence = f"The ca_file '{settings.ca_file}' cannot be read ({said(error)}); write the path of a PEM file."
        raise MailboxError(sentence, permanent=True) from error


def _secure(client: IMAPClient, settings: SourceSettings) -> None:
    """Switch to TLS where the settings ask for STARTTLS (RFC 3501 section 6.2.1); never go on without."""
    if not (settings.tls and settings.starttls):
        return
    try:
        client.starttls(_tls_context(settings))
    except (IMAPClientError, OSError, *_ODD_ANSWER) as error:  # client.starttls: not offered, refused, no handshake
        raise _unreachable(settings, error) from error


def _unreachable(settings: SourceSettings, error: Exception) -> MailboxError:
    """Say why there is no connection, and what to look at."""
    server = _server(settings)
    if isinstance(error, CapabilityError):
        sentence = f"{server} offers no STARTTLS; remove 'starttls' and use its port for TLS, usually 993."
        return MailboxError(sentence, permanent=True)
    if isinstance(error, ssl.SSLCertVerificationError):
        sentence = (
            f"The certificate of {server} is not trusted ({error.verify_message}); set 'ca_file' to the certificate of "
            "the authority that signed it, or write the host name into 'url' that it was made for."
        )
        return MailboxError(sentence, permanent=True)
    if isinstance(error, socket.gaierror):
        return MailboxError(f"The name '{settings.host}' is not resolved; check 'url' and the DNS of the worker.")
    if isinstance(error, (ConnectionRefusedError, TimeoutError)):
        does = "does not answer in time" if isinstance(error, TimeoutError) else "refuses the connection"
        return MailboxError(f"{server} {does}; check host and port in 'url' and the firewall.")
    if isinstance(error, ssl.SSLError):
        sentence = f"{server} does not speak TLS ({error.reason}); check the port, or set 'starttls' if it wants that."
        return MailboxError(sentence, permanent=True)
    return MailboxError(f"{server} does not answer as an IMAP server ({said(error)}); check host and port in 'url'.")


def _login(client: IMAPClient, settings: SourceSettings) -> None:
    account, secret = settings.account, settings.secret
    plain = all(text.isascii() and text.isprintable() for text in (account, secret))
    try:
        # LOGIN takes ASCII only; AUTHENTICATE PLAIN takes UTF-8 (RFC 4616).
        client.login(account, secret) if plain else client.plain_login(account, secret)
    except LoginError as error:  # client.login
        reason = said(error, without=secret)
        for_now = any(code in reason for code in _FOR_NOW) or isinstance(error.__context__, IMAPClientAbortError)
        sentence = f"The login was refused to {_account(settings)} ({reason}); check 'account' and 'secret'."
        # The library's error may quote the command, and with it the secret.
        raise MailboxError(sentence, permanent=not for_now) from None
    except (IMAPClientError, OSError, *_ODD_ANSWER) as error:  # the same: a time-out, or not IMAP at all
        reason = said(error, without=secret)
        raise MailboxError(f"The connection was lost during the login to {_account(settings)} ({reason}).") from None


def _examine(client: IMAPClient, settings: SourceSettings) -> Mapping[bytes, Any]:
    """Open the folder without the right to change it (RFC 3501 section 6.3.2)."""
    folder = f"The folder '{settings.folder}' of {_account(settings)}"
    try:
        status: Mapping[bytes, Any] = client.select_folder(settings.folder, readonly=True)
    except (IMAPClientAbortError, OSError, *_ODD_ANSWER) as error:  # client.select_folder
        raise MailboxError(f"{folder} was not opened: {said(error)}.") from error
    except IMAPClientError as error:  # the same, the server says NO
        sentence = f"{folder} cannot be opened ({said(error)}); there are: {_folders(client)}."
        raise MailboxError(sentence, permanent=True) from error
    if b"UIDVALIDITY" not in status:
        # RFC 3501 section 7.1: then the server has no UIDs that last.
        raise MailboxError(f"{folder} has no lasting UIDs, so it cannot be read step by step.", permanent=True)
    return status


def _folders(client: IMAPClient) -> str:
    try:
        return named(str(name) for _flags, _delimiter, name in client.list_folders())
    except (IMAPClientError, OSError, *_ODD_ANSWER):  # client.list_folders; the missing folder is the news, not this
        return "unknown"
