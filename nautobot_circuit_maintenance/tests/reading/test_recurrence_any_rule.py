"""Random series: their windows are those that a look at every single day finds, across clock changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from itertools import takewhile
from unittest import TestCase
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from hypothesis import assume, example, given, settings, strategies as st

from nautobot_circuit_maintenance.reading.ical.libraries import CalendarError
from nautobot_circuit_maintenance.reading.ical.recurrence import LONGEST_SERIES, occurrences, read_rule

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Auckland",
    "UTC",
)
FIRST_DAYS = tuple(
    date.fromisoformat(day)
    for day in ("2026-03-05", "2026-03-20", "2026-03-28", "2026-03-29", "2026-10-01", "2026-10-24", "2026-10-31")
)
"""Clocks change in the days after each, somewhere."""


@dataclass(frozen=True)
class Series:
    """A recurrence rule, without the words of RFC 5545."""

    zone: str
    first: date
    hour: time
    frequency: str
    interval: int
    days: tuple[int, ...]
    """Of the week, Monday is 0: for WEEKLY, and one for MONTHLY with a place."""
    place: int
    """The first, second ... or last (-1) of these days in a month; 0: the same day of each month as the first."""
    count: int
    ends_by_date: bool
    extra: tuple[int, ...]
    """Days after the first that are added."""
    left_out: tuple[int, ...]
    """Numbers of occurrences that are taken out."""

    def at(self, day: date) -> datetime:
        """Return the start on a day."""
        return datetime.combine(day, self.hour, ZoneInfo(self.zone))

    def has(self, day: date) -> bool:
        """Return whether the rule has an occurrence on a day, wherever it ends."""
        first = self.first
        if self.frequency == "DAILY":
            return (day - first).days % self.interval == 0
        if self.frequency == "WEEKLY":
            weeks = (day - timedelta(day.weekday()) - (first - timedelta(first.weekday()))).days // 7
            return weeks % self.interval == 0 and day.weekday() in self.days
        months = (day.year - first.year) * 12 + day.month - first.month
        if months % self.interval:
            return False
        if not self.place:
            return day.day == first.day
        if day.weekday() != self.days[0]:
            return False
        if self.place > 0:
            return (day.day - 1) // 7 + 1 == self.place
        return (day + timedelta(7)).month != day.month

    def days_from_first(self) -> Iterator[date]:
        """Yield the days of the rule, without end."""
        day = self.first
        while True:
            if self.has(day):
                yield day
            day += timedelta(1)

    def counted(self) -> list[date]:
        """Return the days of the rule."""
        days = self.days_from_first()
        return [next(days) for _ in range(self.count)]

    def added(self) -> list[date]:
        """Return the days that are added to the rule."""
        return [self.first + timedelta(days) for days in self.extra]

    def excluded(self) -> list[date]:
        """Return the days that are taken out of the rule."""
        days = self.counted()
        return [days[number] for number in self.left_out if number < len(days)]

    def rule(self) -> str:
        """Return RRULE."""
        parts = [f"FREQ={self.frequency}", f"INTERVAL={self.interval}"]
        if self.frequency == "WEEKLY":
            parts.append("BYDAY=" + ",".join(DAYS[day] for day in self.days))
        elif self.frequency == "MONTHLY" and self.place:
            parts.append(f"BYDAY={self.place}{DAYS[self.days[0]]}")
        if self.ends_by_date:
            last = self.at(self.counted()[-1]).astimezone(timezone.utc)
            parts.append(f"UNTIL={last:%Y%m%dT%H%M%SZ}")
        else:
            parts.append(f"COUNT={self.count}")
        return ";".join(parts)

    def expected(self) -> list[datetime]:
        """Return the starts in UTC; a time that clocks skip counts with the offset before (RFC 5545 section 3.3.5)."""
        days = {*self.counted(), *self.added()} - set(self.excluded())
        return sorted(self.at(day).astimezone(timezone.utc) for day in days)


@st.composite
def series(draw: st.DrawFn) -> Series:
    """Return a series whose DTSTART is its first occurrence, as RFC 5545 wants."""
    first = draw(st.sampled_from(FIRST_DAYS)) + timedelta(draw(st.integers(0, 9)))
    frequency = draw(st.sampled_from(("DAILY", "DAILY", "WEEKLY", "MONTHLY")))
    place = 0
    if frequency == "MONTHLY" and draw(st.booleans()):
        place = (first.day - 1) // 7 + 1
        if (first + timedelta(7)).month != first.month:
            place = -1
    others = draw(st.sets(st.integers(0, 6), max_size=3)) if frequency == "WEEKLY" else set()
    return Series(
        zone=draw(st.sampled_from(ZONES)),
        first=first,
        hour=time(draw(st.sampled_from((0, 1, 2, 3, 12, 22, 23))), draw(st.sampled_from((0, 30)))),
        frequency=frequency,
        interval=draw(st.integers(1, 3)),
        days=tuple(sorted({first.weekday(), *others})),
        place=place,
        count=draw(st.integers(1, 12)),
        ends_by_date=draw(st.booleans()),
        extra=tuple(draw(st.sets(st.integers(1, 40), max_size=2))),
        left_out=tuple(draw(st.sets(st.integers(1, 11), max_size=3))),
    )


def found(wanted: Series) -> list[datetime]:
    """Return the starts in UTC that our reader finds."""
    starts = occurrences(
        wanted.at(wanted.first),
        [wanted.rule()],
        list(map(wanted.at, wanted.added())),
        list(map(wanted.at, wanted.excluded())),
    )
    return [start.astimezone(timezone.utc) for start in starts]


def nightly(zone: str, first: str, hour: str) -> Series:
    """Return five nights, one after the other."""
    return Series(
        zone=zone,
        first=date.fromisoformat(first),
        hour=time.fromisoformat(hour),
        frequency="DAILY",
        interval=1,
        days=(),
        place=0,
        count=5,
        ends_by_date=False,
        extra=(),
        left_out=(),
    )


class AnyRule(TestCase):
    """Brute force and the libraries."""

    maxDiff = None

    @given(series())
    @example(nightly("Europe/Berlin", "2026-03-27", "02:30"))  # skipped on the third night
    @example(nightly("Europe/Berlin", "2026-10-23", "02:30"))  # there twice on the third night
    @example(nightly("America/New_York", "2026-10-30", "01:30"))
    @settings(max_examples=2 * settings().max_examples, deadline=None)
    def test_a_series_has_the_windows_that_a_look_at_every_day_finds(self, wanted: Series) -> None:
        """The same hour on the clock of the zone, whether clocks change or not; COUNT, UNTIL, RDATE and EXDATE hold."""
        if wanted.counted()[-1] - wanted.first > LONGEST_SERIES:
            with self.assertRaisesRegex(CalendarError, "two years"):
                found(wanted)
            return
        self.assertEqual(found(wanted), wanted.expected())


MONTH_DAYS = st.one_of(st.integers(1, 31), st.integers(-31, -1))


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Return a rule without end, as RFC 5545 allows it."""
    frequency = draw(st.sampled_from(("DAILY", "WEEKLY", "MONTHLY", "YEARLY")))
    # Not MO beside 2TU: dateutil takes them for two conditions, RFC 5545 for two days.
    has_places = frequency in ("MONTHLY", "YEARLY") and draw(st.booleans())
    places = st.integers(-5, 5).filter(bool) if has_places else st.just("")
    weekdays = st.builds(lambda place, day: f"{place}{day}", places, st.sampled_from(DAYS))
    parts: dict[str, list] = {
        "BYMONTH": draw(st.lists(st.integers(1, 12), max_size=3)),
        "BYMONTHDAY": [] if frequency == "WEEKLY" else draw(st.lists(MONTH_DAYS, max_size=3)),
        "BYDAY": draw(st.lists(weekdays, max_size=3)),
        # Not in weeks: dateutil starts to count in the middle of the first one.
        "BYSETPOS": [] if frequency == "WEEKLY" else draw(st.lists(st.sampled_from((1, 2, 3, -1, -2)), max_size=2)),
        "INTERVAL": draw(st.lists(st.integers(1, 5), max_size=1)),
        "WKST": draw(st.lists(st.sampled_from(DAYS), max_size=1)),
    }
    return ";".join([f"FREQ={frequency}", *(f"{k}={','.join(map(str, v))}" for k, v in parts.items() if v)])


class AnyDays(TestCase):
    """The days of rules with all their parts, compared with dateutil."""

    @given(rules(), st.dates(date(2023, 1, 1), date(2028, 12, 31)))
    @example("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", date(2026, 3, 4))
    @example("FREQ=YEARLY;BYDAY=20MO", date(2026, 1, 1))
    @example("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", date(2026, 3, 31))
    @settings(max_examples=400, deadline=None)
    def test_the_days_are_those_of_dateutil(self, text: str, first: date) -> None:
        """It searches until the year 9999 for the next day, so only rules that have later ones are asked."""
        last = first + LONGEST_SERIES
        start = datetime.combine(first, time(22), timezone.utc)
        days = list(read_rule(text, start).days.days(first + timedelta(12 * 366)))
        assume(any(day > last for day in days))

        wanted = rrulestr(text, dtstart=datetime.combine(first, time(22)))
        expected = [each.date() for each in takewhile(lambda each: each.date() <= last, wanted)]

        self.assertEqual([day for day in days if day <= last], expected)
