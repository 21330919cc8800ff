"""Fields of JSON responses, checked: read leniently, the `{}` of a proxy would mean that there are no messages."""

from typing import Any, TypeVar

V = TypeVar("V")


class UnexpectedResponse(Exception):
    """A response that is not as its API documents it; the message names what is missing or wrong."""


def field(thing: Any, name: str, kind: type[V]) -> V:
    """Return the field of this name; raises UnexpectedResponse unless it has this type."""
    value = thing.get(name) if isinstance(thing, dict) else None
    if not isinstance(value, kind):
        raise UnexpectedResponse(f"'{name}' is missing or wrong")
    return value


def text(thing: Any, name: str) -> str:
    """Return a field with text; raises UnexpectedResponse if it is empty."""
    value = field(thing, name, str)
    if not value:
        raise UnexpectedResponse(f"'{name}' is empty")
    return value
