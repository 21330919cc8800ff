"""Posts messages as JSON to a URL, signed, without following redirects."""

import hashlib
import hmac
import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests
from requests.exceptions import RequestException
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from nautobot_circuit_maintenance.channel_settings.webhook import WebhookSettings, is_web_address
from nautobot_circuit_maintenance.outbound.channels.base import TIMEOUT, Channel, error_text
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, MessageRefused, TryAgain, Unsure
from nautobot_circuit_maintenance.outbound.channels.quiet import quiet
from nautobot_circuit_maintenance.outbound.messages import Message

SIGNATURE_HEADER = "X-Hub-Signature-256"
"""The name and form that GitHub gave it, which many receivers verify already: "sha256=" and HMAC-SHA256 of the body."""
_OF_CHANNEL = (401, 403, 404, 407, 429)
_OF_MESSAGE = (400, 413)
_LONGEST_ANSWER = 2000
"""Bytes of an answer that are read, for the error."""
_LONGEST_WAIT = 24 * 60 * 60
_SHORTEST_SECRET = 6
"""Characters of a part of the path that is taken for a secret: "hooks" and "v1" would be hidden everywhere."""


class WebhookChannel(Channel):
    """A receiver of webhooks."""

    settings: WebhookSettings

    def __init__(self, settings: WebhookSettings, session: requests.Session) -> None:
        """Take the session; nothing is asked before the first message."""
        super().__init__(settings)
        self._session = session
        self._url = settings.url.value()

    @classmethod
    @contextmanager
    def open(cls, settings: WebhookSettings) -> Iterator["WebhookChannel"]:
        """Look at the URL, which may come from a secrets group; raises ChannelUnavailable."""
        url = settings.url.value()
        if not is_web_address(url):
            raise ChannelUnavailable("HOOK-01", f"The url of channel '{settings.name}' is not a web address.")
        for part in _secret_parts(url):
            settings.url.derive(part)  # libraries and servers repeat parts of it
        with requests.Session() as session:
            session.auth = _unchanged  # else requests would add a password from the file .netrc
            yield cls(settings, session)

    def _send(self, message: Message) -> None:
        body = json.dumps(_payload(message, self.settings.instance), ensure_ascii=True).encode()
        content = _Content(body)
        response, beginning = self._post(content, self._headers(message, body))
        if not 200 <= response.status_code < 300:
            self._judge(response, beginning)

    def _check(self) -> None:
        """Connect, with TLS; nothing is asked, because receivers differ in what they answer to anything but a message."""
        if get_environ_proxies(self._url):
            return  # what a proxy can reach, only a request shows
        parts = urlsplit(self._url)
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            with socket.create_connection((parts.hostname, port), TIMEOUT) as line:
                if parts.scheme == "https":
                    self._tls_context().wrap_socket(line, server_hostname=parts.hostname).close()
        except OSError as error:  # create_connection, wrap_socket; a file of certificates that cannot be read
            raise self._failed(error, _Content(b"")) from None

    def _tls_context(self) -> ssl.SSLContext:
        """Return what trusts the authorities that requests trusts."""
        wanted = self._session.merge_environment_settings(self._url, {}, None, self.settings.ca_file or True, None)[
            "verify"
        ]
        path = requests.utils.DEFAULT_CA_BUNDLE_PATH if wanted is True else str(wanted)
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.key}
        if secret := self.settings.secret.value():
            digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE_HEADER] = f"sha256={digest}"
        if token := self.settings.token.value():
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _post(self, content: "_Content", headers: dict[str, str]) -> tuple[requests.Response, str]:
        """Return the answer, and the beginning of its content."""
        headers = {"User-Agent": "nautobot-circuit-maintenance", **headers}
        try:
            with quiet():
                response = self._session.post(
                    self._url,
                    data=content,
                    headers=headers,
                    timeout=TIMEOUT,
                    verify=self.settings.ca_file or True,  # here: that of a session yields to the environment
                    allow_redirects=False,
                    stream=True,
                )
        # The last three: what requests does not translate, and headers that cannot be sent.
        except (RequestException, HTTPError, OSError, ValueError) as error:
            raise self._failed(error, content) from None
        with response:
            return response, _beginning(response)

    def _failed(self, error: Exception, content: "_Content") -> ChannelUnavailable | Unsure:
        reason = error_text(_innermost(error), self.settings)
        host = urlsplit(self._url).hostname
        if content.is_begun:
            sentence = f"The connection to {host} was lost, or timed out, after the message was sent ({reason})."
            return Unsure("HOOK-02", f"{sentence} Whether it was taken is not known.")
        return ChannelUnavailable("HOOK-03", f"{host} cannot be reached ({reason}); check 'url', proxy and firewall.")

    def _judge(self, response: requests.Response, beginning: str) -> None:
        """Raise what a status other than 2xx means."""
        code, retry_after = response.status_code, _retry_after(response.headers.get("Retry-After", ""))
        said = error_text(f"{code} {response.reason}: {beginning}", self.settings)
        if 300 <= code < 400:
            raise ChannelUnavailable(
                "HOOK-04", f"The receiver redirects, which is not followed ({said}); correct 'url'."
            )
        if code in _OF_CHANNEL or code >= 500:
            raise ChannelUnavailable(
                "HOOK-05", f"The receiver does not accept messages ({said}).", retry_after=retry_after
            )
        if code in _OF_MESSAGE:
            raise MessageRefused("HOOK-06", f"The receiver refused the message ({said}).")
        raise TryAgain(
            "HOOK-07", f"The receiver did not accept the message this time ({said}).", retry_after=retry_after
        )


class _Content:
    """The body of a request, which notes that sending it has begun: before that, nothing can have been taken."""

    def __init__(self, body: bytes) -> None:
        self._rest = body
        self._length = len(body)
        self.is_begun = False

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        yield self.read()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        self.is_begun = True
        size = len(self._rest) if size < 0 else size
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def _payload(message: Message, instance: str) -> dict[str, object]:
    return {
        "id": message.key,
        "thread": message.root_key or message.key,
        "instance": instance,
        "event": message.event,
        "subject": message.subject,
        "headline": message.headline,
        "text": message.text,
        "data": message.data,
    }


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _secret_parts(url: str) -> Iterator[str]:
    """Yield path and query, and their parts that may be secrets, as they are written and as they are meant."""
    parts = urlsplit(url)
    whole = f"{parts.path}?{parts.query}" if parts.query else parts.path
    pieces = [*parts.path.split("/"), *(pair.partition("=")[2] or pair for pair in parts.query.split("&"))]
    for each in (whole, *pieces):
        if len(each) >= _SHORTEST_SECRET:
            yield from {each, unquote(each)}


def _beginning(response: requests.Response) -> str:
    """Return the beginning of an answer; empty if it cannot be read: its status has come."""
    try:
        with quiet():
            piece = next(response.iter_content(_LONGEST_ANSWER), b"")
    except (RequestException, HTTPError, OSError):  # response.iter_content: a cut line, a wrong encoding
        return ""
    return str(piece[:_LONGEST_ANSWER].decode("utf-8", "replace"))


def _innermost(error: BaseException) -> BaseException:
    """Return the error that others wrap: theirs name the path, and say less."""
    for _ in range(10):
        inner = getattr(error, "reason", None) or next(iter(error.args), None) if error.args else None
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def _retry_after(value: str) -> float | None:
    """Return after how many seconds to ask again (RFC 9110 section 10.2.3); None if that is not said, or not sensible."""
    try:
        seconds = float(value) if value.strip().isdigit() else parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError, OSError):  # parsedate_to_datetime, timestamp: not a date
        return None
    return min(max(seconds, 0.0), _LONGEST_WAIT)
