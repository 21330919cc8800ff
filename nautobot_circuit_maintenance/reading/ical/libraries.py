"""What icalendar does for us; no other reader imports it. It stays below 6, as the parser library pins it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from icalendar.prop import vDDDTypes, vDuration, vRecur, vUTCOffset
from icalendar.windows_to_olson import WINDOWS_TO_OLSON


class CalendarError(ValueError):
    """A value of a calendar cannot be read; the message says which."""


def windows_zone(name: str) -> str:
    """Return the tz database's name of a Windows time zone; empty if there is none."""
    return str(WINDOWS_TO_OLSON.get(name, ""))


def utc_offset(text: str) -> timedelta:
    """Return a UTC-OFFSET such as +0100; raises CalendarError."""
    try:
        found: timedelta = vUTCOffset.from_ical(text.strip())
    except (ValueError, OverflowError) as error:
        raise CalendarError(f"'{text[:40]}' is not a valid offset") from error
    if abs(found) >= timedelta(days=1):
        raise CalendarError(f"'{text[:40]}' is not a valid offset")
    return found


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


@dataclass(frozen=True)
class RuleParts:
    """The parts of a recurrence rule, as icalendar reads them: lists, by their name in capitals."""

    parts: dict[str, list[Any]]

    @property
    def names(self) -> set[str]:
        """The names of its parts."""
        return set(self.parts)

    @property
    def until(self) -> date | None:
        """UNTIL: a moment or a day; raises CalendarError if it is neither."""
        found = self._only("UNTIL")
        if found is not None and not isinstance(found, date):
            raise CalendarError("cannot be read")
        return found

    def numbers(self, name: str) -> list[int]:
        """Return the numbers of a part."""
        return [int(each) for each in self.parts.get(name, [])]

    def number(self, name: str) -> int | None:
        """Return the only number of a part; None without one."""
        found = self._only(name)
        return None if found is None else int(found)

    def words(self, name: str) -> list[str]:
        """Return the words of a part in capitals."""
        return [str(each).strip().upper() for each in self.parts.get(name, [])]

    def word(self, name: str) -> str:
        """Return the first word of a part in capitals; empty without one."""
        return next(iter(self.words(name)), "")

    def _only(self, name: str) -> Any:
        return next(iter(self.parts.get(name, [])), None)


def rule_parts(text: str) -> RuleParts:
    """Return the parts of RRULE; raises CalendarError."""
    try:
        found = vRecur.from_ical(text)
    except (ValueError, LookupError, OverflowError) as error:
        raise CalendarError("cannot be read") from error
    return RuleParts({str(name).upper(): list(values) for name, values in found.items()})
