"""Requests to Microsoft Graph: with an access token, patience where it asks for that, and an error for whatever fails."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote
from uuid import uuid4

import requests

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import TIMEOUT, error_text
from nautobot_circuit_maintenance.mailboxes.graph import errors
from nautobot_circuit_maintenance.mailboxes.graph.settings import VERSION, GraphSettings
from nautobot_circuit_maintenance.mailboxes.logins.entra import application_login
from nautobot_circuit_maintenance.mailboxes.logins.http import Http
from nautobot_circuit_maintenance.mailboxes.responses import UnexpectedResponse

V = TypeVar("V")

MAX_JSON = 32 * 1024 * 1024
"""Bytes of a response that is not a message."""
MAX_WAIT = 60
"""Seconds that one wait may take; if Graph asks for more, the next run continues."""
_PIECE = 64 * 1024
_BUSY = (429, 502, 503, 504, 509)
"""Too many requests, or a server that is not there for a moment; with ``Retry-After`` or without."""
_FIRST_PAUSE = 2.0
_CLAIMS = "insufficient_claims"
_NO_MESSAGES = ("text/html", "application/json", "application/xhtml+xml")
"""What a proxy answers in Graph's place, which says text/plain of a message."""


@dataclass
class GraphSession:
    """One connection to Graph, for one mailbox and one run."""

    settings: GraphSettings
    pause: Callable[[float], None] = time.sleep
    timeout: float = TIMEOUT
    waits: int = 8
    """Times that this run still waits when Graph asks for it."""
    http: Http = field(init=False)

    agent: ClassVar[str] = "nautobot-circuit-maintenance"

    def __post_init__(self) -> None:
        """Prepare the login; nothing is requested yet."""
        self.http = Http(ca_file=self.settings.ca_file, timeout=self.timeout)
        self.login = application_login(self.settings, self.settings.scope)
        self.login.timeout = self.timeout

    @property
    def mailbox(self) -> str:
        """The path of the mailbox."""
        return f"{VERSION}/users/{quote(self.settings.account, safe='@')}"

    def get(self, path: str, *, page_size: int = 0) -> Any:
        """Return the JSON at a path and query of the server; raises MailboxError."""
        preference = {"Prefer": f"odata.maxpagesize={page_size}"} if page_size else {}
        with self._response(path, {"Accept": "application/json", **preference}) as response:
            body = self._read(response, MAX_JSON)
        return self._decoded(body)

    def post(self, path: str, content: Any) -> Any:
        """Send JSON to a path of the server, and return the JSON that it answers; raises MailboxError."""
        with self._response(path, {"Accept": "application/json"}, content) as response:
            body = self._read(response, MAX_JSON)
        return self._decoded(body)

    def start(self, path: str, size: int) -> tuple[bytes, bool]:
        """Return the first bytes of what is at a path, and whether that is all."""
        with self._response(path, {"Accept": "*/*"}) as response:
            # Without one of these, a body that is cut off is not recognized; and they are lost if the header is.
            if not {"content-length", "transfer-encoding"} & {name.lower() for name in response.headers}:
                raise self.unexpected("of unknown length")
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind in _NO_MESSAGES:
                raise self.unexpected(f"{kind} instead of a message")
            body = self._read(response, size + 1)
        if not body:
            raise self.unexpected("an empty message")
        return body[:size], len(body) <= size

    def _decoded(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):  # loads: a page of a proxy
            raise self.unexpected("not JSON") from None

    @contextmanager
    def _response(self, path: str, headers: dict[str, str], content: Any = None) -> Iterator[requests.Response]:
        """Yield a response of 200, to content if there is any; raises MailboxError for any other."""
        response = self._patiently(path, headers, content)
        with closing(response):
            if response.status_code != 200:
                raise self._error(response)
            yield response

    def _patiently(self, path: str, headers: dict[str, str], content: Any) -> requests.Response:
        """Return the response, after a new access token if that was refused, and after the waits that Graph asks for."""
        response = self._send(path, headers, content, is_fresh=False)
        pause, was_refused = _FIRST_PAUSE, False
        while True:
            is_refused = response.status_code == 401 and not was_refused
            if not is_refused and not (response.status_code in _BUSY and self.waits):
                return response
            response.close()
            if is_refused:
                was_refused = True
            else:
                pause = self._wait(response, pause)
            response = self._send(path, headers, content, is_fresh=is_refused)

    def _wait(self, response: requests.Response, pause: float) -> float:
        """Wait as long as Graph asks, or if it does not say, for this pause; return the next one."""
        seconds = _retry_after(response.headers.get("Retry-After", ""))
        if seconds is not None and seconds > MAX_WAIT:
            raise errors.Throttled(seconds, self.settings)
        self.waits -= 1
        self.pause(pause if seconds is None else seconds)
        return min(2 * pause, MAX_WAIT) if seconds is None else pause

    def _send(self, path: str, headers: dict[str, str], content: Any, *, is_fresh: bool) -> requests.Response:
        token = self.login.token(is_fresh=is_fresh)
        known = {"Authorization": f"Bearer {token}", "User-Agent": self.agent, "client-request-id": str(uuid4())}
        try:
            # Never a redirect: the token is for this server alone.
            return self.http.request(
                "GET" if content is None else "POST",
                self.settings.server + path,
                json=content,
                headers={**known, **headers},
                stream=True,
                allow_redirects=False,
            )
        except (requests.RequestException, OSError, ValueError) as error:  # http.request
            raise self._unreachable(error) from _cause(error)

    def _unreachable(self, error: Exception) -> MailboxError:
        reason = error_text(error, self.settings)
        sentence = f"{self.settings.server} cannot be reached for mailbox '{self.settings.account}' ({reason})."
        return MailboxError("GRAPH-01", sentence)

    def _read(self, response: requests.Response, size: int) -> bytes:
        """Return the first bytes of a body."""
        body = bytearray()
        try:
            for piece in response.iter_content(_PIECE):
                body += piece
                if len(body) >= size:
                    break
        except (requests.RequestException, OSError) as error:  # iter_content
            raise self._unreachable(error) from _cause(error)
        length = response.headers.get("Content-Length", "")
        is_encoded = "Content-Encoding" in response.headers
        if length.isdecimal() and not is_encoded and len(body) < min(int(length), size):
            raise self.unexpected("cut off")
        return bytes(body[:size])

    def _error(self, response: requests.Response) -> MailboxError:
        """Return the error for a response other than 200."""
        seconds = _retry_after(response.headers.get("Retry-After", ""))
        decoded = _decoded_error(self._read(response, _PIECE), response)
        if seconds is not None and response.status_code in _BUSY:
            return errors.Throttled(seconds, self.settings)
        if response.status_code in _BUSY and not errors.error_codes(decoded):  # a gateway of Microsoft
            decoded = {"error": {"code": response.reason or "busy"}}
        if response.status_code >= 400 and (errors.error_codes(decoded) or _is_graph_error(decoded)):
            return errors.rejected(response.status_code, decoded, self.settings)
        return self.unexpected(f"HTTP {response.status_code}")

    def unexpected(self, what: object) -> MailboxError:
        """Return the error for what did not come from Graph."""
        return errors.unexpected(error_text(what, self.settings), self.settings)

    def read(self, path: str, into: Callable[[Any], V], *, page_size: int = 0) -> V:
        """Return the JSON at a path and query of the server as a value; raises MailboxError."""
        response = self.get(path, page_size=page_size)
        try:
            return into(response)
        except UnexpectedResponse as error:  # into: not from Graph
            raise self.unexpected(error) from error


def _cause(error: Exception) -> Exception:
    """Return the error, or Python's own if a time limit has passed: requests has others, and hides some."""
    is_late = isinstance(error, requests.Timeout) or "timed out" in str(error)
    return TimeoutError(str(error)) if is_late else error


def _decoded_error(body: bytes, response: requests.Response) -> Any:
    """Return the JSON of an error, with what only its header says (RFC 6750 section 3); None if it is not JSON."""
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):  # loads
        decoded = None
    challenge = response.headers.get("WWW-Authenticate", "")
    if not challenge.lower().startswith("bearer"):
        return decoded
    error = decoded.get("error") if isinstance(decoded, dict) else None
    known = error if isinstance(error, dict) else {"code": response.reason or "Unauthorized"}
    claims = {"code": _CLAIMS} if _CLAIMS in challenge else {}
    return {"error": {**known, "innerError": [known.get("innerError"), claims]}}


def _is_graph_error(body: Any) -> bool:
    """Return whether this is an error of Graph without a code."""
    return isinstance(body, dict) and isinstance(body.get("error"), dict)


def _retry_after(value: str) -> float | None:
    """Return the seconds of a ``Retry-After`` field (RFC 9110 section 10.2.3); None if there is none, or no valid one."""
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):  # parsedate_to_datetime
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
