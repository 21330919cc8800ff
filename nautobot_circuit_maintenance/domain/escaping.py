"""Words of unknown senders in places that interpret text: one function for each. HTML is ``format_html``, a URL ``as_query``."""

from collections.abc import Callable, Mapping
from typing import Any

from nautobot_circuit_maintenance.domain.text import storable

# Full-width forms too: spreadsheets take them for the same characters.
_STARTS_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def in_markdown(text: str) -> str:
    """Return text as code on one line, in which Markdown and HTML mean nothing; empty text stays empty."""
    folded = " ".join(storable(text).replace("`", "'").split())
    return f"`{folded}`" if folded else ""


def in_csv(value: Any) -> Any:
    """Return a value for a cell of a CSV file; text that a spreadsheet would take for a formula gets an apostrophe."""
    return _of_each_text(value, lambda text: f"'{text}" if _is_formula(text) else text)


def from_csv(value: Any) -> Any:
    """Return the value that ``in_csv`` was given."""
    return _of_each_text(value, lambda text: text[1:] if text.startswith("'") and _is_formula(text[1:]) else text)


def _is_formula(text: str) -> bool:
    """Return whether text is a formula, also behind apostrophes: one more leads back to exactly this text."""
    return text.lstrip("' ").startswith(_STARTS_FORMULA)


def _of_each_text(value: Any, function: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return function(value)
    if isinstance(value, Mapping):
        return {key: _of_each_text(each, function) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_of_each_text(each, function) for each in value]
    return value
