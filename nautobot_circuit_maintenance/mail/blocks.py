"""The text of a message in lines that keep their place: cells of tables, what is struck out, what is quoted, offsets.

A walker of our own over lxml, because every text library drops struck-out marks and most drop tables. The text has one
line per block and per cell, so that an offset into it can be highlighted on a page.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from nautobot_circuit_maintenance.mail.blocks_html import Cell, Piece, html_pieces
from nautobot_circuit_maintenance.mail.quotes import newest_text
from nautobot_circuit_maintenance.mail.quotes_html import newest_html

LONGEST_TEXT = 32_000
"""Characters that are looked at; the rest is said to be unread."""
_LONGEST_HTML = 300_000
_LONGEST_LINE = 4_000

# Characters that mean the same, one for one, so that offsets stay: full-width forms, blanks, dashes, marks of direction.
_FOLDED = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_FOLDED |= dict.fromkeys((0xA0, 0x202F, 0x2007, 0x2009, 0x3000, 0xFEFF, 0x200B, 0x200E, 0x200F, 0x0B, 0x0C), 0x20)
_FOLDED |= dict.fromkeys((0x2010, 0x2011, 0x2212), 0x2D)
_FOLDED[0xFF5E] = _FOLDED[0x301C] = 0x7E


def folded(text: str) -> str:
    """Return a string with other forms of characters replaced, one for one."""
    return text.translate(_FOLDED)


class Line(NamedTuple):
    """One line of the text."""

    start: int
    end: int
    cell: Cell | None = None
    is_quoted: bool = False
    is_subject: bool = False


@dataclass(frozen=True)
class MailText:
    """The text of a message: its subject, what it says itself, and what it quotes."""

    text: str
    lines: tuple[Line, ...]
    struck: tuple[tuple[int, int], ...] = ()
    """What is struck out, as offsets."""
    is_cut: bool = False
    """True if the message has more text than is looked at."""
    _starts: tuple[int, ...] = field(default=(), repr=False)

    def of(self, line: Line) -> str:
        """Return the text of a line."""
        return self.text[line.start : line.end]

    def line_number(self, offset: int) -> int:
        """Return the number of the line that an offset is in."""
        return max(bisect_right(self._starts, offset) - 1, 0)

    def is_struck(self, offset: int) -> bool:
        """Return whether the character at an offset is struck out."""
        return any(start <= offset < end for start, end in self.struck)

    @property
    def own(self) -> str:
        """The text without what is quoted."""
        return "\n".join(self.of(line) for line in self.lines if not line.is_quoted)


def mail_text(subject: str, plain: Sequence[str], html: Sequence[str], *, is_reply: bool) -> MailText:
    """Return the text of a message: its HTML, or its plain text if that says more."""
    whole, own = _pieces(plain, html, is_reply)
    pieces = [Piece(" ".join(subject.split())), *_with_quotes(whole, own)]
    return _joined(pieces)


def _pieces(plain: Sequence[str], html: Sequence[str], is_reply: bool) -> tuple[list[Piece], list[Piece]]:
    """Return the lines of a message, and those of them that it does not quote."""
    sources = [each[:_LONGEST_HTML] for each in html]
    whole = list(html_pieces(sources, LONGEST_TEXT))
    texts = [_without_calendar(each[: 2 * LONGEST_TEXT]) for each in plain]
    if _letters(whole) * 4 < sum(len(each) for each in texts):
        whole = list(_plain_pieces(texts))
        newest = [newest_text(each, is_reply=is_reply) for each in texts]
        return whole, whole if newest == texts else list(_plain_pieces(newest))
    newest = [newest_html(each, is_reply=is_reply) for each in sources]
    return whole, whole if newest == sources else list(html_pieces(newest, LONGEST_TEXT))


def _without_calendar(text: str) -> str:
    """Return plain text up to a calendar in it (Colt): that is read as a calendar, and its times are not for people."""
    return text.partition("BEGIN:VCALENDAR")[0]


def _letters(pieces: Iterable[Piece]) -> int:
    return sum(len(piece.text) for piece in pieces)


_COLUMNS = re.compile(r"[ \t]{2,}(?=\S)|\t|[ \t]*\|[ \t]*")
_RULE = re.compile(r"[|+\s:=-]*")


def _plain_pieces(texts: Iterable[str]) -> Iterator[Piece]:
    """Yield the lines of plain text; at least two lines of three columns or more in a row are a table."""
    table = 1_000_000
    for text in texts:
        block: list[str] = []
        for line in [*text[: 2 * LONGEST_TEXT].splitlines(), ""]:
            if len(_columns(line)) > 2:
                block.append(line)
                continue
            if block and line.strip() and _RULE.fullmatch(line):
                continue
            yield from _table_or_lines(block, table)
            table += 1
            block = []
            yield Piece(line)


def _columns(line: str) -> list[str]:
    stripped = line.strip().strip("|")
    if len(stripped) > 400 or _RULE.fullmatch(stripped):
        return []
    return [part.strip() for part in _COLUMNS.split(stripped)]


def _table_or_lines(block: list[str], table: int) -> Iterator[Piece]:
    if len(block) < 2:
        yield from (Piece(line) for line in block)
        return
    for row, line in enumerate(block):
        for column, text in enumerate(_columns(line)):
            yield Piece(text, Cell(table, row, column))


def _with_quotes(whole: list[Piece], own: list[Piece]) -> Iterator[Piece]:
    """Yield all lines, those that are not among the message's own ones as quoted."""
    if whole is own or len(whole) == len(own):
        yield from whole
        return
    wanted = iter([piece.text for piece in own if piece.text.strip()])
    following = next(wanted, None)
    for piece in whole:
        if piece.text.strip() and piece.text == following:
            following = next(wanted, None)
            yield piece
        else:
            yield piece._replace(is_quoted=True)


def _joined(pieces: Iterable[Piece]) -> MailText:
    texts: list[str] = []
    lines: list[Line] = []
    struck: list[tuple[int, int]] = []
    offset, is_cut = 0, False
    for number, piece in enumerate(pieces):
        text = piece.text[:_LONGEST_LINE]
        if not text.strip() and number:
            continue
        if offset + len(text) > LONGEST_TEXT:
            is_cut = True
            break
        lines.append(Line(offset, offset + len(text), piece.cell, piece.is_quoted, not number))
        struck += [(offset + start, offset + end) for start, end in piece.struck]
        texts.append(text)
        offset += len(text) + 1
    text = folded("\n".join(texts))
    return MailText(text, tuple(lines), tuple(struck), is_cut, tuple(line.start for line in lines))
