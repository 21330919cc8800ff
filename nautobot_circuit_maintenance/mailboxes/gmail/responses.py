"""Responses of the Gmail API as values; whatever is not as Google documents it is an `UnexpectedResponse`.

A proxy may respond in Google's place, with a page or with JSON of its own. Read leniently, its `{}` would mean that there
are not messages, and the cursor would pass messages that were never read.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Generic, NamedTuple, TypeVar

from nautobot_circuit_maintenance.mailboxes.responses import UnexpectedResponse, field, text

V = TypeVar("V")
Response = Mapping[str, Any]


class Record(NamedTuple):
    """An entry of the history."""

    history_id: str
    added: list[str]
    """Ids of messages that got the label, on arrival or later."""


@dataclass(frozen=True)
class Page(Generic[V]):
    """One page of a list."""

    items: list[V]
    next_token: str
    """Empty on the last page."""


def _listed(thing: Any, name: str) -> list[Any]:
    """Return a list, which the API leaves out if it is empty."""
    return field(thing, name, list) if isinstance(thing, dict) and name in thing else []


def _history_id(thing: Any, name: str) -> str:
    number = text(thing, name)
    if not (number.isascii() and number.isdigit()):
        raise UnexpectedResponse(f"'{name}' is not a number")
    return number


def profile_history_id(response: Any) -> str:
    """Return the current history id of the mailbox (users.getProfile)."""
    return _history_id(response, "historyId")


def labels(response: Any) -> dict[str, str]:
    """Return names by id (users.labels.list); Gmail's own labels always exist."""
    found = {text(label, "id"): text(label, "name") for label in field(response, "labels", list)}
    if not found:
        raise UnexpectedResponse("'labels' is empty")
    return found


def created(response: Any) -> str:
    """Return the id of a new label (users.labels.create)."""
    return text(response, "id")


def message_page(response: Any) -> Page[str]:
    """Return ids of messages (users.messages.list); the estimate is there even if nothing is found."""
    field(response, "resultSizeEstimate", int)
    return Page([text(message, "id") for message in _listed(response, "messages")], _next(response))


def history_page(response: Any, label: str) -> Page[Record]:
    """Return history entries (users.history.list); the mailbox's own id is there even if there are none."""
    _history_id(response, "historyId")
    return Page([_record(record, label) for record in _listed(response, "history")], _next(response))


def _record(record: Any, label: str) -> Record:
    arrived = [_message_id(item) for item in _listed(record, "messagesAdded")]
    labeled = [item for item in _listed(record, "labelsAdded") if label in field(item, "labelIds", list)]
    return Record(_history_id(record, "id"), arrived + [_message_id(item) for item in labeled])


def _next(response: Any) -> str:
    return text(response, "nextPageToken") if "nextPageToken" in response else ""


def _message_id(item: Any) -> str:
    return text(field(item, "message", dict), "id")


def message(response: Any, id_: str, read: Callable[[Response], V]) -> V:
    """Read what users.messages.get returned; it must be about the message that was requested."""
    if text(response, "id") != id_:
        raise UnexpectedResponse(f"wrong message returned for {id_}")
    return read(response)


class MessageMetadata(NamedTuple):
    """A message in the format "metadata"."""

    header: bytes
    size: int | None
    """Bytes, an estimate; None if it is missing."""
    received_at: datetime


def metadata(response: Response) -> MessageMetadata:
    """Return what is known about a message before it is read."""
    size = response.get("sizeEstimate")
    return MessageMetadata(_header_bytes(response), size if isinstance(size, int) else None, _received_at(response))


def _header_bytes(response: Response) -> bytes:
    """Rebuild the header as bytes; each field on one line, so that no value can pose as a field."""
    fields = _listed(field(response, "payload", dict), "headers")
    pairs = ((field(each, "name", str), field(each, "value", str)) for each in fields)
    lines = (f"{name}: {' '.join(value.split())}\r\n" for name, value in pairs)
    return "".join(lines).encode("utf-8", "replace") + b"\r\n"


def _received_at(response: Response) -> datetime:
    """Return the internal date, milliseconds since 1970; the current time if it is out of range."""
    try:
        milliseconds = int(field(response, "internalDate", str))
    except ValueError:
        raise UnexpectedResponse("'internalDate' is not a number") from None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc)
    except (ValueError, OverflowError, OSError):  # datetime.fromtimestamp: an imported message of the year 10000
        return datetime.now(timezone.utc)


def raw(response: Response) -> bytes:
    """Return the exact bytes of a message; invalid characters in the base64url are an error, never left out."""
    encoded = text(response, "raw").rstrip("=")
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except ValueError:  # base64.b64decode: an invalid character or length
        raise UnexpectedResponse("'raw' is not valid base64url") from None
    if not decoded:
        raise UnexpectedResponse("'raw' is empty")
    return decoded
