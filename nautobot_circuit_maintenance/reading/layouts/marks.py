"""How the place of a value in a message is named: by the words around it, never by its position.

Words with digits, and what is written in other ways each time (names of days and months), name nothing.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from nautobot_circuit_maintenance.mail.blocks import MailText
from nautobot_circuit_maintenance.reading.candidates.names import month, weekday
from nautobot_circuit_maintenance.reading.candidates.spans import Span

SUBJECT, LINE, BEHIND, ROW, COLUMN, UNDER = "subject", "line", "behind", "row", "column", "under"
PLACES = (SUBJECT, LINE, BEHIND, ROW, COLUMN, UNDER)
"""Words before it in the subject or in its line; words behind it in the subject; the cell to the left; the heading of its
column; the line above that has no value."""

_WORD = re.compile(r"[^\W_]+(?:[-/_][^\W_]+)*")
"""With what an ID is joined by: of "LON-1002" nothing is left."""
_DIGIT = re.compile(r"\d")
_MOST_WORDS = 4
_LONGEST_HEADING = 8
_FARTHEST_HEADING, _FARTHEST_CELL = 60, 12
"""Lines or rows between a heading and the last value under it; columns between a label and its value."""


class Mark(NamedTuple):
    """A place of a value: where the words are, and the words."""

    place: str
    """One of ``PLACES``."""
    words: str
    """Folded, divided by blanks; before a value the last ones count, behind it the first ones."""


def words_of(text: str) -> list[str]:
    """Return the words of a string, without those that name nothing."""
    found = _WORD.findall(text.casefold())
    return [word for word in found if not _DIGIT.search(word) and not _is_date_word(word)]


def _is_date_word(word: str) -> bool:
    return bool(month(word) or weekday(word))


class Marks:
    """The marks of the values of a message."""

    def __init__(self, mail: MailText) -> None:
        """Look at the lines of a message."""
        self._mail = mail
        self._words: dict[int, tuple[list[int], list[str]]] = {}
        self._cells: dict[tuple[int, int, int], int] = {}
        self._headings: list[int | None] = []
        heading: int | None = None
        for number, line in enumerate(mail.lines):
            if line.cell:
                self._cells.setdefault((line.cell.table, line.cell.row, line.cell.column), number)
            text = mail.of(line)
            if not _DIGIT.search(text) and not line.is_subject and words_of(text):
                heading = number
            self._headings.append(heading)

    def of(self, span: Span) -> Iterator[Mark]:
        """Yield the marks of a span."""
        number = self._mail.line_number(span.start)
        line = self._mail.lines[number]
        starts, words = self._words_of_line(number)
        first, behind = bisect_left(starts, span.start), bisect_left(starts, span.end)
        before = words[max(0, first - _MOST_WORDS) : first]
        if before:
            yield Mark(SUBJECT if line.is_subject else LINE, " ".join(before))
        if line.is_subject and words[behind:]:
            yield Mark(BEHIND, " ".join(words[behind : behind + _MOST_WORDS]))
        if line.cell:
            yield from self._of_cell(*line.cell)
        if not before and not line.is_subject and (heading := self._heading(number)) is not None:
            if found := self._words_of_line(heading)[1]:
                yield Mark(UNDER, " ".join(found[-_LONGEST_HEADING:]))

    def _words_of_line(self, number: int) -> tuple[list[int], list[str]]:
        """Return the words of a line that name something, with their offsets into the text."""
        if number not in self._words:
            line = self._mail.lines[number]
            found = [match for match in _WORD.finditer(self._mail.text, line.start, line.end) if words_of(match[0])]
            self._words[number] = [match.start() for match in found], [words_of(match[0])[0] for match in found]
        return self._words[number]

    def _of_cell(self, table: int, row: int, column: int) -> Iterator[Mark]:
        for left in range(column - 1, max(-1, column - _FARTHEST_CELL), -1):
            if words := self._words_of_cell(table, row, left):
                yield Mark(ROW, words)
                break
        for above in range(row - 1, max(-1, row - _FARTHEST_HEADING), -1):
            if words := self._words_of_cell(table, above, column):
                yield Mark(COLUMN, words)
                break

    def _words_of_cell(self, table: int, row: int, column: int) -> str:
        """Return the words of a cell that names others; empty if it has a value itself, or nothing."""
        number = self._cells.get((table, row, column))
        if number is None:
            return ""
        words = self._words_of_line(number)[1]
        return (
            " ".join(words[-_LONGEST_HEADING:])
            if words and not _DIGIT.search(self._mail.of(self._mail.lines[number]))
            else ""
        )

    def _heading(self, number: int) -> int | None:
        """Return the number of the nearest line above that has no value; None if it is too far."""
        if not number or (heading := self._headings[number - 1]) is None:
            return None
        return heading if number - heading <= _FARTHEST_HEADING else None


def shorter(mark: Mark) -> Iterator[Mark]:
    """Yield a mark with all of its words, with two and with one: what stands farther away changes more often."""
    words = mark.words.split()
    yield mark
    if mark.place in (SUBJECT, LINE, BEHIND):
        for count in (2, 1):
            fewer = words[:count] if mark.place == BEHIND else words[-count:]
            if count < len(words) and any(len(word) > 2 or not word.isascii() for word in fewer):
                yield Mark(mark.place, " ".join(fewer))


def matches(wanted: Mark, mark: Mark) -> bool:
    """Return whether a mark of a value is a wanted one, or ends (behind a value: starts) with its words."""
    if wanted.place != mark.place:
        return False
    if wanted.place == BEHIND:
        return f"{mark.words} ".startswith(f"{wanted.words} ")
    if wanted.place in (SUBJECT, LINE):
        return f" {mark.words}".endswith(f" {wanted.words}")
    return wanted.words == mark.words
