"""The lines of HTML: one for each block and each line of a cell, with its table, row and column, and what is struck out."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

_BREAKS = frozenset(
    "address article blockquote body br caption center dd div dl dt fieldset footer h1 h2 h3 h4 h5 h6 header hr li ol p pre"
    " section table tbody td tfoot th thead tr ul".split()
)
_SILENT = frozenset(("head", "script", "style", "title", "template"))
_STRUCK = frozenset(("s", "strike", "del"))
_LINE_THROUGH = re.compile(r"text-decoration[a-z-]{0,12}\s{0,9}:[^;]{0,60}line-through", re.IGNORECASE)
_MARKS_OF_STRIKES = ("line-through", "<s>", "<s ", "<strike", "<del")
"""What HTML with struck-out text contains."""
_MOST_COLUMNS = 40
_MOST_EVENTS = 40_000


class Cell(NamedTuple):
    """The place of a line in a table; all count from 0."""

    table: int
    row: int
    column: int


class Piece(NamedTuple):
    """One line of text with its place."""

    text: str
    cell: Cell | None = None
    struck: tuple[tuple[int, int], ...] = ()
    is_quoted: bool = False


@dataclass
class _Table:
    """A table while it is walked."""

    number: int
    row: int = -1
    column: int = -1
    span: int = 1
    """Columns of the current cell."""
    below: dict[int, int] = field(default_factory=dict)
    """Columns that a cell further up fills, with the rows that are left."""


def html_pieces(sources: Sequence[str], longest: int) -> Iterator[Piece]:
    """Yield the lines of HTML documents, until that many characters were found."""
    walker = _Walker(longest)
    for html in sources:
        if not html.strip():
            continue
        lower = html.lower()
        walker.strikes_out = any(mark in lower for mark in _MARKS_OF_STRIKES)
        parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
        root = etree.fromstring(html.encode("utf-8", "replace"), parser)
        if root is not None:
            walker.walk(root)
    return iter(walker.pieces)


class _Walker:
    """Walks a document and collects its lines."""

    def __init__(self, longest: int) -> None:
        self.pieces: list[Piece] = []
        self.strikes_out = True
        """Whether the document has struck-out text."""
        self._left = longest
        self._tables: list[_Table] = []
        self._number = 0
        self._text = ""
        self._struck: list[tuple[int, int]] = []
        self._strikes = 0
        self._silent = 0

    def walk(self, root: "etree._Element") -> None:
        """Collect the lines of a document."""
        for count, (event, element) in enumerate(etree.iterwalk(root, events=("start", "end"))):
            if self._left < 0 or count > _MOST_EVENTS:
                break
            if event == "start":
                self._start(element)
                self._add(element.text)
            else:
                self._end(element)
                self._add(element.tail)
        self._break()
        self._tables.clear()
        self._strikes = self._silent = 0

    def _start(self, element: "etree._Element") -> None:
        tag = element.tag
        if tag in _BREAKS:
            self._break()
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._tables.append(_Table(self._number))
            self._number += 1
        elif self._tables and tag in ("tr", "td", "th"):
            _place(self._tables[-1], element)
        if self.strikes_out:
            self._strikes += _is_struck(element)

    def _end(self, element: "etree._Element") -> None:
        tag = element.tag
        if tag in _BREAKS:
            self._break()
        if tag in _SILENT:
            self._silent -= 1
        elif tag == "table" and self._tables:
            self._tables.pop()
        if self.strikes_out:
            self._strikes -= _is_struck(element)

    def _add(self, text: str | None) -> None:
        if not text or self._silent:
            return
        folded = " ".join(text.split())
        if text[0].isspace() and self._text and not self._text.endswith(" "):
            self._text += " "
        if self._strikes and folded:
            self._struck.append((len(self._text), len(self._text) + len(folded)))
        self._text += folded
        if folded and text[-1].isspace():
            self._text += " "

    def _break(self) -> None:
        if text := self._text.rstrip():
            self.pieces.append(Piece(text, self._cell(), tuple(self._struck)))
            self._left -= len(text) + 1
        self._text, self._struck = "", []

    def _cell(self) -> Cell | None:
        table = self._tables[-1] if self._tables else None
        return Cell(table.number, table.row, table.column) if table and table.column >= 0 else None


def _place(table: _Table, element: "etree._Element") -> None:
    """Go to a row or a cell of a table; cells that span columns or rows shift the others."""
    if element.tag == "tr":
        table.row, table.column, table.span = table.row + 1, -1, 1
        table.below = {column: rows - 1 for column, rows in table.below.items() if rows > 1}
        return
    table.column += table.span
    while table.column in table.below:
        table.column += 1
    table.span = _number(element.get("colspan"))
    rows = _number(element.get("rowspan"))
    if rows > 1:
        table.below |= {table.column + each: rows for each in range(table.span)}


def _number(text: str | None) -> int:
    """Return the value of colspan or rowspan."""
    return min(int(text), _MOST_COLUMNS) if text and text.isascii() and text.isdigit() and int(text[:4]) else 1


def _is_struck(element: "etree._Element") -> bool:
    """Return whether an element strikes its text out."""
    if element.tag in _STRUCK:
        return True
    style = element.get("style")
    return bool(style and "line-through" in style.lower() and _LINE_THROUGH.search(style))
