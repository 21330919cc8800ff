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
"""RANGE, NEAR or nothing: how two neighbors belong together."""
RANGE, NEAR = "range", "near"

_FARTHEST = 45
"""Characters between a date and its time."""
_FARTHEST_WEAK = 14
_FARTHEST_LINES = 3

# What a run of dates and times may be, and how its neighbors have to be linked; "-" for a range.
_SHAPES = ("DT-DT", "TD-TD", "D-DT-T", "T-TD-D", "DT-T", "T-TD", "DT", "TD")


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
    return sorted([*found, *groups, *_shared_dates(left, groups)], key=lambda group: group.moments[0][1].span)


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
        found.append(_group(tokens[position : position + length], level))
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
            if not how or is_range and how != RANGE:
                return False
        before, is_range = tokens[position], False
        position += 1
    return True


def _group(tokens: Sequence[Token], level: str) -> Group:
    dates = [token for token in tokens if token.kind == "D"]
    times = [token for token in tokens if token.kind == "T"]
    return Group(tuple((dates[min(index, len(dates) - 1)], time) for index, time in enumerate(times)), level)


def _linked_in_line(tokens: Tokens) -> Link:
    text = tokens.mail.text

    def link(first: Token, second: Token) -> str:
        gap = text[first.span.end : second.span.start]
        is_weak = any(token.time and token.time.is_weak for token in (first, second))
        if len(gap) > (_FARTHEST_WEAK if is_weak else _FARTHEST) or ";" in gap:
            return ""
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
    return len(behind) <= 12 and (not before or labels.role(before) in (labels.START, labels.END))


def _shared_dates(left: Sequence[Token], groups: Sequence[Group]) -> Iterator[Group]:
    """Yield what is left over of times that share the date of a group above them; nothing so far but ranges."""
    for first, second in zip(left, left[1:], strict=False):
        if first.kind == second.kind == "T" and first.line == second.line:
            above = [group for group in groups if 0 < first.line - group.moments[0][0].line <= _FARTHEST_LINES]
            if above:
                date = above[-1].moments[0][0]
                yield Group(((date, first), (date, second)), "lines")
