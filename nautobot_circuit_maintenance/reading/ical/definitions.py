"""Time zones that a calendar defines itself (VTIMEZONE, RFC 5545 section 3.6.5).

icalendar would expand the rules of a definition from 1601 to 2038, however many days they name, and its zones (pytz) give a
time without ``localize()`` the offset of their first year, summer or winter.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone, tzinfo
from itertools import islice

from nautobot_circuit_maintenance.reading.ical import libraries
from nautobot_circuit_maintenance.reading.ical.libraries import CalendarError
from nautobot_circuit_maintenance.reading.ical.lines import Component
from nautobot_circuit_maintenance.reading.ical.recurrence import DayRule, Rule, read_rule

_MOST_OBSERVANCES = 500
_MOST_DATES = 1_000
_MOST_YEARS = 100
_LAST_YEAR = 9990
_YEARS_BETWEEN = 8
"""The longest time between two days that a yearly rule names: 29 February around a century."""


@dataclass(frozen=True)
class Observance:
    """STANDARD or DAYLIGHT: an offset, and the local times at which it begins."""

    onsets: tuple[datetime, ...]
    """DTSTART and RDATE, in the offset that ends."""
    before: timedelta
    after: timedelta
    rule: DayRule | None = None
    """More days on which it begins, at the time of DTSTART."""
    last: datetime = datetime.max
    """The end of the rule."""

    def last_onset(self, moment: datetime) -> datetime | None:
        """Return the last time at which it began before a local time; None if it had not yet.

        A time that the clocks skip has the offset before (section 3.3.5); one that comes twice is the first.
        """
        moment -= max(timedelta(), self.after - self.before)
        fixed = max((each for each in self.onsets if each <= moment), default=None)
        if self.rule is None or fixed is None:
            return fixed
        return max(fixed, self._last_by_rule(self.rule, min(moment, self.last)))

    def _last_by_rule(self, rule: DayRule, moment: datetime) -> datetime:
        clock = self.onsets[0].time()
        for year in range(moment.year, max(rule.first.year, moment.year - _YEARS_BETWEEN) - 1, -1):
            found = [datetime.combine(day, clock) for day in rule.days_of_year(year)]
            if past := [each for each in found if each <= moment]:
                return past[-1]
        return self.onsets[0]


class DefinedZone(tzinfo):
    """A time zone by its observances."""

    def __init__(self, observances: list[Observance]) -> None:
        self._observances = observances
        self._first = min(observances, key=lambda each: each.onsets[0] - each.before)

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        """Return the offset at a local time."""
        if moment is None:
            return None
        local = moment.replace(tzinfo=None)
        begun = [(onset - each.before, each.after) for each in self._observances if (onset := each.last_onset(local))]
        return max(begun)[1] if begun else self._first.before

    def dst(self, moment: datetime | None) -> None:
        """Return None: not known."""

    def tzname(self, moment: datetime | None) -> None:
        """Return None: not known."""


def defined_zone(definition: Component) -> tzinfo:
    """Return the time zone of a VTIMEZONE; raises CalendarError."""
    components = [each for each in definition.components if each.name in ("STANDARD", "DAYLIGHT")]
    if not 0 < len(components) <= _MOST_OBSERVANCES:
        raise CalendarError("its VTIMEZONE cannot be read")
    return DefinedZone([_observance(each) for each in components])


def _observance(component: Component) -> Observance:
    start = _local(component.text("DTSTART"))
    before, after = (libraries.utc_offset(component.text(name)) for name in ("TZOFFSETFROM", "TZOFFSETTO"))
    dates = [text for each in component.all("RDATE") for text in each.value.split(",", _MOST_DATES)]
    if len(dates) > _MOST_DATES:
        raise CalendarError("its VTIMEZONE has too many dates")
    onsets = (start, *sorted(_local(text) for text in dates))
    text = component.text("RRULE")
    if not text:
        return Observance(onsets, before, after)
    offset = timezone(before)
    rule = read_rule(text, start.replace(tzinfo=offset))
    if rule.days.frequency != "YEARLY" or rule.days.interval != 1:
        raise CalendarError("its VTIMEZONE has a rule that is not supported")
    return Observance(onsets, before, after, rule.days, _last(rule, start, offset))


def _local(text: str) -> datetime:
    """Return a local time; raises CalendarError for anything else."""
    found = libraries.moment(text.partition("/")[0])
    if not isinstance(found, datetime):
        found = datetime.combine(found, time.min)
    if not 2 < found.year <= _LAST_YEAR:
        raise CalendarError("its VTIMEZONE is out of range")
    return found.replace(tzinfo=None)


def _last(rule: Rule, start: datetime, offset: timezone) -> datetime:
    """Return the local time at which a rule ends."""
    if rule.count is not None:
        years = min(max(rule.count, 1), _MOST_YEARS)
        days = islice(rule.days.days(start.date() + timedelta(years * 366)), years)
        return datetime.combine(max(days, default=start.date()), start.time())
    if rule.until is None or rule.until.year > _LAST_YEAR:
        return datetime.max
    return rule.until.astimezone(offset).replace(tzinfo=None)
