"""Windows: two moments that are start and end of one, in a line, a row, a column, or lines below each other."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import groupby
from typing import NamedTuple

from nautobot_circuit_maintenance.mail.blocks import MailText
from nautobot_circuit_maintenance.reading.candidates import labels
from nautobot_circuit_maintenance.reading.candidates.grouping import Group, groups_of
from nautobot_circuit_maintenance.reading.candidates.moments import Moment, Surroundings
from nautobot_circuit_maintenance.reading.candidates.spans import Span
from nautobot_circuit_maintenance.reading.candidates.status_words import RESCHEDULED, STRONG
from nautobot_circuit_maintenance.reading.candidates.tokens import Tokens, tokens_of
from nautobot_circuit_maintenance.reading.candidates.ways import Calendar, Way, ways
from nautobot_circuit_maintenance.reading.candidates.words import pattern
from nautobot_circuit_maintenance.reading.candidates.zones import ZoneToken

_MOVED = re.compile(pattern(STRONG[RESCHEDULED]), re.IGNORECASE)
_FARTHEST_LINES = 8
"""Lines between a start and its end."""


class WindowCandidate(NamedTuple):
    """A window as it stands in a message."""

    start: Moment
    end: Moment
    level: str
    """Where the two belong together: line, row, column, lines or labels."""
    ways: tuple[Way, ...]
    kinds: frozenset[str]
    """Of OLD, NEW, BACKUP and ALTERNATE."""

    @property
    def zone(self) -> ZoneToken | None:
        """The zone of both."""
        return self.start.zone or self.end.zone

    @property
    def span(self) -> Span:
        """Where it stands, from the start to the end."""
        return self.start.span.joined(self.end.span)

    @property
    def is_struck(self) -> bool:
        """Whether one of the two is struck out."""
        return self.start.is_struck or self.end.is_struck

    @property
    def is_quoted(self) -> bool:
        """Whether it is in what the message quotes."""
        return self.start.is_quoted or self.end.is_quoted

    def in_utc(self, way: Way, zone: ZoneToken | None = None) -> tuple[datetime, datetime] | None:
        """Return a way to read it in UTC, in its own zones or another one where it has none; None without a zone."""
        first, last = self.start.zone or self.end.zone or zone, self.end.zone or self.start.zone or zone
        if not (first and last and first.zone and last.zone):
            return None
        start, end = way.start.replace(tzinfo=first.zone), way.end.replace(tzinfo=last.zone)
        return start.astimezone(timezone.utc), end.astimezone(timezone.utc)


@dataclass(frozen=True)
class Found:
    """All moments of a message."""

    windows: tuple[WindowCandidate, ...]
    moments: tuple[Moment, ...]
    """Those that are part of no window."""
    zones: tuple[ZoneToken, ...]
    """What the message says itself of zones."""
    calendar: Calendar
    tokens: Tokens
    is_cut: bool
    """Whether the message has more than was looked at."""


def windows_in(mail: MailText, received: datetime) -> Found:
    """Return the windows of a message that was received at this time."""
    tokens = tokens_of(mail)
    around = Surroundings(tokens)
    dates = [token.date for line in tokens.by_line.values() for token in line if token.date]
    calendar = Calendar.of(received, dates)
    windows: list[WindowCandidate] = []
    singles: list[Moment] = []
    for group, moments in _with_moments(groups_of(tokens), around):
        if len(moments) == 2:
            windows.append(_window(*moments, group.level, calendar))
        else:
            singles.append(_with_role_of_line(moments[0], singles))
    paired: list[_Pair] = []
    rest: list[Moment] = []
    for is_struck in (False, True):
        pairs, left = _paired([moment for moment in singles if moment.is_struck == is_struck], tokens)
        paired += pairs
        rest += left
    windows += [_window(start, end, level, calendar) for start, end, level in paired]
    windows, rest = _extended(windows, rest, calendar)
    windows = _moved(sorted(windows, key=lambda window: window.span), mail)
    return Found(tuple(windows), tuple(rest), tuple(around.mail_zones), calendar, tokens, mail.is_cut or tokens.is_cut)


def _with_moments(groups: Sequence[Group], around: Surroundings) -> Iterator[tuple[Group, tuple[Moment, ...]]]:
    """Yield the groups with their moments; each may use the words up to the next group of its line."""
    for line, members in groupby(groups, lambda group: group.moments[0][1].line):
        own = list(members)
        bounds = around.mail.lines[line]
        starts = [min(token.span.start for token in group.moments[0] if token.line == line) for group in own]
        before = bounds.start
        for group, following in zip(own, [*starts[1:], bounds.end], strict=True):
            yield group, around.moments(group, before, following)
            before = max(token.span.end for pair in group.moments for token in pair if token.line == line)


def _with_role_of_line(moment: Moment, before: Sequence[Moment]) -> Moment:
    """Return a moment with the role of the one before it in its line, if it has none: "Start: 10 pm AEDT (11:00 UTC)"."""
    if moment.role or not before or before[-1].line != moment.line:
        return moment
    return moment._replace(role=before[-1].role, kinds=before[-1].kinds)


def _window(start: Moment, end: Moment, level: str, calendar: Calendar) -> WindowCandidate:
    kinds = start.kinds | end.kinds
    return WindowCandidate(start, end, level, tuple(ways(start, end, calendar)), kinds)


_Pair = tuple[Moment, Moment, str]


def _paired(singles: Sequence[Moment], tokens: Tokens) -> tuple[list[_Pair], list[Moment]]:
    """Return the pairs of start and end, and what is left over."""
    found: list[_Pair] = []
    left = list(singles)
    for level in ("row", "column"):
        for members in _by_cells(left, tokens, level):
            found += [(start, end, level) for start, end in _in_order(members, is_row=level == "row")]
        used = {id(moment) for start, end, _ in found for moment in (start, end)}
        left = [moment for moment in left if id(moment) not in used]
    runs = _runs(left)
    for first, second in zip(runs, runs[1:], strict=False):
        if _belong_together(first, second):
            found += [(start, end, "labels") for start, end in zip(first, second, strict=False)]
    used = {id(moment) for start, end, _ in found for moment in (start, end)}
    return found, [moment for moment in left if id(moment) not in used]


def _by_cells(moments: Sequence[Moment], tokens: Tokens, level: str) -> Iterator[list[Moment]]:
    """Yield the moments of each row or column that has several."""
    groups: dict[tuple[int, int], list[Moment]] = {}
    for moment in moments:
        if cell := tokens.cells.get(moment.line):
            groups.setdefault((cell.table, cell.row if level == "row" else cell.column), []).append(moment)
    yield from (members for members in groups.values() if len(members) > 1)


def _in_order(members: Sequence[Moment], *, is_row: bool) -> Iterator[tuple[Moment, Moment]]:
    """Yield pairs of neighbors: start and end; in a row also two without any label."""
    position = 0
    while position + 1 < len(members):
        first, second = members[position : position + 2]
        roles = (first.role, second.role)
        if roles == (labels.START, labels.END) or is_row and roles == ("", "") and first.line != second.line:
            yield first, second
            position += 2
        else:
            position += 1


def _runs(moments: Sequence[Moment]) -> list[list[Moment]]:
    """Return the moments of each line that have one role."""
    return [list(members) for _, members in groupby(moments, lambda moment: (moment.line, moment.role))]


def _belong_together(first: Sequence[Moment], second: Sequence[Moment]) -> bool:
    return (
        (first[0].role, second[0].role) == (labels.START, labels.END)
        and len(first) == len(second)
        and second[0].line - first[0].line <= _FARTHEST_LINES
        and first[0].is_quoted == second[0].is_quoted
    )


def _extended(
    windows: Sequence[WindowCandidate], rest: Sequence[Moment], calendar: Calendar
) -> tuple[list[WindowCandidate], list[Moment]]:
    """Return the windows with a later end where the message extends them: "extended until 09:00" replaces the end only."""
    ends = [moment for moment in rest if moment.role == labels.EXTENDED]
    starts = [window for window in windows if not window.is_struck and not window.is_quoted] or list(windows)
    if not ends or not starts:
        return list(windows), list(rest)
    longer = _window(starts[0].start, ends[0], "labels", calendar)
    replaced = [each._replace(kinds=each.kinds | {labels.OLD}) if each is starts[0] else each for each in windows]
    return [*replaced, longer], [moment for moment in rest if moment is not ends[0]]


def _moved(windows: Sequence[WindowCandidate], mail: MailText) -> list[WindowCandidate]:
    """Return the windows; of two in one line that says "moved", the first is the old one."""
    found: list[WindowCandidate] = []
    for number, members in groupby(windows, lambda window: window.start.line):
        own = list(members)
        line = mail.lines[number]
        is_pair = len(own) == 2 and own[0].level == own[1].level == "line" and not own[0].kinds | own[1].kinds
        if is_pair and not line.is_subject and _MOVED.search(mail.of(line)):
            own[0] = own[0]._replace(kinds=frozenset((labels.OLD,)))
        found += own
    return found


def shifted_copies(windows: Sequence[WindowCandidate]) -> frozenset[int]:
    """Return the indexes of windows whose zone is not their own and that are a shifted copy of one with a zone.

    Equinix and Tata give local time and UTC; the local one must not count as a window of its own.
    """
    own = [window for window in windows if window.zone and window.zone.place != "mail"]
    return frozenset(
        index
        for index, window in enumerate(windows)
        if (window.zone is None or window.zone.place == "mail") and any(_is_shifted(window, each) for each in own)
    )


def _is_shifted(window: WindowCandidate, other: WindowCandidate) -> bool:
    for way in window.ways:
        for another in other.ways:
            shift = way.start - another.start
            if (
                shift == way.end - another.end
                and timedelta(0) < abs(shift) <= timedelta(hours=26)
                and not shift.seconds % 900
            ):
                return True
    return False
