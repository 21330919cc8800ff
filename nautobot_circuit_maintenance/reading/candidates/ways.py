"""The ways in which a moment or a window can be read: order of day and month, and the year where none is given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from nautobot_circuit_maintenance.reading.candidates.dates import DAY_FIRST, MONTH_FIRST, DateToken, Day
from nautobot_circuit_maintenance.reading.candidates.moments import Moment

_LATEST = timedelta(days=300)
"""How long after the message something without a year can be."""
_EARLIEST = timedelta(days=60)


@dataclass(frozen=True)
class Calendar:
    """Which year a date without one has."""

    received: date
    dated: tuple[date, ...]
    """The dates of the message that have a year."""

    @staticmethod
    def of(received: datetime, tokens: Sequence[DateToken]) -> "Calendar":
        """Return the calendar of a message that was received at this time."""
        dated = tuple(date(day.year, day.month, day.day) for token in tokens for day in token.days if day.year)
        return Calendar(received.date(), dated)

    def dates(self, token: DateToken, order: str) -> Iterator[date]:
        """Yield the dates that a token can be in an order; it is not asked for an order that it does not have."""
        for day in token.days:
            if token.is_ambiguous and day.order != order:
                continue
            if (found := self._dated(day, token.weekdays)) is not None:
                yield found

    def _dated(self, day: Day, weekdays: Sequence[int]) -> date | None:
        if day.year:
            return date(day.year, day.month, day.day)
        same = [each for each in self.dated if (each.month, each.day) == (day.month, day.day)]
        if same:
            return same[0]
        years = {each.year + shift for each in (*self.dated, self.received) for shift in (-1, 0, 1)}
        possible = [each for year in sorted(years) if (each := _date(year, day)) and _is_on(each, weekdays)]
        return min(possible, key=self._distance, default=None)

    def _distance(self, day: date) -> tuple[bool, int]:
        """Return how unlikely a date is: how far it is from the dates of the message, or from its receipt."""
        near = min((abs((day - each).days) for each in self.dated), default=10_000)
        if near <= 31:
            return False, near
        is_far = not -_EARLIEST <= day - self.received <= _LATEST
        return is_far, abs((day - self.received).days)


def _date(year: int, day: Day) -> date | None:
    try:
        return date(year, day.month, day.day)
    except ValueError:
        return None


def _is_on(day: date, weekdays: Sequence[int]) -> bool:
    return not weekdays or day.weekday() in weekdays


class Way(NamedTuple):
    """One way to read a window: local times without zone."""

    order: str
    """DAY_FIRST or MONTH_FIRST if that matters, else empty."""
    start: datetime
    end: datetime


def local_times(moment: Moment, calendar: Calendar, order: str) -> list[datetime]:
    """Return the local times that a moment can be in an order."""
    delta = timedelta(minutes=moment.time.minutes, seconds=moment.time.seconds, days=moment.time.day_offset)
    return [datetime(day.year, day.month, day.day) + delta for day in calendar.dates(moment.date, order)]


def ways(start: Moment, end: Moment, calendar: Calendar) -> list[Way]:
    """Return the ways to read a window; an end at or before the start of one date is on the next day."""
    is_ambiguous = start.date.is_ambiguous or end.date.is_ambiguous
    found: list[Way] = []
    for order in (DAY_FIRST, MONTH_FIRST) if is_ambiguous else ("",):
        for first in local_times(start, calendar, order):
            for last in local_times(end, calendar, order):
                if last <= first and start.date.span == end.date.span:
                    last += timedelta(days=1)
                elif last < first and not any(day.year for day in end.date.days):
                    last = last.replace(year=last.year + 1) if (last.month, last.day) != (2, 29) else last
                found.append(Way(order, first, last))
    return list(dict.fromkeys(found))
