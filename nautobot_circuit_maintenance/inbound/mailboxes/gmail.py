"""A Gmail label as a mailbox: the Gmail API, read by a service account with domain-wide delegation."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from http.client import HTTPException
from typing import Any, ClassVar

import httplib2
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.oauth2.service_account import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import Error as ApiError, HttpError
from googleapiclient.http import HttpRequest

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
    is_usable,
    named,
    place_of,
    said,
)
from nautobot_circuit_maintenance.inbound.values import MailMessage

SCOPE = "https://www.googleapis.com/auth/gmail.readonly"
HEADINGS_AT_ONCE = 100
PAGE = 500
"""Ids that the API lists at once: the most that it allows."""
_DELEGATION = (
    "in the Google Admin console, under domain-wide delegation, allow the client ID of the service account the scopes "
    f"{SCOPE} and https://mail.google.com/"
)
_KEYS = ("type", "client_email", "private_key", "token_uri")
_RATE_LIMITS = {"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded"}

Resource = Any
"""What ``build`` makes of the discovery document; it has no types."""
Answer = Mapping[str, Any]


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
        authorized = AuthorizedHttp(_credentials(settings), http=httplib2.Http(timeout=cls.timeout))
        where = {"api_endpoint": cls.api_endpoint} if cls.api_endpoint else None
        options = {"http": authorized, "client_options": where, "static_discovery": True}
        with build("gmail", "v1", requestBuilder=cls.request_type, **options) as service:
            users = service.users()  # pylint: disable=no-member  # made from the discovery document
            opened = cls(users, settings, max_message_size, label="", history_id="")
            profile = opened._ask(opened.users.getProfile(userId="me"))
            yield replace(opened, label=opened._find_label(), history_id=profile["historyId"])

    def _find_label(self) -> str:
        """Return the id of the label that the folder names."""
        folder = self.settings.folder
        if folder.upper() == "INBOX":
            return "INBOX"
        labels = self._ask(self.users.labels().list(userId="me")).get("labels", [])
        for label in labels:
            if folder in (label["name"], label["id"]):
                return str(label["id"])
        names = named(label["name"] for label in labels)
        sentence = f"{self._account} has no label '{folder}'; set 'folder' to one of: {names}."
        raise MailboxError(sentence, permanent=True)

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
        return cursor if is_usable(cursor, self._cursor(""), "history_id") and cursor["history_id"].isdecimal() else {}

    def _cursor(self, history_id: str) -> dict[str, Any]:
        return {**place_of(self.settings, label=self.label), "history_id": history_id}

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
                yield Batch(self._messages(group.wanted), cursor, group.others if counted else 0)
        yield Batch((), self._cursor(mark), searched=request.new_senders & backlog.senders)

    def _listed(self, since: datetime) -> list[str]:
        """Return the ids of all messages since then, and of some older ones, in ascending order."""
        hidden = self.label in ("SPAM", "TRASH")
        after = f"after:{int(since.timestamp()) - 1}"
        pages = self._pages(self.users.messages().list, q=after, labelIds=[self.label], includeSpamTrash=hidden)
        return sorted({message["id"] for page in pages for message in page.get("messages", [])})

    def _newer(self, request: FetchRequest, mark: str) -> Iterator[Batch]:
        """Read what was added after the mark; all recent mail where Gmail no longer knows that far back."""
        query = {"startHistoryId": mark, "historyTypes": ["messageAdded", "labelAdded"], "labelId": self.label}
        for page in self._pages(self.users.history().list, missing={}, **query):
            if not page:
                if backlog := Backlog.due(request, {}, self.settings.name):
                    yield from self._backlog(request, backlog, self.history_id)
                return
            added = _added(page, self.label, mark)
            for headings in self._headings(list(added)):
                for group in cut(headings, request.senders, max_message_size=self.max_message_size):
                    mark = added[str(group.last)]
                    yield Batch(self._messages(group.wanted), self._cursor(mark), group.others)
        if int(self.history_id) > int(mark):
            yield Batch((), self._cursor(self.history_id))

    def _pages(
        self, listing: Callable[..., HttpRequest], *, missing: Answer | None = None, **query: Any
    ) -> Iterator[Answer]:
        """Yield all pages of a list; the library's own way to the next one fails on repeated parameters."""
        token: dict[str, str] = {}
        while True:
            page = self._ask(listing(userId="me", maxResults=PAGE, **query, **token), missing=missing)
            yield page
            if "nextPageToken" not in page:
                return
            token = {"pageToken": page["nextPageToken"]}

    def _headings(self, ids: Sequence[str]) -> Iterator[list[Heading]]:
        """Look at the senders and sizes of messages; one that was deleted meanwhile is left out."""
        for chunk in chunks(ids, HEADINGS_AT_ONCE):
            found = ((id_, self._message_resource(id_, "metadata", [self.settings.source_header])) for id_ in chunk)
            yield [self._heading(id_, resource) for id_, resource in found if resource]

    def _heading(self, id_: str, resource: Answer) -> Heading:
        sender = header_sender(_header_bytes(resource), self.settings.source_header)
        received_at = datetime.fromtimestamp(int(resource["internalDate"]) / 1000, tz=timezone.utc)
        return Heading(id_, sender, int(resource.get("sizeEstimate", self.max_message_size)), received_at)

    def _messages(self, headings: Sequence[Heading]) -> tuple[MailMessage, ...]:
        """Read messages; one that was deleted meanwhile is left out."""
        read = (self._message(heading) for heading in headings)
        return tuple(message for message in read if message)

    def _message(self, heading: Heading) -> MailMessage | None:
        """Read a message, or only its headers where it is too large; None where there is none any more."""
        known: dict[str, Any] = {"received_at": heading.received_at, "source_header": self.settings.source_header}
        if heading.size > self.max_message_size:
            resource = self._message_resource(str(heading.id), "metadata")
            return MailMessage.oversize(_header_bytes(resource), size=heading.size, **known) if resource else None
        resource = self._message_resource(str(heading.id), "raw")
        raw = base64.urlsafe_b64decode(resource.get("raw", "") + "==")
        if len(raw) > self.max_message_size:  # the size in the heading is an estimate
            return MailMessage.oversize(raw, size=len(raw), **known)
        return MailMessage.from_bytes(raw, **known) if resource else None

    def _message_resource(self, id_: str, form: str, headers: Sequence[str] = ()) -> Answer:
        """Return a message as the API shows it in that format; empty where it was deleted."""
        request = self.users.messages().get(userId="me", id=id_, format=form, metadataHeaders=list(headers))
        return self._ask(request, missing={})

    def _ask(self, request: HttpRequest, *, missing: Answer | None = None) -> Answer:
        """Run one request of the API, patiently; what it answers is an object, or `missing` for a 404."""
        try:
            answer = request.execute(num_retries=self.retries)
        except HttpError as error:  # request.execute: the API refuses
            if error.status_code == 404 and missing is not None:
                return missing
            raise self._refused(error) from error
        except RefreshError as error:  # request.execute: no access token
            raise self._no_token(error) from error
        except (ApiError, GoogleAuthError, httplib2.HttpLib2Error, HTTPException, OSError, ValueError) as error:
            # request.execute: the network, or an answer that is no JSON
            raise MailboxError(f"Google cannot be reached for {self._account} ({said(error)}).") from error
        if not isinstance(answer, dict):
            raise MailboxError(f"What answers for {self._account} is not the Gmail API; check the worker's proxy.")
        return answer

    @property
    def _account(self) -> str:
        return f"account '{self.settings.account}'"

    def _no_token(self, error: RefreshError) -> MailboxError:
        """Say what to do about a refused token (RFC 6749 section 5.2, and Google's own error codes)."""
        reason = said(error.args[0] if error.args else error)
        if error.retryable:
            return MailboxError(f"Google gives no access token for {self._account} for now ({reason}).")
        what = "check 'account', that the key in 'credentials_file' was not revoked, and the clock of the worker"
        if any(code in reason for code in ("unauthorized_client", "access_denied", "invalid_scope")):
            what = _DELEGATION
        return MailboxError(f"Google gives no access token for {self._account} ({reason}); {what}.", permanent=True)

    def _refused(self, error: HttpError) -> MailboxError:
        """Say what to do about a refused request of the Gmail API."""
        status, reasons = error.status_code, _reasons(error)
        sentence = f"The Gmail API refuses {self._account} (HTTP {status}, {said(error.reason)})"
        if status == 429 or status >= 500 or reasons & _RATE_LIMITS:
            return MailboxError(f"{sentence}, also after {self.retries} repetitions; the next run goes on.")
        what = "check 'account' and 'credentials_file'"
        if reasons & {"accessNotConfigured", "SERVICE_DISABLED"}:
            what = "enable the Gmail API in the Google Cloud project of the service account"
        elif reasons & {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}:
            what = _DELEGATION
        return MailboxError(f"{sentence}; {what}.", permanent=True)


def _added(page: Answer, label: str, mark: str) -> dict[str, str]:
    """Return the ids of messages that got the label, by arriving or later, each with the history id to go on from."""
    added: dict[str, str] = {}
    for record in page.get("history", []):
        came = [item["message"]["id"] for item in record.get("messagesAdded", [])]
        came += [item["message"]["id"] for item in record.get("labelsAdded", []) if label in item["labelIds"]]
        for id_ in came[:-1]:
            added.setdefault(id_, mark)  # only with its last message is a record behind us
        mark = str(record["id"])
        for id_ in came[-1:]:
            added.setdefault(id_, mark)
    return added


def _header_bytes(resource: Answer) -> bytes:
    """Put a header together again as bytes; each field on a line, so that no value can pose as a field."""
    fields = resource.get("payload", {}).get("headers", [])
    lines = (f"{field['name']}: {' '.join(field['value'].split())}\r\n" for field in fields)
    return "".join(lines).encode("utf-8", "replace") + b"\r\n"


def _reasons(error: HttpError) -> set[str]:
    """Return the reasons in both places where Google's APIs write them."""
    try:
        problem = json.loads(error.content)["error"]
        return {str(item.get("reason", "")) for key in ("errors", "details") for item in problem.get(key, [])}
    except (ValueError, LookupError, TypeError, AttributeError):  # json.loads: a page of some gateway, not the API's
        return set()


def _credentials(settings: SourceSettings) -> Credentials:
    """Read the key of the service account, to act for the account."""
    file = f"The credentials_file '{settings.credentials_file}'"
    again = "download the JSON key of the service account again"
    try:
        with open(settings.credentials_file, encoding="utf-8") as stream:
            info = json.load(stream)
    except OSError as error:  # open
        raise MailboxError(f"{file} cannot be read ({error.strerror}).", permanent=True) from error
    except ValueError:  # json.load: what it quotes may be secret
        raise MailboxError(f"{file} is no JSON; {again}.", permanent=True) from None
    if not isinstance(info, dict) or not all(isinstance(info.get(key), str) for key in _KEYS):
        raise MailboxError(f"{file} is no key of a service account; {again}.", permanent=True)
    try:
        return Credentials.from_service_account_info(  # type: ignore[no-untyped-call,no-any-return]  # not annotated
            info, scopes=[SCOPE], subject=settings.account
        )
    except ValueError:  # from_service_account_info: no private key in PEM
        raise MailboxError(f"{file} has no usable private key; {again}.", permanent=True) from None
