"""A Gmail label as a mailbox: the Gmail API, read by a service account with domain-wide delegation."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from http.client import HTTPException
from typing import Any, ClassVar, TypeVar

import httplib2
from google.auth.exceptions import GoogleAuthError, RefreshError
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import Error as ApiError, HttpError
from googleapiclient.http import HttpRequest

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
    named,
    said,
)
from nautobot_circuit_maintenance.mailboxes.gmail import responses
from nautobot_circuit_maintenance.mailboxes.gmail.credentials import read_credentials
from nautobot_circuit_maintenance.mailboxes.gmail.responses import Look, OddAnswer, Page, Record
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

SCOPE = "https://www.googleapis.com/auth/gmail.readonly"
HEADINGS_AT_ONCE = 100
PAGE = 500
"""Ids that the API lists at once: the most that it allows."""
_DELEGATION = (
    "in the Google Admin console, under domain-wide delegation, allow the client ID of the service account the scopes "
    f"{SCOPE} and https://mail.google.com/"
)
_ODD_TOKEN = (TypeError, LookupError, AttributeError)
"""What google-auth raises where the answer about a token is JSON, but not what RFC 6749 section 5.1 says."""
_TOO_MUCH = (OverflowError, MemoryError, RecursionError)
"""What an answer makes Python raise that claims to be longer than memory, or is nested deeper than the stack."""
_NO_HTTP = (ApiError, GoogleAuthError, httplib2.HttpLib2Error, HTTPException, OSError, EOFError, ValueError)
"""The network, or nothing that is HTTP; before 0.32, httplib2 lets the EOFError of a gzip that is cut short through."""
_RATE_LIMITS = {"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded"}

Resource = Any
"""What ``build`` makes of the discovery document; it has no types."""
T = TypeVar("T")


class _Gone(MailboxError):
    """The API says that there is no such thing, or none any more."""


@dataclass(frozen=True)
class GmailMailbox(Mailbox):
    """One label of a Gmail account, read through an access token that cannot change anything."""

    users: Resource
    settings: SourceSettings
    max_message_size: int
    label: str
    history_id: str
    """Where the mailbox stood when it was opened."""

    api_endpoint: ClassVar[str | None] = None
    """Where the API is; None for Google's."""
    timeout: ClassVar[float] = TIMEOUT
    retries: ClassVar[int] = 4
    """The library waits up to 2, 4, 8, 16 seconds before them, on 429, a rate limit, 5xx and network errors."""
    request_type: ClassVar[type[HttpRequest]] = HttpRequest

    @classmethod
    @contextmanager
    def open(cls, settings: SourceSettings, *, max_message_size: int) -> Iterator["GmailMailbox"]:
        """Log in and find the label; raises MailboxError with a sentence that says what to do."""
        authorized = AuthorizedHttp(read_credentials(settings, SCOPE), http=httplib2.Http(timeout=cls.timeout))
        where = {"api_endpoint": cls.api_endpoint} if cls.api_endpoint else None
        options = {"http": authorized, "client_options": where, "static_discovery": True}
        with build("gmail", "v1", requestBuilder=cls.request_type, **options) as service:
            users = service.users()  # pylint: disable=no-member  # made from the discovery document
            opened = cls(users, settings, max_message_size, label="", history_id="")
            history_id = opened._ask(opened.users.getProfile(userId="me"), responses.profile_history_id)
            yield replace(opened, label=opened._find_label(), history_id=history_id)

    def _find_label(self) -> str:
        """Return the id of the label that the folder names."""
        folder = self.settings.folder
        if folder.upper() == "INBOX":
            return "INBOX"
        names = self._ask(self.users.labels().list(userId="me"), responses.labels)
        for id_, name in names.items():
            if folder in (name, id_):
                return id_
        known = named(["INBOX", *(name for id_, name in names.items() if name != id_)])  # without those of Gmail's own
        sentence = f"Label '{folder}' not found in {self._account}; set 'folder' to one of: {known}."
        raise MailboxError("GMAIL-09", sentence, permanent=True)

    def fetch(self, request: FetchRequest) -> Iterator[Batch]:
        """Yield the backlog of new senders, then what was added since the cursor; raises MailboxError."""
        cursor = self._trusted(request.cursor)
        backlog = Backlog.due(request, cursor, self.settings.name)
        mark = cursor["history_id"] if cursor else self.history_id
        if backlog:
            yield from self._backlog(request, backlog, mark)
        elif not cursor or "backlog" in cursor:
            yield Batch((), self._cursor(mark))
        if mark == self.history_id:
            return
        if request.senders:
            yield from self._newer(request, mark)
        else:
            yield Batch((), self._cursor(self.history_id))

    def _trusted(self, cursor: Cursor) -> Cursor:
        """Return the cursor, empty where it is about another account or label, or cannot be read."""
        return (
            cursor
            if cursor_matches(cursor, self._cursor(""), "history_id") and cursor["history_id"].isdecimal()
            else {}
        )

    def _cursor(self, history_id: str) -> dict[str, Any]:
        return {**mailbox_identity(self.settings, label=self.label), "history_id": history_id}

    def _backlog(self, request: FetchRequest, backlog: Backlog, mark: str) -> Iterator[Batch]:
        """Search older mail in the order of its ids.

        The order in which Gmail lists messages is not documented. Sorting the ids, which costs one request for 500,
        makes it certain what an interrupted search has seen; what arrives after it began is in the history.
        """
        ids = [id_ for id_ in self._listed(backlog.since) if id_ > str(backlog.reached or "")]
        # Strangers were counted when they were new, unless this is the first look at everything.
        counted = backlog.senders == request.senders
        for headings in self._headings(ids):
            recent = [heading for heading in headings if heading.received_at >= backlog.since]
            for group in cut(recent, backlog.senders, max_message_size=self.max_message_size):
                cursor = {**self._cursor(mark), "backlog": backlog.as_json(group.last)}
                yield Batch(self._messages(group.wanted), cursor, group.others if counted else ())
        yield Batch((), self._cursor(mark), searched=request.new_senders & backlog.senders)

    def _listed(self, since: datetime) -> list[str]:
        """Return the ids of all messages since then, and of some older ones, in ascending order."""
        hidden = self.label in ("SPAM", "TRASH")
        after = f"after:{int(since.timestamp()) - 1}"
        query = {"q": after, "labelIds": [self.label], "includeSpamTrash": hidden}
        pages = self._pages(self.users.messages().list, responses.message_page, **query)
        return sorted({id_ for page in pages for id_ in page.items})

    def _newer(self, request: FetchRequest, mark: str) -> Iterator[Batch]:
        """Read what was added after the mark; all recent mail where Gmail no longer knows that far back."""
        query = {"startHistoryId": mark, "historyTypes": ["messageAdded", "labelAdded"], "labelId": self.label}
        read = partial(responses.history_page, label=self.label)
        try:
            for page in self._pages(self.users.history().list, read, **query):
                added = _added(page.items, mark)
                for headings in self._headings(list(added)):
                    for group in cut(headings, request.senders, max_message_size=self.max_message_size):
                        mark = added[str(group.last)]
                        yield Batch(self._messages(group.wanted), self._cursor(mark), group.others)
        except _Gone:  # history.list: Gmail no longer knows that far back
            if backlog := Backlog.due(request, {}, self.settings.name):
                yield from self._backlog(request, backlog, self.history_id)
            return
        if int(self.history_id) > int(mark):
            yield Batch((), self._cursor(self.history_id))

    def _pages(
        self, listing: Callable[..., HttpRequest], read: Callable[[Any], Page[T]], **query: Any
    ) -> Iterator[Page[T]]:
        """Yield all pages of a list; the library's own way to the next one fails on repeated parameters."""
        tokens = [""]
        while True:
            token = {"pageToken": tokens[-1]} if tokens[-1] else {}
            page = self._ask(listing(userId="me", maxResults=PAGE, **query, **token), read)
            yield page
            if not page.next_token:
                return
            if page.next_token in tokens:
                raise self._odd("paging loops")
            tokens.append(page.next_token)

    def _headings(self, ids: Sequence[str]) -> Iterator[list[MessageSummary]]:
        """Look at the senders and sizes of messages; one that was deleted meanwhile is left out."""
        for chunk in chunks(ids, HEADINGS_AT_ONCE):
            found = ((id_, self._look(id_, [self.settings.source_header])) for id_ in chunk)
            yield [self._heading(id_, look) for id_, look in found if look]

    def _heading(self, id_: str, look: Look) -> MessageSummary:
        sender = header_sender(look.header, self.settings.source_header)
        return MessageSummary(id_, sender, self.max_message_size if look.size is None else look.size, look.received_at)

    def _messages(self, headings: Sequence[MessageSummary]) -> tuple[MailMessage, ...]:
        """Read messages; one that was deleted meanwhile is left out."""
        read = (self._message(heading) for heading in headings)
        return tuple(message for message in read if message)

    def _message(self, heading: MessageSummary) -> MailMessage | None:
        """Read a message, or only its headers where it is too large; None where there is none any more."""
        if heading.size > self.max_message_size:
            look = self._look(str(heading.id))
            return message_of(look.header, heading, self.settings, whole=False) if look else None
        raw = self._get(str(heading.id), responses.raw, format="raw")
        if raw is None:
            return None
        measured = replace(heading, size=len(raw))  # before, it was an estimate
        return message_of(raw, measured, self.settings, whole=measured.size <= self.max_message_size)

    def _look(self, id_: str, headers: Sequence[str] = ()) -> Look | None:
        """Look at a message and these of its header fields, or all; None where it was deleted."""
        return self._get(id_, responses.look, format="metadata", metadataHeaders=list(headers))

    def _get(self, id_: str, read: Callable[[Any], T], **form: Any) -> T | None:
        """Return a message in this form; None where it was deleted."""
        request = self.users.messages().get(userId="me", id=id_, **form)
        try:
            return self._ask(request, partial(responses.message, id_=id_, read=read))
        except _Gone:
            return None

    def _ask(self, request: HttpRequest, read: Callable[[Any], T]) -> T:
        """Run one request of the API, patiently, and read the answer."""
        try:
            answer = request.execute(num_retries=self.retries)
        except HttpError as error:  # request.execute: the API refuses
            raise self._refused(error) from error
        except RefreshError as error:  # request.execute: no access token
            raise self._no_token(error) from error
        except (*_ODD_TOKEN, *_TOO_MUCH, UnicodeDecodeError) as error:  # request.execute
            raise self._odd(said(error, self.settings)) from error
        except _NO_HTTP as error:  # request.execute
            what = said(error, self.settings)
            raise MailboxError("GMAIL-10", f"Google cannot be reached for {self._account} ({what}).") from error
        try:
            return read(answer)
        except OddAnswer as error:  # read: something else answers
            raise self._odd(str(error)) from error

    def _odd(self, what: str) -> MailboxError:
        return MailboxError(
            "GMAIL-11",
            f"The response for {self._account} did not come from the Gmail API ({what}); check the worker's proxy. No "
            "messages were skipped; the next run will continue.",
        )

    @property
    def _account(self) -> str:
        return f"account '{self.settings.account}'"

    def _no_token(self, error: RefreshError) -> MailboxError:
        """Say what to do about a refused token (RFC 6749 section 5.2, and Google's own error codes)."""
        reason = said(error.args[0] if error.args else error, self.settings)
        if error.retryable:
            sentence = f"Google did not issue an access token for {self._account} (temporary): {reason}."
            return MailboxError("GMAIL-05", sentence)
        what = "check 'account', that the key in 'credentials_file' was not revoked, and the clock of the worker"
        if any(code in reason for code in ("unauthorized_client", "access_denied", "invalid_scope")):
            what = _DELEGATION
        sentence = f"Google did not issue an access token for {self._account} ({reason}); {what}."
        return MailboxError("GMAIL-06", sentence, permanent=True)

    def _refused(self, error: HttpError) -> MailboxError:
        """Say what to do about a refused request of the Gmail API."""
        status, reasons = error.status_code, _reasons(error)
        refusal = _Gone if status == 404 and "notFound" in reasons else MailboxError  # a proxy's 404 says nothing
        sentence = f"The Gmail API rejected {self._account} (HTTP {status}, {said(error.reason, self.settings)})"
        if status == 429 or status >= 500 or reasons & _RATE_LIMITS:
            return MailboxError("GMAIL-08", f"{sentence} {self.retries + 1} times; the next run will continue.")
        what = "check 'account' and 'credentials_file'"
        if reasons & {"accessNotConfigured", "SERVICE_DISABLED"}:
            what = "enable the Gmail API in the Google Cloud project of the service account"
        elif reasons & {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}:
            what = _DELEGATION
        return refusal("GMAIL-07", f"{sentence}; {what}.", permanent=True)


def _added(records: Sequence[Record], mark: str) -> dict[str, str]:
    """Return the ids of messages that got the label, each with the history id to go on from."""
    added: dict[str, str] = {}
    for record in records:
        for id_ in record.added[:-1]:
            added.setdefault(id_, mark)  # only with its last message is a record behind us
        mark = record.history_id
        for id_ in record.added[-1:]:
            added.setdefault(id_, mark)
    return added


def _reasons(error: HttpError) -> set[str]:
    """Return the reasons in both places where Google's APIs write them."""
    try:
        problem = json.loads(error.content)["error"]
        return {str(item.get("reason", "")) for key in ("errors", "details") for item in problem.get(key, [])}
    except (ValueError, LookupError, TypeError, AttributeError):  # json.loads: a page of some gateway, not the API's
        return set()
