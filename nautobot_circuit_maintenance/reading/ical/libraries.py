"""What icalendar and recurring-ical-events do for us; no other reader imports them.

icalendar stays below 6, as the parser library pins it; recurring-ical-events 2.2 is the last line that goes with it.
"""

from datetime import date, datetime, timedelta, tzinfo

import icalendar
import recurring_ical_events
from icalendar.prop import vDDDTypes, vDuration, vRecur
from icalendar.windows_to_olson import WINDOWS_TO_OLSON

MOST_OCCURRENCES = 500
"""A series with more windows is refused: each is stored for each circuit."""
LONGEST_SERIES = timedelta(days=2 * 366)
_FAR = timedelta(days=100 * 366)
"""How far a series is followed to find out that it is longer: it is refused rather than cut."""
_TOO_LONG = "its RRULE repeats for more than two years"
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_UNSUPPORTED = ("BYHOUR", "BYMINUTE", "BYSECOND", "BYYEARDAY", "BYWEEKNO", "BYEASTER")


class CalendarError(ValueError):
    """A value of a calendar cannot be read; the message says which."""


def windows_zone(name: str) -> str:
    """Return the tz database's name of a Windows time zone; empty if there is none."""
    return str(WINDOWS_TO_OLSON.get(name, ""))


def zone_from_definition(lines: list[str]) -> tzinfo:
    """Return the time zone that a VTIMEZONE defines; raises CalendarError if it defines none."""
    try:
        definition = icalendar.Timezone.from_ical("\r\n".join(lines) + "\r\n")
        zone: tzinfo = definition.to_tz()
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError, AssertionError) as error:
        raise CalendarError("its VTIMEZONE cannot be read") from error
    return zone


def moment(text: str) -> date:
    """Return a DATE-TIME, naive unless it ends in Z, or a DATE; raises CalendarError."""
    try:
        found = vDDDTypes.from_ical(text.strip())
    except (ValueError, OverflowError) as error:
        raise CalendarError(f"'{text[:40]}' is not a valid time") from error
    if not isinstance(found, date):  # A datetime is one, too.
        raise CalendarError(f"'{text[:40]}' is not a valid time")
    return found


def duration(text: str) -> timedelta:
    """Return a DURATION; raises CalendarError."""
    try:
        found: timedelta = vDuration.from_ical(text.strip())
    except (ValueError, OverflowError, TypeError) as error:
        raise CalendarError(f"'{text[:40]}' is not a valid DURATION") from error
    return found


def occurrences(start: datetime, rules: list[str], more: list[datetime], without: list[datetime]) -> list[datetime]:
    """Return the starts of a series in time order: DTSTART, RRULE and RDATE without EXDATE (RFC 5545 section 3.8.5).

    Raises CalendarError for a rule without end or of more than two years, one that repeats within a day, and one with too
    many occurrences.
    """
    event = icalendar.Event()
    event.add("uid", "series")
    event.add("dtstart", start)
    event.add("dtend", start + timedelta(minutes=1))
    for rule in rules:
        event.add("rrule", _bounded(rule, start))
    if more:
        event.add("rdate", more)
    if without:
        event.add("exdate", without)
    calendar = icalendar.Calendar()
    calendar.add_component(event)
    day = timedelta(days=1)
    last = max([start, *more]) + (_FAR if rules else day)
    try:
        found = recurring_ical_events.of(calendar).between(min([start, *more]) - day, last)
    except (ValueError, TypeError, OverflowError, LookupError) as error:
        raise CalendarError(f"its recurrence cannot be read ({type(error).__name__})") from error
    starts = sorted({each["DTSTART"].dt for each in found})
    if rules and starts and starts[-1] > start + LONGEST_SERIES:
        raise CalendarError(_TOO_LONG)
    if len(starts) > MOST_OCCURRENCES:
        raise CalendarError(f"its recurrence has more than {MOST_OCCURRENCES} windows")
    return starts


def _bounded(text: str, start: datetime) -> vRecur:
    """Return a rule that ends within two years; raises CalendarError for any other."""
    try:
        rule = vRecur.from_ical(text)
    except (ValueError, LookupError, OverflowError) as error:
        raise CalendarError(f"its RRULE '{text[:80]}' cannot be read") from error
    frequency = str(rule.get("FREQ", [""])[0]).upper()
    count, until = rule.get("COUNT", [None])[0], rule.get("UNTIL", [None])[0]
    if frequency not in _FREQUENCIES or any(part in rule for part in _UNSUPPORTED):
        raise CalendarError(f"its RRULE '{text[:80]}' is not supported")
    if count is None and until is None:
        raise CalendarError("its RRULE repeats without end")
    if until is not None and date(until.year, until.month, until.day) > (start + LONGEST_SERIES).date():
        raise CalendarError(_TOO_LONG)
    if count is not None and not 0 < int(count) <= MOST_OCCURRENCES:
        raise CalendarError(f"its RRULE repeats {count} times")
    return rule
