"""Words of unknown senders in places that interpret text: one function for each. HTML is ``format_html``, a URL ``as_query``."""

from collections.abc import Mapping
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
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" ").startswith(_STARTS_FORMULA) else value
    if isinstance(value, Mapping):
        return {key: in_csv(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [in_csv(each) for each in value]
    return value
