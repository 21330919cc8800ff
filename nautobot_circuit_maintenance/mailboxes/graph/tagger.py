"""Tags of Microsoft 365: categories. A change of them replaces all that a message has, so they are read first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import TIMEOUT
from nautobot_circuit_maintenance.mailboxes.batching import chunks
from nautobot_circuit_maintenance.mailboxes.graph import errors
from nautobot_circuit_maintenance.mailboxes.graph.session import GraphSession
from nautobot_circuit_maintenance.mailboxes.graph.settings import VERSION, GraphSettings
from nautobot_circuit_maintenance.mailboxes.responses import UnexpectedResponse, field
from nautobot_circuit_maintenance.mailboxes.tagging import TagChange, Tagger

CHANGED_AT_ONCE = 20
"""Requests in one (Graph's "Combine multiple HTTP requests using JSON batching")."""
_JSON = {"Content-Type": "application/json"}
_CHANGED_MEANWHILE = (409, 412)
Request = dict[str, Any]


@dataclass
class GraphTagger(Tagger):
    """A mailbox whose messages may be changed."""

    session: GraphSession

    session_type: ClassVar[type[GraphSession]] = GraphSession
    timeout: ClassVar[float] = TIMEOUT

    @classmethod
    @contextmanager
    def open(cls, settings: GraphSettings) -> Iterator["GraphTagger"]:
        """Prepare the login, without a request."""
        session = cls.session_type(settings, timeout=cls.timeout)
        with session.http:
            yield cls(session)

    def check(self) -> None:
        """Change a message that does not exist: without the right to do so, Graph answers 403 (assumed: no page says it)."""
        missing = TagChange("none", "", "", frozenset())
        request = {"method": "PATCH", "url": _path(self, missing), "headers": _JSON, "body": {"categories": []}}
        with suppress(errors.Rejected):  # _batch: the message does not exist
            self._batch([request])

    def change(self, changes: Sequence[TagChange]) -> Iterator[Sequence[TagChange]]:
        """Change the categories of up to 20 messages with two requests."""
        for chunk in chunks(changes, CHANGED_AT_ONCE):
            found = self._batch([{"method": "GET", "url": f"{_path(self, each)}?$select=categories"} for each in chunk])
            done, requests, asked = [], [], []
            for each, response in zip(chunk, found, strict=True):
                request = self._request(each, response) if response is not None else None
                if request:
                    requests.append(request)
                    asked.append(each)
                else:
                    done.append(each)
            if requests:
                changed = zip(asked, self._batch(requests), strict=True)
                # Someone else has changed it in the meantime: the next run tries again.
                done += [each for each, response in changed if response is None or "status" not in response]
            yield done

    def _request(self, change: TagChange, message: Any) -> Request | None:
        """Return what changes the categories of a message; None if they are right."""
        try:
            before = field(message, "categories", list)
        except UnexpectedResponse as error:  # field
            raise self.session.unexpected(error) from error
        unwanted = {tag.casefold() for tag in {*change.remove, change.add}}
        after = [name for name in before if str(name).casefold() not in unwanted] + ([change.add] if change.add else [])
        if sorted(map(str, after)) == sorted(map(str, before)):
            return None
        etag = {"If-Match": message["@odata.etag"]} if isinstance(message.get("@odata.etag"), str) else {}
        return {
            "method": "PATCH",
            "url": _path(self, change),
            "headers": {**_JSON, **etag},
            "body": {"categories": after},
        }

    def _batch(self, requests: Sequence[Request]) -> list[Any]:
        """Send requests as one; return the bodies of their responses, in their order.

        None for a message that is gone, {"status": ...} for one that was changed in the meantime; raises MailboxError for any
        other failure.
        """
        numbered = [{"id": str(number), **request} for number, request in enumerate(requests)]
        response = self.session.post(f"{VERSION}/$batch", {"requests": numbered})
        try:
            found = {each["id"]: each for each in field(response, "responses", list)}
            return [self._body(found[each["id"]]) for each in numbered]
        except (UnexpectedResponse, LookupError, TypeError, AttributeError) as error:  # field, found, _body
            raise self.session.unexpected(f"a batch of another form ({type(error).__name__})") from error

    def _body(self, response: Any) -> Any:
        """Return the body of one response of a batch."""
        status, body = int(response["status"]), response.get("body")
        if status < 300:
            return body or {}
        if status in _CHANGED_MEANWHILE:
            return {"status": status}
        if not errors.error_codes(body):
            raise self.session.unexpected(f"HTTP {status} in a batch")
        error = errors.rejected(status, body, self.session.settings)
        if error.is_gone:
            return None
        if status == 403:
            sentence = (
                f"Tags cannot be set in mailbox '{self.session.settings.account}': grant application "
                f"{self.session.settings.client_id} the role Application Mail.ReadWrite for it, or remove 'tags'."
            )
            raise MailboxError("GRAPH-15", sentence, permanent=True)
        raise error


def _path(tagger: GraphTagger, change: TagChange) -> str:
    """Return the path of a message in a batch, which has no version."""
    return f"{tagger.session.mailbox.removeprefix(VERSION)}/messages/{quote(change.server_id, safe='')}"
