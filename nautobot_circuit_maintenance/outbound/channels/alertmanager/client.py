"""The part of Alertmanager's API that is about silences (/api/v2/silences), of one server or the members of one cluster."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from http import HTTPStatus
from typing import Any

import requests

from nautobot_circuit_maintenance.outbound.channels.alertmanager.plan import Post
from nautobot_circuit_maintenance.outbound.channels.deadline import within
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, MessageRefused

TIMEOUT = 10
"""Seconds that a single network operation may take; the answers of a healthy server take milliseconds."""
ANSWER_WITHIN = 20
"""Seconds until an answer must be whole, however it drips."""
OF_A_RUN = 120
"""Seconds that all requests of a client may take: each silence is one."""
_OVER = "end time can't be in the past"
_GONE = "silence not found"
_MAX_COMMENT = 4_000
"""Characters; a circuit in very many maintenances need not have all of their addresses there."""
_LOGIN_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_LONGEST_ANSWER = 32 * 1024 * 1024


class Client:
    """Reads and changes the silences of one creator; raises ChannelUnavailable, MessageRefused."""

    def __init__(
        self, urls: Sequence[str], *, created_by: str, auth: tuple[str, str] | str = "", ca_file: str = ""
    ) -> None:
        """Keep where the members are, and how to log in: with user name and password, or with a token."""
        self._urls = list(urls)
        self.created_by = created_by
        self._until = time.monotonic() + OF_A_RUN
        self._session = requests.Session()
        self._verify: str | bool = ca_file or True
        if isinstance(auth, tuple):
            self._session.auth = auth
        elif auth:
            self._session.auth = _bearer(auth)

    def __enter__(self) -> "Client":
        """Return the client."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close its connections."""
        self._session.close()

    def silences(self) -> list[Any]:
        """Return the silences of all creators, from the first member that answers, which is asked from then on."""
        errors: list[str] = []
        for url in self._urls:
            try:
                found = _json(self._request("GET", url, "silences"))
            except _NoAnswer as error:  # _request: this member; the next one may answer
                errors.append(str(error))
                continue
            if not isinstance(found, list):
                raise _no_alertmanager(url)
            self._urls = [url]
            return found
        raise _unavailable(errors)

    def post(self, post: Post) -> str:
        """Make or change a silence and return its ID; empty if it would be over already."""
        answer = self._ask("POST", "silences", self._body(post))
        if answer.status_code == HTTPStatus.NOT_FOUND and post.id:  # it was removed since it was read
            answer = self._ask("POST", "silences", self._body(post._replace(id="")))
        if answer.ok:
            found = _json(answer)
            return str(found.get("silenceID", "")) if isinstance(found, dict) else ""
        if _OVER in answer.text:
            return ""
        words = " ".join(answer.text.split())[:200]
        named = ", ".join(f"{name}={value!r}" for name, value in sorted(post.matchers))
        raise MessageRefused("ALERT-04", f"Alertmanager refused the silence for {named}: {answer.status_code} {words}")

    def expire(self, name: str) -> None:
        """End a silence now; one that has ended or is gone is fine."""
        answer = self._ask("DELETE", f"silence/{name}")
        # Versions before 0.28 answer 500 for one that is gone.
        is_gone = answer.status_code == HTTPStatus.NOT_FOUND or _GONE in answer.text
        if not answer.ok and not is_gone:
            words = " ".join(answer.text.split())[:200]
            raise MessageRefused(
                "ALERT-05", f"Alertmanager did not end the silence {name}: {answer.status_code} {words}"
            )

    def _body(self, post: Post) -> dict[str, Any]:
        """Return a silence as the API takes it."""
        matchers = [{"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in post.matchers]
        return {
            **({"id": post.id} if post.id else {}),
            "matchers": matchers,
            "startsAt": _as_text(post.start),
            "endsAt": _as_text(post.end),
            "createdBy": self.created_by,
            "comment": _comment(post.reasons),
        }

    def _ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Send a request to the member that answered."""
        try:
            return self._request(method, self._urls[0], path, body)
        except _NoAnswer as error:  # _request
            raise _unavailable([str(error)]) from None

    def _request(self, method: str, url: str, path: str, body: Any = None) -> requests.Response:
        """Send a request to a member; raises _NoAnswer, ChannelUnavailable."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise ChannelUnavailable("ALERT-09", f"Alertmanager took {OF_A_RUN} seconds; the rest is for the next run.")
        try:
            answer = within(min(left, ANSWER_WITHIN), lambda: self._sent(method, url, path, body), TimeoutError())
        except (OSError, ValueError) as error:  # within: connection, TLS, time-out; an answer that is not HTTP
            raise _NoAnswer(f"{url}: {type(error).__name__}") from None
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and path == "silences" and method == "GET":
            raise _NoAnswer(f"{url}: {answer.status_code}")
        if answer.status_code in _LOGIN_REFUSED:
            raise ChannelUnavailable("ALERT-02", f"{url} refused the login ({answer.status_code}).")
        if answer.is_redirect:
            raise _no_alertmanager(url)
        return answer

    def _sent(self, method: str, url: str, path: str, body: Any) -> requests.Response:
        return self._session.request(
            method,
            f"{url.rstrip('/')}/api/v2/{path}",
            json=body,
            timeout=TIMEOUT,
            verify=self._verify,
            allow_redirects=False,
        )


class _NoAnswer(Exception):
    """A member of the cluster does not answer."""


def _unavailable(errors: Iterable[str]) -> ChannelUnavailable:
    """Return the error that no member answers."""
    return ChannelUnavailable("ALERT-01", f"Alertmanager does not answer: {'; '.join(errors)}.")


def _no_alertmanager(url: str) -> ChannelUnavailable:
    """Return the error that something else answers: a login page, another program, a wrong path."""
    return ChannelUnavailable("ALERT-03", f"{url} does not answer as an Alertmanager does; redirects are not followed.")


def _json(answer: requests.Response) -> Any:
    """Return the content of an answer; None if it is not JSON, or if it is an error."""
    if not answer.ok or len(answer.content) > _LONGEST_ANSWER:
        return None
    try:
        return answer.json()
    except ValueError:  # answer.json: a login page, for example
        return None


def _bearer(token: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Return what puts a token into a request (RFC 6750)."""

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return authorize


def _as_text(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the millisecond, which is all that comes back."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _comment(reasons: Sequence[str]) -> str:
    """Return why it is silent; the comment must not be empty."""
    text = " ".join(["Circuit maintenance:", *reasons])
    return text if len(text) <= _MAX_COMMENT else f"{text[:_MAX_COMMENT].rpartition(' ')[0]} ..."
