"""Strings and JSON that every database stores."""

from collections.abc import Mapping
from typing import Any


def storable(text: str) -> str:
    """Return the string without NUL characters and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def storable_json(value: Any) -> Any:
    """Return a JSON value whose strings are all storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable_json(item) for item in value]
    return value


def folded(text: str) -> str:
    """Return the string for comparisons without regard to case and number of blanks."""
    return " ".join(text.casefold().split())


def shortened(text: str, length: int) -> str:
    """Return the string storable, on one line and cut to a length."""
    line = " ".join(storable(text).split())
    return line if len(line) <= length else f"{line[: length - 3]}..."


def bounded(text: str, length: int) -> str:
    """Return the string storable and cut to a length; line breaks stay."""
    found = storable(text)
    return found if len(found) <= length else f"{found[: length - 3]}..."
