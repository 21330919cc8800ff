"""What the Gmail API answers, as values; whatever is not as Google documents it is an `OddAnswer`.

A proxy may answer in Google's place, with a page or with JSON of its own. Read leniently, its `{}` would say that there is
no mail, and the cursor would pass mail that nobody has seen.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Generic, NamedTuple, TypeVar

V = TypeVar("V")
Answer = Mapping[str, Any]


class OddAnswer(Exception):
    """This is not what the API answers; the message says what is missing or wrong."""


class Record(NamedTuple):
    """What happened at one time."""

    history_id: str
    added: list[str]
    """Ids of messages that got the label, by arriving or later."""


@dataclass(frozen=True)
class Page(Generic[V]):
    """One page of a list."""

    items: list[V]
    next_token: str
    """Empty on the last page."""


def _field(thing: Any, name: str, kind: type[V]) -> V:
    """Return what an object says under this name; raises OddAnswer unless it is of that kind."""
    value = thing.get(name) if isinstance(thing, dict) else None
    if not isinstance(value, kind):
        raise OddAnswer(f"'{name}' is missing or wrong")
    return value


def _text(thing: Any, name: str) -> str:
    text = _field(thing, name, str)
    if not text:
        raise OddAnswer(f"'{name}' is empty")
    return text


def _listed(thing: Any, name: str) -> list[Any]:
    """Return a list, which the API leaves out where it is empty."""
    return _field(thing, name, list) if isinstance(thing, dict) and name in thing else []


def _history_id(thing: Any, name: str) -> str:
    number = _text(thing, name)
    if not (number.isascii() and number.isdigit()):
        raise OddAnswer(f"'{name}' is not a number")
    return number


def profile_history_id(answer: Any) -> str:
    """Return where the mailbox stands (users.getProfile)."""
    return _history_id(answer, "historyId")


def labels(answer: Any) -> dict[str, str]:
    """Return names by id (users.labels.list); there are always some that Gmail has made."""
    found = {_text(label, "id"): _text(label, "name") for label in _field(answer, "labels", list)}
    if not found:
        raise OddAnswer("'labels' is empty")
    return found


def message_page(answer: Any) -> Page[str]:
    """Return ids of messages (users.messages.list); the estimate is there even where nothing is found."""
    _field(answer, "resultSizeEstimate", int)
    return Page([_text(message, "id") for message in _listed(answer, "messages")], _next(answer))


def history_page(answer: Any, label: str) -> Page[Record]:
    """Return what happened (users.history.list); the mailbox's own id is there even where that is nothing."""
    _history_id(answer, "historyId")
    return Page([_record(record, label) for record in _listed(answer, "history")], _next(answer))


def _record(record: Any, label: str) -> Record:
    came = [_message_id(item) for item in _listed(record, "messagesAdded")]
    labelled = [item for item in _listed(record, "labelsAdded") if label in _field(item, "labelIds", list)]
    return Record(_history_id(record, "id"), came + [_message_id(item) for item in labelled])


def _next(answer: Any) -> str:
    return _text(answer, "nextPageToken") if "nextPageToken" in answer else ""


def _message_id(item: Any) -> str:
    return _text(_field(item, "message", dict), "id")


def message(answer: Any, id_: str, read: Callable[[Answer], V]) -> V:
    """Read what is answered about one message by users.messages.get; no other may come in its place."""
    if _text(answer, "id") != id_:
        raise OddAnswer(f"wrong message returned for {id_}")
    return read(answer)


class Look(NamedTuple):
    """What the format metadata tells of a message."""

    header: bytes
    size: int | None
    """Bytes, an estimate; None where it is not told."""
    received_at: datetime


def look(answer: Answer) -> Look:
    """Return what is known of a message before it is read."""
    size = answer.get("sizeEstimate")
    return Look(_header_bytes(answer), size if isinstance(size, int) else None, _received_at(answer))


def _header_bytes(answer: Answer) -> bytes:
    """Put a header together again as bytes; each field on a line, so that no value can pose as a field."""
    fields = _listed(_field(answer, "payload", dict), "headers")
    pairs = ((_field(each, "name", str), _field(each, "value", str)) for each in fields)
    lines = (f"{name}: {' '.join(value.split())}\r\n" for name, value in pairs)
    return "".join(lines).encode("utf-8", "replace") + b"\r\n"


def _received_at(answer: Answer) -> datetime:
    """Return the internal date, milliseconds since 1970; the time of reading where no calendar has it."""
    try:
        milliseconds = int(_field(answer, "internalDate", str))
    except ValueError:
        raise OddAnswer("'internalDate' is not a number") from None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc)
    except (ValueError, OverflowError, OSError):  # datetime.fromtimestamp: an imported message of the year 10000
        return datetime.now(timezone.utc)


def raw(answer: Answer) -> bytes:
    """Return the exact bytes of a message; foreign characters in the base64url are an error, never left out."""
    text = _text(answer, "raw").rstrip("=")
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:  # base64.b64decode: a foreign character, a length that base64 does not have
        raise OddAnswer("'raw' is not valid base64url") from None
    if not decoded:
        raise OddAnswer("'raw' is empty")
    return decoded
