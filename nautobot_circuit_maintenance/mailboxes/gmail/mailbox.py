"""A Gmail label as a mailbox: the Gmail API, read by a service account with domain-wide delegation."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
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
from nautobot_circuit_maintenance.mailboxes.base import TIMEOUT, Batch, FetchRequest, summarize
from nautobot_circuit_maintenance.mailboxes.batching import MessageSummary, chunks
from nautobot_circuit_maintenance.mailboxes.cursor import Backlog, mailbox_identity
from nautobot_circuit_maintenance.mailboxes.gmail import responses
from nautobot_circuit_maintenance.mailboxes.gmail.cursor import GmailCursor
from nautobot_circuit_maintenance.mailboxes.gmail.responses import MessageMetadata, Page, Record
from nautobot_circuit_maintenance.mailboxes.gmail.settings import SCOPE, GmailSettings
from nautobot_circuit_maintenance.mailboxes.incremental import IncrementalMailbox, due_backlog
from nautobot_circuit_maintenance.mailboxes.logins.consent import consented, ended
from nautobot_circuit_maintenance.mailboxes.logins.google import (
    MAIL_SCOPE,
    MALFORMED_TOKEN,
    ServiceAccount,
    delegation,
    new_http,
)
from nautobot_circuit_maintenance.mailboxes.responses import UnexpectedResponse

SUMMARIES_AT_ONCE = 100
PAGE = 500
"""Ids that the API lists at once: its maximum."""
_SCOPES = (SCOPE, MAIL_SCOPE)
"""What a delegation may have; either is enough."""
_TOO_LARGE = (OverflowError, MemoryError, RecursionError)
"""Errors raised for responses that are too large or too deeply nested."""
_UNREACHABLE = (ApiError, GoogleAuthError, httplib2.HttpLib2Error, HTTPException, OSError, EOFError, ValueError)
"""The network, or a response that is not HTTP; before 0.32, httplib2 raises EOFError for a truncated gzip body."""
_RATE_LIMITS = {"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded"}

Resource = Any
"""What ``build`` returns; it has no types."""
T = TypeVar("T")


class Gone(MailboxError):
    """The API reports that the message or history does not exist, or no longer."""


class Invalid(MailboxError):
    """The API reports that something in the request is not valid."""


@dataclass(frozen=True)
class GmailMailbox(IncrementalMailbox[GmailSettings, str]):
    """One label of a Gmail account, read through an access token that cannot change anything."""

    users: Resource
    settings: GmailSettings
    service_account: ServiceAccount
    max_message_size: int
    label: str
    history_id: str
    """The history id when the mailbox was opened."""
    scopes: tuple[str, ...] = _SCOPES
    """What the delegation must have; one of them is enough."""

    cursor_type = GmailCursor
    api_endpoint: ClassVar[str | None] = None
    """Where the API is; None for Google's."""
    timeout: ClassVar[float] = TIMEOUT
    retries: ClassVar[int] = 4
    """The library waits up to 2, 4, 8, 16 seconds before them, on 429, a rate limit, 5xx and network errors."""
    request_type: ClassVar[type[HttpRequest]] = HttpRequest

    @classmethod
    @contextmanager
    def open(cls, settings: GmailSettings, *, max_message_size: int) -> Iterator["GmailMailbox"]:
        """Log in and find the label; raises MailboxError with a message that says what to do."""
        with cls.log_in(settings, SCOPE, max_message_size=max_message_size) as opened:
            history_id = opened.execute(opened.users.getProfile(userId="me"), responses.profile_history_id)
            yield replace(opened, label=opened._find_label(), history_id=history_id)

    @classmethod
    @contextmanager
    def log_in(cls, settings: GmailSettings, scope: str, *, max_message_size: int) -> Iterator["GmailMailbox"]:
        """Prepare the login, without a request; the mailbox has no label yet."""
        service_account = ServiceAccount(settings, settings.service_account, settings.credentials_file)
        credentials = consented(settings, scope) if settings.is_by_consent else service_account.credentials(scope)
        authorized = AuthorizedHttp(credentials, http=new_http(cls.timeout))
        where = {"api_endpoint": cls.api_endpoint} if cls.api_endpoint else None
        options = {"http": authorized, "client_options": where, "static_discovery": True}
        with build("gmail", "v1", requestBuilder=cls.request_type, **options) as service:
            users = service.users()  # pylint: disable=no-member  # made from the discovery document
            scopes = _SCOPES if scope == SCOPE else (scope,)
            yield cls(users, settings, service_account, max_message_size, label="", history_id="", scopes=scopes)

    def _find_label(self) -> str:
        """Return the id of the label that the folder names."""
        folder = self.settings.folder
        if folder.upper() == "INBOX":
            return "INBOX"
        names = self.execute(self.users.labels().list(userId="me"), responses.labels)
        for id_, name in names.items():
            if folder in (name, id_):
                return id_
        known = summarize(["INBOX", *(name for id_, name in names.items() if name != id_)])  # without Gmail's own
        sentence = f"Label '{folder}' not found in {self._account}; set 'folder' to one of: {known}."
        raise MailboxError("GMAIL-09", sentence, permanent=True)

    def identity(self) -> Mapping[str, Any]:
        """Return the account and the label."""
        return mailbox_identity(self.settings, label=self.label)

    def newest_mark(self) -> str:
        """Return the history id when the mailbox was opened."""
        return self.history_id

    def older_ids(self, backlog: Backlog[str], mark: str) -> Sequence[str]:
        """Return the ids that the backlog has not reached.

        The order in which Gmail lists messages is not documented. Sorting the ids, which costs one request for 500, makes
        it certain what an interrupted search has seen; what arrives after it started is in the history.
        """
        is_hidden = self.label in ("SPAM", "TRASH")
        after = f"after:{int(backlog.since.timestamp()) - 1}"
        query = {"q": after, "labelIds": [self.label], "includeSpamTrash": is_hidden}
        pages = self._pages(self.users.messages().list, responses.message_page, **query)
        return sorted({id_ for page in pages for id_ in page.items if id_ > (backlog.reached or "")})

    def newer(self, request: FetchRequest, mark: str) -> Iterator[Batch]:
        """Yield what was added after the mark; all recent messages if Gmail's history no longer goes back that far."""
        if mark == self.history_id:
            return
        if not request.senders:
            yield Batch((), self.cursor(self.history_id))
            return
        with suppress(Gone):  # history.list: the history no longer goes back that far
            yield from self._added_since(request, mark)
            return
        self.warn_about_change(request)
        backlog: Backlog[str] | None = due_backlog(request, None)
        if backlog:
            yield from self.search(request, backlog, self.history_id)

    def _added_since(self, request: FetchRequest, mark: str) -> Iterator[Batch]:
        """Yield what the history has after the mark."""
        query = {"startHistoryId": mark, "historyTypes": ["messageAdded", "labelAdded"], "labelId": self.label}
        read = partial(responses.history_page, label=self.label)
        for page in self._pages(self.users.history().list, read, **query):
            marks = _marks(page.items, mark)
            cursors = {id_: self.cursor(after) for id_, after in marks.items()}
            for batch in self.batches(list(marks), request.senders, cursors.__getitem__):
                mark = batch.cursor[GmailCursor.mark_key]
                yield batch
        if int(self.history_id) > int(mark):
            yield Batch((), self.cursor(self.history_id))

    def _pages(
        self, listing: Callable[..., HttpRequest], read: Callable[[Any], Page[T]], **query: Any
    ) -> Iterator[Page[T]]:
        """Yield all pages of a list; the library's own paging fails on repeated parameters."""
        tokens = [""]
        while True:
            token = {"pageToken": tokens[-1]} if tokens[-1] else {}
            page = self.execute(listing(userId="me", maxResults=PAGE, **query, **token), read)
            yield page
            if not page.next_token:
                return
            if page.next_token in tokens:
                raise self._unexpected("paging loops")
            tokens.append(page.next_token)

    def summaries(self, ids: Sequence[str]) -> Iterator[list[MessageSummary[str]]]:
        """Look at the senders and sizes of messages; deleted ones are left out."""
        for chunk in chunks(ids, SUMMARIES_AT_ONCE):
            found = ((id_, self._metadata(id_, self.settings.sender_headers)) for id_ in chunk)
            yield [self._summary(id_, metadata) for id_, metadata in found if metadata]

    def _summary(self, id_: str, metadata: MessageMetadata) -> MessageSummary[str]:
        return MessageSummary(
            id=id_,
            sender=self.header_sender(metadata.header),
            size=self.max_message_size if metadata.size is None else metadata.size,
            received_at=metadata.received_at,
            server_id=id_,
        )

    def messages(self, summaries: Sequence[MessageSummary[str]]) -> tuple[MailMessage, ...]:
        """Read messages; deleted ones are left out."""
        messages = (self._message(summary) for summary in summaries)
        return tuple(message for message in messages if message)

    def _message(self, summary: MessageSummary[str]) -> MailMessage | None:
        """Read a message, or only its header if it is too large; None if it was deleted."""
        if summary.size > self.max_message_size:
            metadata = self._metadata(summary.id)
            return self.message(metadata.header, summary, is_whole=False) if metadata else None
        raw = self._get(summary.id, responses.raw, format="raw")
        if raw is None:
            return None
        measured = replace(summary, size=len(raw))  # before, it was an estimate
        return self.message(raw, measured, is_whole=measured.size <= self.max_message_size)

    def _metadata(self, id_: str, headers: Sequence[str] = ()) -> MessageMetadata | None:
        """Look at a message and these of its header fields, or all; None if it was deleted."""
        return self._get(id_, responses.metadata, format="metadata", metadataHeaders=list(headers))

    def _get(self, id_: str, read: Callable[[Any], T], **form: Any) -> T | None:
        """Return a message in this form; None if it was deleted."""
        request = self.users.messages().get(userId="me", id=id_, **form)
        try:
            return self.execute(request, partial(responses.message, id_=id_, read=read))
        except Gone:
            return None

    def execute(self, request: HttpRequest, read: Callable[[Any], T]) -> T:
        """Run one request of the API, with retries, and read the response."""
        try:
            response = request.execute(num_retries=self.retries)
        except HttpError as error:  # request.execute: the API rejects the request
            raise self._rejected(error) from error
        except RefreshError as error:  # request.execute: no access token
            raise self._no_token(error) from error
        except (*MALFORMED_TOKEN, *_TOO_LARGE, UnicodeDecodeError) as error:  # request.execute
            raise self._unexpected(self.error_text(error)) from error
        except _UNREACHABLE as error:  # request.execute
            reason = self.error_text(error)
            raise MailboxError("GMAIL-10", f"Google cannot be reached for {self._account} ({reason}).") from error
        try:
            return read(response)
        except UnexpectedResponse as error:  # read: not from the API
            raise self._unexpected(str(error)) from error

    def _no_token(self, error: RefreshError) -> MailboxError:
        if self.settings.is_by_consent:
            return ended(self.settings, error)
        return self.service_account.refused(error, *self.scopes)

    def _unexpected(self, what: str) -> MailboxError:
        return MailboxError(
            "GMAIL-11",
            f"The response for {self._account} did not come from the Gmail API ({what}); check the worker's proxy. No "
            "messages were skipped; the next run will continue.",
        )

    @property
    def _account(self) -> str:
        return f"account '{self.settings.account}'"

    def _rejected(self, error: HttpError) -> MailboxError:
        """Return the error for a request that the Gmail API rejected."""
        status, reasons = error.status_code, _reasons(error)
        error_type = Invalid if status == 400 else MailboxError
        if status == 404 and "notFound" in reasons:  # not for a proxy's 404
            error_type = Gone
        sentence = f"The Gmail API rejected {self._account} (HTTP {status}, {self.error_text(error.reason)})"
        if status == 429 or status >= 500 or reasons & _RATE_LIMITS:
            return MailboxError("GMAIL-08", f"{sentence} {self.retries + 1} times; the next run will continue.")
        what = "check 'account' and 'credentials_file'"
        if reasons & {"accessNotConfigured", "SERVICE_DISABLED"}:
            what = "enable the Gmail API in the Google Cloud project of the service account"
        elif reasons & {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}:
            what = delegation(*self.scopes)
        return error_type("GMAIL-07", f"{sentence}; {what}.", permanent=True)


def _marks(records: Sequence[Record], mark: str) -> dict[str, str]:
    """Return the ids of messages that got the label, each with the history id to continue from."""
    marks: dict[str, str] = {}
    for record in records:
        for id_ in record.added[:-1]:
            marks.setdefault(id_, mark)  # a record is passed only with its last message
        mark = record.history_id
        for id_ in record.added[-1:]:
            marks.setdefault(id_, mark)
    return marks


def _reasons(error: HttpError) -> set[str]:
    """Return the reasons from both places where Google's APIs put them."""
    try:
        problem = json.loads(error.content)["error"]
        return {str(item.get("reason", "")) for key in ("errors", "details") for item in problem.get(key, [])}
    except (ValueError, LookupError, TypeError, AttributeError):  # json.loads: the page of a gateway, not of the API
        return set()
