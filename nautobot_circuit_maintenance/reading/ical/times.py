"""When an event takes place: its zones, its window, and the windows of a series."""

from contextlib import suppress
from datetime import date, datetime, timedelta, timezone, tzinfo

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.reading.ical import libraries
from nautobot_circuit_maintenance.reading.ical.definitions import defined_zone
from nautobot_circuit_maintenance.reading.ical.libraries import CalendarError
from nautobot_circuit_maintenance.reading.ical.lines import Component, Property
from nautobot_circuit_maintenance.reading.ical.recurrence import occurrences
from nautobot_circuit_maintenance.reading.ical.zones import local_zone, zone

_MOST_DATES = 1_000
_YEARS = range(1971, 9999)


class Zones:
    """The time zones of one calendar."""

    def __init__(self, calendar: Component) -> None:
        self._defined: dict[str, tzinfo] = {}
        self._definitions = {
            each.text("TZID"): each for each in calendar.components if each.name == "VTIMEZONE" and each.text("TZID")
        }
        self.floating = calendar.text("X-WR-TIMEZONE")
        """The zone of times without one, as calendar programs write it."""

    def of(self, tzid: str) -> tzinfo:
        """Return the zone of a TZID; raises CalendarError."""
        if definition := self._definitions.pop(tzid, None):
            with suppress(CalendarError):  # A name that is known needs no definition.
                self._defined[tzid] = defined_zone(definition)
        return zone(tzid, self._defined)

    def utc(self, prop: Property, what: str) -> datetime:
        """Return the moment of a property in UTC; raises CalendarError."""
        return self.local(prop, what).astimezone(timezone.utc)

    def local(self, prop: Property, what: str) -> datetime:
        """Return the moment of a property in its own zone, which a series needs when clocks change."""
        return self.moment(prop.value, prop.parameters.get("TZID", ""), what)

    def moment(self, value: str, tzid: str, what: str) -> datetime:
        """Return a DATE-TIME; raises CalendarError for a date without time and for what no calendar holds."""
        found: date = libraries.moment(value)
        if not isinstance(found, datetime):
            raise CalendarError(f"{what} is a whole day, without a time")
        if found.year not in _YEARS:
            raise CalendarError(f"{what} is out of range ({found.year})")
        if found.tzinfo is not None:  # A final Z goes before TZID.
            return found
        tzid = tzid or self.floating
        return found.replace(tzinfo=self.of(tzid) if tzid else local_zone())


def windows(component: Component, zones: Zones, *, is_ending: bool) -> tuple[Window, ...]:
    """Return the windows; an ending word needs none (BCOP 3.7.3). Raises CalendarError."""
    start_property = component.first("DTSTART")
    if start_property is None:
        if is_ending:
            return ()
        raise CalendarError("it has no DTSTART")
    start = zones.local(start_property, "DTSTART")
    length = _length(component, zones, start)
    if length <= timedelta():
        if is_ending:
            return ()
        raise CalendarError("its end is not after its start")
    return _series(component, zones, start, length)


def _series(component: Component, zones: Zones, start: datetime, length: timedelta) -> tuple[Window, ...]:
    """Return the windows of RRULE, RDATE and EXDATE, or the only one."""
    rules = [each.value for each in component.all("RRULE")]
    more, periods = _dates(component, "RDATE", zones)
    without, _ = _dates(component, "EXDATE", zones)
    if not (rules or more or periods):
        return (_window(start, length),)
    starts = occurrences(start, rules, more, without)
    found = {_window(each, length) for each in starts} | set(periods)
    if not found:
        raise CalendarError("its recurrence leaves no window")
    return tuple(sorted(found))


def _window(start: datetime, length: timedelta) -> Window:
    first = start.astimezone(timezone.utc)
    try:
        return Window(first, first + length)
    except OverflowError as error:
        raise CalendarError("its end is out of range") from error


def _length(component: Component, zones: Zones, start: datetime) -> timedelta:
    """Return how long an event lasts: DTEND, or DURATION (RFC 5545 section 3.6.1)."""
    end = component.first("DTEND")
    if end is not None:
        return zones.utc(end, "DTEND") - start.astimezone(timezone.utc)
    length = component.first("DURATION")
    if length is not None:
        found = libraries.duration(length.value)
        if found and _window(start, found).end.year not in _YEARS:
            raise CalendarError("its end is out of range")
        return found
    return timedelta()


def _dates(component: Component, name: str, zones: Zones) -> tuple[list[datetime], list[Window]]:
    """Return the moments and the periods of RDATE or EXDATE; raises CalendarError."""
    values = [(value, each) for each in component.all(name) for value in each.value.split(",", _MOST_DATES + 1)]
    if len(values) > _MOST_DATES:
        raise CalendarError(f"it has more than {_MOST_DATES:,} dates in {name}")
    moments: list[datetime] = []
    periods: list[Window] = []
    for value, each in values:
        start, slash, _ = value.partition("/")
        if slash:
            periods.append(_period(value, each, name, zones))
        else:
            moments.append(zones.moment(start, each.parameters.get("TZID", ""), name))
    return moments, periods


def _period(value: str, prop: Property, name: str, zones: Zones) -> Window:
    """Return a PERIOD: start and end, or start and duration (RFC 5545 section 3.3.9); raises CalendarError."""
    tzid = prop.parameters.get("TZID", "")
    start_text, _, end_text = value.partition("/")
    start = zones.moment(start_text, tzid, name)
    if end_text.strip().upper().startswith(("P", "+P")):
        length = libraries.duration(end_text)
    else:
        length = zones.moment(end_text, tzid, name) - start
    if length <= timedelta():
        raise CalendarError(f"a period of {name} does not end after its start")
    return _window(start, length)


def occurrence_id(moment: datetime) -> str:
    """Return what identifies one occurrence of a series: its original start in UTC."""
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
