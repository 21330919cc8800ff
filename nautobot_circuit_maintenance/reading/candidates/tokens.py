"""The dates, times and zones of a message, line by line."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from nautobot_circuit_maintenance.mail.blocks import Line, MailText
from nautobot_circuit_maintenance.mail.blocks_html import Cell
from nautobot_circuit_maintenance.reading.candidates.dates import DateToken, dates_in
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.times import TimeToken, times_in
from nautobot_circuit_maintenance.reading.candidates.zones import ZoneToken, zones_in

MOST_MOMENTS = 200
"""Dates that are looked at; the rest is said to be unread."""
_LINES_OF_LAYOUT = 6
"""Lines of a cell from which it is layout and no cell of a table."""
_LONGEST_ZONE_LINE = 160
"""Characters of a line without a date that may name the zone of others: "All times are in UTC"."""
_NEAR_LINES = 3
_TIME_WORD = re.compile(
    r"UTC|GMT|[Tt]ime|[Zz]on[ea]|[Zz]eit|[Hh]eure|[Hh]ora|[Oo]ra\b|[Tt]id\b|[Tt]ijd|[Ss]aat|врем|час|[時时]|시간"
)
_DIGIT = re.compile(r"\d")
_NOON = re.compile(r"noon|midnight|midday", re.IGNORECASE)


class Token(NamedTuple):
    """A date or a time in its line."""

    kind: str
    """D or T."""
    span: Span
    line: int
    date: DateToken | None = None
    time: TimeToken | None = None


@dataclass(frozen=True)
class Tokens:
    """All tokens of a message."""

    mail: MailText
    by_line: dict[int, list[Token]]
    """The dates and times of each line that has any."""
    zones: dict[int, list[ZoneToken]]
    """The zones of each line that has any."""
    cells: dict[int, Cell]
    """The cell of each line that is in a table and not in its layout."""
    is_cut: bool
    """Whether there are more dates than are looked at."""

    @cached_property
    def rows(self) -> dict[tuple[int, int], list[int]]:
        """The lines of each row of each table."""
        found: dict[tuple[int, int], list[int]] = {}
        for number, cell in self.cells.items():
            found.setdefault((cell.table, cell.row), []).append(number)
        return found


def tokens_of(mail: MailText) -> Tokens:
    """Return the tokens of a message."""
    by_line: dict[int, list[Token]] = {}
    count = 0
    for number, line in enumerate(mail.lines):
        if count < MOST_MOMENTS and (found := _of_line(mail.of(line), line, number)):
            by_line[number] = found[: MOST_MOMENTS - count]
            count += len(by_line[number])
    zones = {
        number: known
        for number in _lines_with_zones(mail, by_line)
        if (known := zones_in(mail.of(mail.lines[number]), mail.lines[number].start))
    }
    return Tokens(mail, by_line, zones, _cells(mail), count >= MOST_MOMENTS)


def _lines_with_zones(mail: MailText, by_line: Collection[int]) -> Iterator[int]:
    """Yield the lines that may name a zone of a moment: near one, in its table, or with a word for time or zone."""
    tables = {cell.table for number in by_line if (cell := mail.lines[number].cell)}
    near = {number + shift for number in by_line for shift in range(-_NEAR_LINES, _NEAR_LINES + 1)}
    for number, line in enumerate(mail.lines):
        if number in by_line:
            yield number
        elif line.end - line.start <= _LONGEST_ZONE_LINE:
            is_near = number in near or line.cell is not None and line.cell.table in tables
            if is_near or _TIME_WORD.search(mail.of(line)):
                yield number


def _of_line(text: str, line: Line, number: int) -> list[Token]:
    if not _DIGIT.search(text) and not _NOON.search(text):
        return []
    dates = dates_in(text, line.start)
    times = times_in(text, line.start, [date.span for date in dates])
    found = [Token("D", date.span, number, date=date) for date in dates]
    found += [Token("T", time.span, number, time=time) for time in times]
    return sorted(found, key=lambda token: token.span)


def _cells(mail: MailText) -> dict[int, Cell]:
    """Return the cells of lines, without those that are layout: many lines in one, or a table of one column."""
    lines: dict[Cell, int] = {}
    columns: dict[int, set[int]] = {}
    for line in mail.lines:
        if line.cell:
            lines[line.cell] = lines.get(line.cell, 0) + 1
            columns.setdefault(line.cell.table, set()).add(line.cell.column)
    return {
        number: line.cell
        for number, line in enumerate(mail.lines)
        if line.cell and lines[line.cell] <= _LINES_OF_LAYOUT and len(columns[line.cell.table]) > 1
    }
