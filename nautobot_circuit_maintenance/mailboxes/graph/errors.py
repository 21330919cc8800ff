"""Errors of Microsoft Graph, and what to do about them (Microsoft's "Microsoft Graph error responses and resource types")."""

from collections.abc import Iterator, Mapping
from typing import Any

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import error_text
from nautobot_circuit_maintenance.mailboxes.graph.settings import GraphSettings

_EXPIRED = ("syncstate", "resync", "synctoken", "deltatoken", "skiptoken")
"""What is in the codes of a cursor that is worthless, in lower case: Microsoft spells them in many ways."""
_BUSY = {"applicationthrottled", "activitylimitreached", "throttledrequest", "toomanyrequests", "errorserverbusy"}
_TOO_MANY = (
    "GRAPH-16",
    "there were too many requests for it; no messages were skipped, and the next run will continue",
)
_TEMPORARY = (409, 410, 423, 429)
_MOVING = {"mailboxinfostale", "errorincorrectroutinghint", "errormailboxmoveinprogress"}
_NO_MAILBOX = {"mailboxnotenabledforrestapi", "resourcenotfound", "extensionerror"}
_NO_USER = {"errorinvaliduser", "request_resourcenotfound"}
_NO_ITEM = {"erroritemnotfound", "errorfoldernotfound", "errormessagenotfound"}
_NO_FOLDER = _NO_ITEM | {"errorinvalididmalformed"}


class Rejected(MailboxError):
    """Graph rejected a request; the codes are in lower case, those inside of the error included."""

    def __init__(self, code: str, message: str, *, status: int, codes: frozenset[str], permanent: bool) -> None:
        """Keep what decides how reading continues: never the message, which may change."""
        super().__init__(code, message, permanent=permanent)
        self.status = status
        self.codes = codes

    @property
    def is_gone(self) -> bool:
        """Whether the message was deleted or moved, or the folder."""
        return self.status == 404 and bool(self.codes & _NO_ITEM)

    @property
    def is_expired(self) -> bool:
        """Whether Graph does not know the state of the last round any more, or its folder: a new round is needed."""
        is_named = any(word in code for code in self.codes for word in _EXPIRED)
        is_unknown = self.status in (400, 404) and (is_named or bool(self.codes & _NO_FOLDER))
        return self.status == 410 or is_unknown

    @property
    def is_broken(self) -> bool:
        """Whether Graph fails at something that it has to show: one message may be the reason."""
        return self.status == 500 and not self.codes & _MOVING

    @property
    def is_unsupported(self) -> bool:
        """Whether this cloud does not offer what was requested."""
        return self.status in (400, 404, 405, 501) and not self.codes & (_NO_MAILBOX | _NO_USER)


class Throttled(MailboxError):
    """The mailbox may not be read for a while."""

    def __init__(self, seconds: float, settings: GraphSettings) -> None:
        """Say how many seconds that is."""
        super().__init__(
            "GRAPH-08",
            f"Microsoft asks to wait {seconds:.0f} seconds before mailbox '{settings.account}' is read again; the next run "
            "will continue.",
        )


def error_codes(body: Any) -> frozenset[str]:
    """Return all codes of an error response, in lower case; empty if it is not one of Graph."""
    return frozenset(code.lower() for code in _codes(body.get("error") if isinstance(body, dict) else None))


def _codes(error: Any) -> Iterator[str]:
    """Yield the code of an error and of those inside of it, whose key has two spellings."""
    if isinstance(error, list):
        for each in error:
            yield from _codes(each)
    if isinstance(error, Mapping):
        if isinstance(code := error.get("code"), str) and code:
            yield code
        for name, inner in error.items():
            if name.lower() == "innererror":
                yield from _codes(inner)


def rejected(status: int, body: Any, settings: GraphSettings) -> Rejected:
    """Return the error for an error response of Graph."""
    codes = error_codes(body)
    error = body["error"]
    reason = error_text(f"HTTP {status}, {error.get('code')}: {error.get('message', '')}", settings)
    what = f"Microsoft Graph rejected mailbox '{settings.account}' ({reason})"
    code, sentence = _TOO_MANY if status == 429 or codes & _BUSY else _cause(status, codes, settings)
    is_permanent = status < 500 and status not in _TEMPORARY and not codes & (_MOVING | _BUSY)
    return Rejected(code, f"{what}; {sentence}.", status=status, codes=codes, permanent=is_permanent)


def _cause(status: int, codes: frozenset[str], settings: GraphSettings) -> tuple[str, str]:
    """Return the code of ours and what to do."""
    if "insufficient_claims" in codes:
        return (
            "GRAPH-04",
            "a Conditional Access policy blocks the application: exclude it, or allow the worker's address",
        )
    if status == 401:
        return (
            "GRAPH-02",
            "the access token is not accepted: check that 'url' and 'login_url' are of the same cloud as the tenant",
        )
    if status == 403:
        return "GRAPH-03", (
            f"grant application {settings.client_id} the right to read this mailbox (RBAC for Applications: Application "
            "Mail.Read with the mailbox in its scope; or, for every mailbox, Mail.Read with an administrator's consent); a "
            "change takes up to two hours to act"
        )
    if codes & _NO_USER:
        return "GRAPH-05", "there is no such account in the tenant: check 'account'"
    if codes & _NO_MAILBOX:
        return (
            "GRAPH-06",
            "the account has no mailbox in Exchange Online: it is on-premises, inactive, or has no license",
        )
    if codes & _NO_FOLDER:
        return "GRAPH-07", "the folder or message was deleted or moved; the next run will look for it"
    if status >= 500 or status in _TEMPORARY or codes & _MOVING:
        return "GRAPH-09", "Microsoft could not answer; no messages were skipped, and the next run will continue"
    return "GRAPH-10", "check 'url', 'account' and 'folder'"


def unexpected(what: str, settings: GraphSettings) -> MailboxError:
    """Return the error for what did not come from Graph."""
    return MailboxError(
        "GRAPH-11",
        f"The response for mailbox '{settings.account}' did not come from Microsoft Graph ({what}); check the worker's "
        "proxy. No messages were skipped; the next run will continue.",
    )
