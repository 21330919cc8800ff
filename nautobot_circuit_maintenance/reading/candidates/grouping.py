"""Dates and times that belong together: "22:00 - 04:00 on 14 January", "vom 29. auf den 30. April zwischen 23:00 und 05:00 Uhr".

First within a line, then what is left over: in the rows of a table, in its columns, in neighboring lines ("Date: ..." above
"Time: ..."). A date and a time of a table belong together only in one row or one column.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from nautobot_circuit_maintenance.reading.candidates import labels
from nautobot_circuit_maintenance.reading.candidates.tokens import Token, Tokens

Link = Callable[[Token, Token], str]
"""RANGE, LIST (of dates), NEAR or nothing: how two neighbors belong together."""
RANGE, LIST, NEAR = "range", "list", "near"

_FARTHEST = 45
"""Characters between a date and its time."""
_FARTHEST_WEAK = 14
_FARTHEST_LINES = 3

# What a run of dates and times may be, and how its neighbors have to be linked; "-" for a range.
_SHAPES = ("DT-DT", "TD-TD", "D-DT-T", "T-TD-D", "DT-T", "T-TD", "TD-T", "DT", "TD")


class Group(NamedTuple):
    """Tokens that form one moment, or the two of a window."""

    moments: tuple[tuple[Token, Token], ...]
    """Date and time, once or twice."""
    level: str
    """Where they were found: line, row, column or lines."""


def groups_of(tokens: Tokens) -> list[Group]:
    """Return all groups of a message, in order."""
    found: list[Group] = []
    left: list[Token] = []
    for number in sorted(tokens.by_line):
        groups, rest = _assembled(tokens.by_line[number], _linked_in_line(tokens), "line")
        found += groups
        left += [token for token in rest if _may_stand_alone(token, tokens)]
    for level, key in (("row", _row(tokens)), ("column", _column(tokens))):
        groups, left = _in_table(left, key, level)
        found += groups
    groups, left = _assembled(left, _linked_by_lines(tokens), "lines")
    known = sorted([*found, *groups], key=lambda group: group.moments[0][0].span)
    return sorted([*known, *_shared_dates(left, known, tokens)], key=lambda group: group.moments[0][1].span)


def _in_table(left: list[Token], key: Callable[[Token], object], level: str) -> tuple[list[Group], list[Token]]:
    """Return the groups of tokens with the same key, and the tokens that are left over."""
    found: list[Group] = []
    rest: list[Token] = []
    for value, members in groupby(sorted(left, key=lambda token: (str(key(token)), token.span)), key):
        if value is None:
            rest += members
            continue
        groups, others = _assembled(list(members), _always, level)
        found += groups
        rest += others
    return found, sorted(rest, key=lambda token: token.span)


def _assembled(tokens: Sequence[Token], link: Link, level: str) -> tuple[list[Group], list[Token]]:
    """Return the groups of a run of tokens, and what is left over."""
    found: list[Group] = []
    rest: list[Token] = []
    position = 0
    while position < len(tokens):
        shape = next((each for each in _SHAPES if _fits(each, tokens, position, link)), None)
        if shape is None:
            rest.append(tokens[position])
            position += 1
            continue
        length = len(shape.replace("-", ""))
        found += _groups(tokens[position : position + length], level, link)
        position += length
    return found, rest


def _fits(shape: str, tokens: Sequence[Token], position: int, link: Link) -> bool:
    is_range = False
    before: Token | None = None
    for sign in shape:
        if sign == "-":
            is_range = True
            continue
        if position >= len(tokens) or tokens[position].kind != sign:
            return False
        if before is not None:
            how = link(before, tokens[position])
            if not how or is_range and how == NEAR:
                return False
        before, is_range = tokens[position], False
        position += 1
    # "From 22:00 on 14 March to 23:00": a last time that is not the start of another range.
    return shape != "TD-T" or position == len(tokens) or tokens[position].kind == "D"


def _groups(tokens: Sequence[Token], level: str, link: Link) -> list[Group]:
    dates = [token for token in tokens if token.kind == "D"]
    times = [token for token in tokens if token.kind == "T"]
    if len(dates) == len(times) == 2 and dates[1] is tokens[1] and link(*dates) == LIST and _is_rising(*times):
        return [Group(tuple((date, time) for time in times), level) for date in dates]
    return [Group(tuple((dates[min(index, len(dates) - 1)], time) for index, time in enumerate(times)), level)]


def _is_rising(first: Token, second: Token) -> bool:
    """Return whether two times can be on one day: "12 and 13 May, 01:00 - 05:00" are two windows."""
    return bool(first.time and second.time and first.time.minutes < second.time.minutes)


def _linked_in_line(tokens: Tokens) -> Link:
    text = tokens.mail.text

    def link(first: Token, second: Token) -> str:
        gap = text[first.span.end : second.span.start]
        is_weak = any(token.time and token.time.is_weak for token in (first, second))
        if len(gap) > (_FARTHEST_WEAK if is_weak else _FARTHEST) or ";" in gap:
            return ""
        if first.kind == second.kind == "D" and labels.is_list(gap):
            return LIST
        return RANGE if labels.is_range(gap) else NEAR

    return link


def _linked_by_lines(tokens: Tokens) -> Link:
    def link(first: Token, second: Token) -> str:
        in_table = (first.line in tokens.cells, second.line in tokens.cells)
        near = second.line - first.line <= _FARTHEST_LINES and first.line != second.line
        is_subject = tokens.mail.lines[first.line].is_subject
        return RANGE if near and not any(in_table) and not is_subject else ""

    def link_or_range(first: Token, second: Token) -> str:
        if first.line == second.line:
            return _linked_in_line(tokens)(first, second)
        return link(first, second)

    return link_or_range


def _always(_first: Token, _second: Token) -> str:
    return RANGE


def _row(tokens: Tokens) -> Callable[[Token], object]:
    return lambda token: (cell.table, cell.row) if (cell := tokens.cells.get(token.line)) else None


def _column(tokens: Tokens) -> Callable[[Token], object]:
    return lambda token: (cell.table, cell.column) if (cell := tokens.cells.get(token.line)) else None


def _may_stand_alone(token: Token, tokens: Tokens) -> bool:
    """Return whether a token can be part of a group with another line: four digits only as the value of a label."""
    if token.time is None or not token.time.is_weak:
        return True
    line = tokens.mail.lines[token.line]
    before = tokens.mail.text[line.start : token.span.start].strip(" :")
    behind = tokens.mail.text[token.span.end : line.end].strip(" .()")
    if _is_beside_time(token, tokens):
        return True
    return len(behind) <= 12 and (not before or labels.role(before) in (labels.START, labels.END))


def _is_beside_time(token: Token, tokens: Tokens) -> bool:
    """Return whether a token is one of two times of a range: "0100 - 0500 hrs"."""
    times = [each for each in tokens.by_line[token.line] if each.kind == "T"]
    link = _linked_in_line(tokens)
    place = times.index(token)
    pairs = zip(times[max(0, place - 1) : place + 1], times[max(1, place) : place + 2], strict=False)
    return any(link(*pair) == RANGE for pair in pairs)


def _shared_dates(left: Sequence[Token], groups: Sequence[Group], tokens: Tokens) -> Iterator[Group]:
    """Yield the ranges of times that share the date of a group above them: in lines, or a cell over several rows."""
    for first, second in zip(left, left[1:], strict=False):
        if not first.kind == second.kind == "T":
            continue
        cells = tokens.cells.get(first.line), tokens.cells.get(second.line)
        if first.line == second.line or all(cells) and cells[0][:2] == cells[1][:2]:  # type: ignore[index]  # all() says so
            date = _date_above(first, groups, tokens)
            if date is not None:
                yield Group(((date, first), (date, second)), "lines")


def _date_above(token: Token, groups: Sequence[Group], tokens: Tokens) -> Token | None:
    """Return the date of the nearest group above a time: of the row above in its table, or of one of the last lines."""
    cell = tokens.cells.get(token.line)
    for group in reversed(groups):
        date = group.moments[0][0]
        other = tokens.cells.get(date.line)
        if date.line >= token.line:
            continue
        if cell and other and cell.table == other.table and 0 < cell.row - other.row <= _FARTHEST_LINES:
            return date
        if not cell and token.line - date.line <= _FARTHEST_LINES:
            return date
    return None
