"""Responses of Graph as values; whatever is not as Microsoft documents it is an `UnexpectedResponse`.

A proxy may respond in Microsoft's place. Read leniently, its `{}` would mean that there are no messages.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from nautobot_circuit_maintenance.mailboxes.responses import UnexpectedResponse, field, text

SIZE_PROPERTY = "Integer 0x0E08"
"""PidTagMessageSize (MS-OXPROPS): messages have no size otherwise."""
_SIZE_NUMBER = 0x0E08


class Item(NamedTuple):
    """A message in a list."""

    id: str
    received: str
    """When it was received, as Graph writes it: in UTC, in an order of strings; empty in a delta."""


@dataclass(frozen=True)
class Page:
    """One page of a list or of a delta."""

    items: list[Item]
    """Without those that were removed."""
    is_empty: bool
    """Whether there were none, not even removed ones."""
    next: str
    """Path and query of the next page; empty on the last one."""
    delta: str
    """Path and query of the next round; only on the last page of one."""


class Look(NamedTuple):
    """What is known about a message before it is read."""

    header: bytes
    """Empty if Graph does not have it."""
    size: int | None
    """Bytes, of what Exchange stores, not of the message; None if it is missing."""
    received_at: datetime


def page(response: Any, server: str) -> Page:
    """Return one page."""
    values = field(response, "value", list)
    present = [value for value in values if not (isinstance(value, dict) and "@removed" in value)]
    items = [Item(text(value, "id"), str(value.get("receivedDateTime") or "")) for value in present]
    following, delta = (link(response, name, server) for name in ("@odata.nextLink", "@odata.deltaLink"))
    return Page(list(dict.fromkeys(items)), not values, following, delta)


def link(response: Any, name: str, server: str) -> str:
    """Return path and query of a link; raises UnexpectedResponse for one to elsewhere: the token would go there."""
    if response.get(name) is None:
        return ""
    link = text(response, name)
    try:
        parts = urlsplit(link)
        place = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port not in (None, 443) else "")
    except ValueError:  # urlsplit, parts.port
        place = ""
    if place != server or not parts.path.startswith("/") or "@" in parts.netloc:
        raise UnexpectedResponse(f"'{name}' leads to another server")
    return f"{parts.path}?{parts.query}"


def look(response: Any) -> Look:
    """Return what is known about a message."""
    text(response, "id")
    return Look(_header_bytes(response), _size(response), moment(str(response.get("receivedDateTime") or "")))


def _header_bytes(response: Mapping[str, Any]) -> bytes:
    """Rebuild the header as bytes; each field on one line, so that no value can pose as a field."""
    fields = response.get("internetMessageHeaders")
    if not fields:  # a draft, or a message that did not come by SMTP
        return b""
    pairs = (
        (text(each, "name"), str(each.get("value") or "")) for each in field(response, "internetMessageHeaders", list)
    )
    lines = (f"{name}: {' '.join(value.split())}\r\n" for name, value in pairs)
    return "".join(lines).encode("utf-8", "surrogateescape") + b"\r\n"


def _size(response: Mapping[str, Any]) -> int | None:
    """Return the size; Graph spells the property's name in several ways, and its value is a string."""
    for each in response.get("singleValueExtendedProperties") or ():
        try:
            if int(str(each["id"]).split()[1], 16) == _SIZE_NUMBER:
                return int(each["value"])
        except (LookupError, TypeError, ValueError):  # not as documented: the size is not known
            continue
    return None


def moment(written: str) -> datetime:
    """Return a time that Graph wrote; the current time if it is missing or out of range."""
    try:
        found = datetime.fromisoformat(re.sub(r"\.\d+", "", written).replace("Z", "+00:00"))
        return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)
    except (ValueError, OverflowError):  # datetime.fromisoformat, astimezone
        return datetime.now(timezone.utc)


def written(when: datetime) -> str:
    """Return a time as Graph writes it, at the start of its second."""
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
