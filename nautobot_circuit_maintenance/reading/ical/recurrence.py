"""The days of a recurrence rule (RFC 5545 section 3.3.10), found by a look at every single day of two years.

Not by dateutil, on which all libraries for this build: it looks for the next day of a rule such as "31 February" until the
year 9999, which takes seconds of CPU, and nothing can stop it.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from itertools import groupby, islice

from nautobot_circuit_maintenance.reading.ical import libraries
from nautobot_circuit_maintenance.reading.ical.libraries import CalendarError, RuleParts

MOST_OCCURRENCES = 500
"""A series with more windows is refused: each is stored for each circuit."""
LONGEST_SERIES = timedelta(days=2 * 366)
_DAY = timedelta(days=1)
_LAST_YEAR = 9990
_MOST_RULES = 10
_LONGEST_RULE = 1_000
_TOO_LONG = "its RRULE repeats for more than two years"
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS"}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")


@dataclass(frozen=True)
class DayRule:
    """Which days a rule names, wherever it ends."""

    first: date
    """Of DTSTART, in its own zone."""
    frequency: str
    interval: int = 1
    week_starts_on: int = 0
    """0 is Monday."""
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    """From the end of the month if negative."""
    weekdays: frozenset[tuple[int, int]] = frozenset()
    """Place in the month or year, 0 for every one, and day of the week."""
    places: frozenset[int] = frozenset()
    """Which days of each period count; all if empty."""

    def days(self, last: date) -> Iterator[date]:
        """Yield the days from the first one on, up to the last one."""
        for number, period in groupby(self._every_day(last), self._period):
            if number % self.interval == 0:
                yield from (day for day in self._chosen(period) if day <= last)

    def days_of_year(self, year: int) -> list[date]:
        """Return the days in a year, of a yearly rule with the interval 1."""
        months = self.months & set(range(1, 13)) or range(1, 13)
        every = (date(year, month, day) for month in sorted(months) for day in range(1, monthrange(year, month)[1] + 1))
        return self._chosen(every)

    def _chosen(self, period: Iterable[date]) -> list[date]:
        """Return the days of a period that the rule names."""
        found = [day for day in period if self._names(day)]
        if self.places:
            size = len(found)
            found = [day for place, day in enumerate(found) if self.places & {place + 1, place - size}]
        return [day for day in found if day >= self.first]

    def _every_day(self, last: date) -> Iterator[date]:
        """Yield every day of the periods in which the first and the last one are."""
        start, end = self._period(self.first), self._period(last)
        day = self.first
        while day > date.min and self._period(day - _DAY) == start:
            day -= _DAY
        while self._period(day) <= end:
            yield day
            day += _DAY

    def _period(self, day: date) -> int:
        """Return the number of the day, week, month or year."""
        if self.frequency == "YEARLY":
            return day.year - self.first.year
        if self.frequency == "MONTHLY":
            return (day.year - self.first.year) * 12 + day.month - self.first.month
        if self.frequency == "DAILY":
            return (day - self.first).days
        first = self.first - timedelta((self.first.weekday() - self.week_starts_on) % 7)
        return (day - first).days // 7

    def _names(self, day: date) -> bool:
        """Return whether the rule names a day of one of its periods."""
        if self.months and day.month not in self.months:
            return False
        if self.month_days and not self.month_days & {day.day, day.day - 1 - _days_in_month(day)}:
            return False
        return not self.weekdays or any((place, day.weekday()) in self.weekdays for place in self._places_of(day))

    def _places_of(self, day: date) -> tuple[int, int, int]:
        """Return 0 and the places that a day has among the same days of the week, from both ends."""
        if self.frequency == "YEARLY" and not self.months:
            year = day.replace(month=12, day=31).timetuple().tm_yday
            number, length = day.timetuple().tm_yday, year
        else:
            number, length = day.day, _days_in_month(day)
        return 0, (number - 1) // 7 + 1, -((length - number) // 7) - 1


def _days_in_month(day: date) -> int:
    return monthrange(day.year, day.month)[1]


@dataclass(frozen=True)
class Rule:
    """RRULE: the days that it names, and where it ends."""

    days: DayRule
    count: int | None
    until: datetime | None
    """Its last moment, aware."""


def occurrences(start: datetime, rules: list[str], more: list[datetime], without: list[datetime]) -> list[datetime]:
    """Return the starts of a series in UTC: DTSTART, RRULE and RDATE without EXDATE (RFC 5545 section 3.8.5).

    Raises CalendarError for a rule without end or of more than two years, one that repeats within a day, one that names no
    day, and one with too many occurrences.
    """
    if len(rules) > _MOST_RULES:
        raise CalendarError(f"it has more than {_MOST_RULES} RRULEs")
    if start.year > _LAST_YEAR:
        raise CalendarError(f"its recurrence is out of range ({start.year})")
    found = {_utc(each) for each in (start, *more)}
    for text in rules:
        found |= {_utc(each) for each in _starts(text, start)}
    found -= {_utc(each) for each in without}
    if rules and found and max(found) > _utc(start) + LONGEST_SERIES:
        raise CalendarError(_TOO_LONG)
    if len(found) > MOST_OCCURRENCES:
        raise CalendarError(f"its recurrence has more than {MOST_OCCURRENCES} windows")
    return sorted(found)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc)


def _starts(text: str, start: datetime) -> list[datetime]:
    """Return the starts that a rule gives, in the zone of DTSTART; raises CalendarError."""
    rule = read_rule(text, start)
    _check_end(rule, start)
    last = (start + LONGEST_SERIES).date()
    days = list(islice(rule.days.days(last), rule.count or MOST_OCCURRENCES + 1))
    if not days:
        raise CalendarError(f"its RRULE '{text[:80]}' names no day within two years")
    if rule.count is not None and rule.until is None and len(days) < rule.count:
        raise CalendarError(_TOO_LONG)
    found = [datetime.combine(day, start.timetz()) for day in days]
    return [each for each in found if rule.until is None or each <= rule.until]


def _check_end(rule: Rule, start: datetime) -> None:
    """Raise CalendarError unless a rule ends within two years."""
    if rule.count is None and rule.until is None:
        raise CalendarError("its RRULE repeats without end")
    if rule.until is not None and rule.until.date() > (start + LONGEST_SERIES).date():
        raise CalendarError(_TOO_LONG)
    if rule.count is not None and not 0 < rule.count <= MOST_OCCURRENCES:
        raise CalendarError(f"its RRULE repeats {rule.count} times")


def read_rule(text: str, start: datetime) -> Rule:
    """Read RRULE; what it leaves open is as it is in DTSTART. Raises CalendarError."""
    if len(text) > _LONGEST_RULE:
        raise CalendarError("its RRULE is too long")
    try:
        parts = libraries.rule_parts(text)
        if not _is_supported(parts):
            raise CalendarError(f"its RRULE '{text[:80]}' is not supported")
        return Rule(_day_rule(parts, start.date()), parts.number("COUNT"), _until(parts.until, start))
    except CalendarError:
        raise
    except ValueError as error:
        raise CalendarError(f"its RRULE '{text[:80]}' cannot be read") from error


def _is_supported(parts: RuleParts) -> bool:
    """Return whether a rule is one of whole days; RFC 5545 section 3.3.10 has places only in months and years."""
    if parts.word("FREQ") in ("DAILY", "WEEKLY") and any(word[:-2] for word in parts.words("BYDAY")):
        return False
    return parts.word("FREQ") in _FREQUENCIES and parts.names <= _PARTS


def _day_rule(parts: RuleParts, first: date) -> DayRule:
    """Return the days of a rule; raises ValueError."""
    months, month_days = frozenset(parts.numbers("BYMONTH")), frozenset(parts.numbers("BYMONTHDAY"))
    weekdays = frozenset(map(_weekday, parts.words("BYDAY")))
    frequency = parts.word("FREQ")
    if not (month_days or weekdays):
        if frequency == "WEEKLY":
            weekdays = frozenset({(0, first.weekday())})
        elif frequency != "DAILY":
            month_days = frozenset({first.day})
        if frequency == "YEARLY":
            months = months or frozenset({first.month})
    interval = parts.number("INTERVAL")
    if interval is not None and interval < 1:
        raise ValueError(interval)
    return DayRule(
        first=first,
        frequency=frequency,
        interval=interval or 1,
        week_starts_on=_WEEKDAYS.index(parts.word("WKST") or "MO"),
        months=months,
        month_days=month_days,
        weekdays=weekdays,
        places=frozenset(parts.numbers("BYSETPOS")),
    )


def _weekday(word: str) -> tuple[int, int]:
    """Read MO, 2TU or -1SU; raises ValueError."""
    match = _WEEKDAY.fullmatch(word)
    if match is None:
        raise ValueError(word)
    return int(match[1] or 0), _WEEKDAYS.index(match[2])


def _until(found: date | None, start: datetime) -> datetime | None:
    """Return the last moment of a rule, aware; a day counts to its end, and a time without zone is in that of DTSTART."""
    if found is None:
        return None
    if not isinstance(found, datetime):
        found = datetime.combine(found, time.max)
    return found if found.tzinfo else found.replace(tzinfo=start.tzinfo)
