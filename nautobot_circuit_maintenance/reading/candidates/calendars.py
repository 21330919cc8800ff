"""What the calendars of a message state, read by lines: a second reading of BCOP calendars that uses no calendar library.

Only what can be compared surely: times in UTC or in a zone of the zone database, and no recurrence.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import NamedTuple

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading import zones

_MOST_EVENTS = 200
_LONGEST = 200_000
_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r"^(?P<name>[A-Za-z-]+)(?P<params>(?:;[^:\r\n]{0,200})?):(?P<value>[^\r\n]*)", re.MULTILINE)
_ZONE = re.compile(r"TZID=\"?([^;\":]+)", re.IGNORECASE)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(Z?)")


class CalendarEvent(NamedTuple):
    """One event with the properties that a gate compares."""

    values: dict[str, tuple[str, ...]]
    window: Window | None
    """None if it has no two times that can be compared."""
    has_times: bool
    """Whether it states any time at all."""

    def first(self, name: str) -> str:
        """Return the first value of a property; empty without one."""
        return self.values.get(name, ("",))[0].strip()


def events_in(calendars: Iterable[str]) -> tuple[CalendarEvent, ...]:
    """Return the events of the texts of calendars."""
    found: list[CalendarEvent] = []
    for text in calendars:
        found += _events(_FOLD.sub("", text[:_LONGEST]))
    return tuple(found[:_MOST_EVENTS])


def _events(text: str) -> Iterator[CalendarEvent]:
    upper = text.upper()
    position = upper.find("BEGIN:VEVENT")
    for _ in range(_MOST_EVENTS):
        if position < 0:
            return
        end = upper.find("END:VEVENT", position)
        yield _event(text[position : end if end >= 0 else len(text)])
        position = upper.find("BEGIN:VEVENT", position + 1)


def _event(text: str) -> CalendarEvent:
    values: dict[str, tuple[str, ...]] = {}
    names: dict[str, str] = {}
    for match in _LINE.finditer(text):
        name = match["name"].upper()
        values[name] = (*values.get(name, ()), _unescaped(match["value"]))
        if zone := _ZONE.search(match["params"]):
            names[name] = zone[1]
    start, end = (_time(values.get(name, ("",))[0], names.get(name, "")) for name in ("DTSTART", "DTEND"))
    is_simple = start and end and start < end and not {"RRULE", "RDATE", "RECURRENCE-ID"} & values.keys()
    has_times = any(name.startswith(("DT", "DURATION", "R")) and name != "DTSTAMP" for name in values)
    return CalendarEvent(values, Window(start, end) if start and end and is_simple else None, has_times)


def _unescaped(value: str) -> str:
    return re.sub(r"\\([\\;,])", r"\1", value)


def _time(value: str, zone: str) -> datetime | None:
    match = _TIME.fullmatch(value.strip())
    known = timezone.utc if match and match[7] else zones.of_database(zone)
    if not match or known is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(match[index]) for index in range(1, 7))
        return datetime(year, month, day, hour, minute, second, tzinfo=known).astimezone(timezone.utc)
    except (ValueError, OverflowError):  # no such day, or out of the calendar in UTC
        return None
