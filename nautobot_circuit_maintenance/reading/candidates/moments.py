"""Moments: a date with a time, its zone and where that stands, and what the words around it say."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from nautobot_circuit_maintenance.mail.blocks import Line
from nautobot_circuit_maintenance.reading.candidates import labels
from nautobot_circuit_maintenance.reading.candidates.dates import DateToken
from nautobot_circuit_maintenance.reading.candidates.grouping import Group
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.times import TimeToken
from nautobot_circuit_maintenance.reading.candidates.tokens import Tokens
from nautobot_circuit_maintenance.reading.candidates.zones import ZoneToken

_LONGEST_HEADING = 60
_DIVIDER = "--"
"""How lines such as "-----Original Message-----" start; they name nothing."""
_ZONE_LABEL = re.compile(r"zon[ea]|fuseau|huso|vyöhyke|saat dilimi|часовой|時間帯|时区|시간대", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]{2}|[\u3000-\uffff]")


class Moment(NamedTuple):
    """A date and a time that belong together."""

    date: DateToken
    time: TimeToken
    zone: ZoneToken | None
    """None if it has no zone, or "local time" without a place."""
    is_local: bool
    """Whether the message says "local time" of it."""
    role: str
    """START, END, EXTENDED, NOTE or nothing."""
    kinds: frozenset[str]
    """Of OLD, NEW, BACKUP and ALTERNATE."""
    line: int
    is_struck: bool
    is_quoted: bool

    @property
    def span(self) -> Span:
        """Where it stands."""
        if abs(self.date.span.start - self.time.span.start) > 200:
            return self.time.span
        return self.date.span.joined(self.time.span)


class Surroundings:
    """What stands around the moments of a message: labels, headings of columns, sections, zones."""

    def __init__(self, tokens: Tokens) -> None:
        """Look at a message."""
        self.tokens = tokens
        self.mail = tokens.mail
        self._sections = self._find_sections()
        self._lines_by_cell = {(cell.table, cell.row, cell.column): n for n, cell in reversed(tokens.cells.items())}
        self.mail_zones = self._mail_zones()

    def moments(self, group: Group, before: int, behind: int) -> tuple[Moment, ...]:
        """Return the moments of a group; it may look for words and zones in its line from ``before`` to ``behind``."""
        void = (labels.OLD,) if labels.is_void(self.mail.text[_end(group) : behind]) else ()
        ends = [*[min(date.span.start, time.span.start) for date, time in group.moments[1:]], behind]
        found = []
        start = before
        for (date, time), end in zip(group.moments, ends, strict=True):
            assert date.date and time.time  # nosec B101 # a group has nothing else
            label_end = min(token.span.start for token in (date, time) if token.line == time.line)
            label = self._label(time.line, start, label_end)
            zone, is_local = self._zone(time.line, label_end, max(end, time.span.end))
            found.append(
                Moment(
                    date.date,
                    time.time,
                    zone,
                    is_local,
                    _role(label),
                    frozenset(void).union(*map(labels.kinds, [*label, self._sections.get(time.line, "")])),
                    time.line,
                    self.mail.is_struck(time.span.start) or self.mail.is_struck(date.span.start),
                    self.mail.lines[time.line].is_quoted,
                )
            )
            start = max(token.span.end for token in (date, time) if token.line == time.line)
        return tuple(found)

    def _label(self, line: int, start: int, end: int) -> list[str]:
        """Return what names a moment, the nearest first: words before it, cells to the left, its column, the line above."""
        here = self.mail.text[start:end]
        found = [here[-120:]] if _LETTERS.search(here) else []
        if cell := self.tokens.cells.get(line):
            found += self._cells_before(line)
            found += [self.mail.of(self.mail.lines[n]) for n in self._headings(line)]
            if cell.column and found:
                return found
        if not found and line and line - 1 not in self.tokens.by_line:
            above = self.mail.of(self.mail.lines[line - 1])
            found += [above[-_LONGEST_HEADING:]] if not above.startswith(_DIVIDER) else []
        return found

    def _cells_before(self, line: int) -> Iterator[str]:
        cell = self.tokens.cells[line]
        for column in range(cell.column - 1, -1, -1):
            number = self._lines_by_cell.get((cell.table, cell.row, column))
            if number is not None and number not in self.tokens.by_line:
                yield self.mail.of(self.mail.lines[number])[-_LONGEST_HEADING:]

    def _headings(self, line: int) -> Iterator[int]:
        """Yield the lines of the heading of a column: the nearest cell above that has no date or time."""
        cell = self.tokens.cells[line]
        for row in range(cell.row - 1, -1, -1):
            for column in (cell.column, cell.column - 1):
                number = self._lines_by_cell.get((cell.table, row, column))
                if number is not None:
                    break
            else:
                continue
            if number not in self.tokens.by_line and (column == cell.column or row == 0):
                yield number
                return

    def _zone(self, line: int, start: int, end: int) -> tuple[ZoneToken | None, bool]:
        """Return the zone of a moment and whether it is said to be local."""
        here = self.tokens.zones.get(line, ())
        near = [zone for zone in here if start <= zone.span.start < end] or list(here)
        is_local = bool(near) and all(zone.zone is None for zone in near)
        if near and not is_local and (near[0].span.start >= start or _one_meaning(near)):
            return near[0], False
        if len(near) > 1 and not is_local:  # "UTC: ..." before it
            before = [zone for zone in near if zone.span.end <= start and zone.zone]
            return (before[-1], False) if before else (None, False)
        return self._zone_elsewhere(line, is_local)

    def _zone_elsewhere(self, line: int, is_local: bool) -> tuple[ZoneToken | None, bool]:
        for place, numbers in self._places(line):
            found = [zone for number in numbers for zone in self.tokens.zones.get(number, ())]
            known = [zone for zone in found if zone.zone]
            if known and _one_meaning(known):
                return known[0]._replace(place=place), False
            is_local = is_local or bool(found and not known)
        usable = [zone for zone in self.mail_zones if not is_local or self._is_labelled(zone)]
        if usable and _one_meaning(usable):
            return usable[0]._replace(place="mail"), False
        return None, is_local

    def _places(self, line: int) -> Iterator[tuple[str, list[int]]]:
        if cell := self.tokens.cells.get(line):
            row = [number for number in self.tokens.rows[cell.table, cell.row] if number != line]
            yield "row", row
            yield "column", list(self._headings(line))
        elif line and line - 1 not in self.tokens.by_line and not self.mail.lines[line - 1].is_subject:
            yield "label", [line - 1]

    def _mail_zones(self) -> list[ZoneToken]:
        """Return the zones of what the message says itself."""
        return [
            zone
            for number, zones in self.tokens.zones.items()
            if not self.mail.lines[number].is_quoted
            for zone in zones
            if zone.zone
        ]

    def _is_labelled(self, zone: ZoneToken) -> bool:
        """Return whether a line names a zone as such: "Local Time Zone: Central"."""
        line = self.mail.lines[self.mail.line_number(zone.span.start)]
        return _ZONE_LABEL.search(self.mail.of(line)) is not None

    def _find_sections(self) -> dict[int, str]:
        """Return for each line the heading above it that says old, new or backup."""
        found: dict[int, str] = {}
        heading = ""
        for number, line in enumerate(self.mail.lines):
            length = line.end - line.start
            if number not in self.tokens.by_line and (line.cell is None or length > 2 * _LONGEST_HEADING):
                heading = self._heading(line, heading)
            if heading:
                found[number] = heading
        return found

    def _heading(self, line: Line, before: str) -> str:
        """Return what is the heading from a line without dates on; empty if it says nothing of its windows."""
        text = self.mail.of(line)
        if text.startswith(_DIVIDER) or len(text) > 2 * _LONGEST_HEADING:
            return ""
        if len(text) > _LONGEST_HEADING:
            return before
        if labels.kinds(text):
            return text
        return "" if text.rstrip().endswith(":") else before


def _end(group: Group) -> int:
    """Return where the last of a group stands in the line of its time."""
    date, time = group.moments[-1]
    return max(token.span.end for token in (date, time) if token.line == time.line)


def _role(found: list[str]) -> str:
    return next((role for each in found if (role := labels.role(each))), "")


def _one_meaning(zones: list[ZoneToken]) -> bool:
    return len({str(zone.zone) for zone in zones}) == 1
