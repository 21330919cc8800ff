"""The reader of BCOP maintnote calendars (jda/maintnote-std), for every provider.

Each event is read for itself: what cannot be read is reported and does not keep the others from being applied. Events
without X-MAINTNOTE-MAINTENANCE-ID are ordinary appointments.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone, tzinfo

from nautobot_circuit_maintenance.domain.text import shortened
from nautobot_circuit_maintenance.domain.updates import (
    IMPACTS,
    NO_CHANGE,
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    ParserInfo,
    Provenance,
    Window,
)
from nautobot_circuit_maintenance.reading.ical import libraries
from nautobot_circuit_maintenance.reading.ical.libraries import CalendarError
from nautobot_circuit_maintenance.reading.ical.lines import Component, Property, calendars
from nautobot_circuit_maintenance.reading.ical.zones import zone

ID, STATUS, IMPACT, OBJECT = (f"X-MAINTNOTE-{name}" for name in ("MAINTENANCE-ID", "STATUS", "IMPACT", "OBJECT-ID"))
NO_ANNOUNCEMENTS = ("REPLY", "COUNTER", "REFRESH", "DECLINECOUNTER")
"""Methods of iTIP that go from an attendee to the organizer, or ask; they announce nothing (RFC 5546 section 1.4)."""
_STATUSES = ("TENTATIVE", "CONFIRMED", "CANCELLED", "IN-PROCESS", "COMPLETED", "RE-SCHEDULED")
_SPELLINGS = {
    "CANCELED": "CANCELLED",
    "IN-PROGRESS": "IN-PROCESS",
    "INPROCESS": "IN-PROCESS",
    "INPROGRESS": "IN-PROCESS",
    "COMPLETE": "COMPLETED",
    "RESCHEDULED": "RE-SCHEDULED",
}
_MOST_EVENTS = 1_000
_MOST_DATES = 1_000
_SEQUENCES = range(-(2**63), 2**63)
_LONGEST_ID = 255
_YEARS = range(1971, 9999)


@dataclass
class CalendarReading:
    """What the BCOP calendars of a message announce."""

    updates: list[MaintenanceUpdate] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Why events could not be read, a sentence each."""
    methods: list[str] = field(default_factory=list)
    """Methods that announce nothing, of the calendars that were left out for them."""
    doubts: list[str] = field(default_factory=list)
    """What was read and a person should check, a sentence each."""


@dataclass(frozen=True)
class _Event:
    """One event that was read, and where it belongs."""

    ids: tuple[str, ...]
    """The maintenance IDs, the primary one first."""
    event: MaintenanceEvent
    component: Component
    occurrences: tuple[Window, ...] = ()


def is_bcop(text: str) -> bool:
    """Return whether a text can be a BCOP calendar."""
    upper = text.upper()
    return "BEGIN:VCALENDAR" in upper and ID in upper


def read_calendars(texts: Iterable[str], provenance: Provenance) -> CalendarReading:
    """Read every BCOP calendar in these texts."""
    reading = CalendarReading()
    events: list[_Event] = []
    for calendar in _distinct(texts):
        method = calendar.text("METHOD").upper()
        bearing = [each for each in calendar.components if each.name == "VEVENT" and each.first(ID)]
        if not bearing:
            continue
        if method in NO_ANNOUNCEMENTS:
            reading.methods.append(method)
            continue
        events += _events(calendar, method, bearing, reading)
    reading.updates = _updates(_without_moved(events), provenance)
    return reading


def _distinct(texts: Iterable[str]) -> Iterator[Component]:
    """Yield each calendar once: some mails carry the same one as a part and as an attachment."""
    seen: set[tuple[str, ...]] = set()
    for text in texts:
        for calendar in calendars(text):
            lines = tuple(calendar.lines)
            if lines not in seen:
                seen.add(lines)
                yield calendar


def _events(calendar: Component, method: str, bearing: list[Component], reading: CalendarReading) -> Iterator[_Event]:
    """Yield the events of a calendar that can be read; report the others."""
    zones = _Zones(calendar)
    for number, component in enumerate(bearing):
        if number >= _MOST_EVENTS:
            reading.unread.append(f"The calendar has more than {_MOST_EVENTS:,} events; the others were not read.")
            return
        try:
            yield _event(component, method, zones, reading)
        except CalendarError as error:
            name = component.text(ID) or component.text("UID") or f"number {number + 1}"
            reading.unread.append(f"Event {shortened(name, 60)} was not read: {error}.")


class _Zones:
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
        if tzid in self._definitions and tzid not in self._defined:
            try:
                self._defined[tzid] = libraries.zone_from_definition(self._definitions[tzid].lines)
            except CalendarError:
                return zone(tzid, {})  # A name that is known needs no definition.
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
        return found.replace(tzinfo=self.of(tzid) if tzid else timezone.utc)


def _event(component: Component, method: str, zones: _Zones, reading: CalendarReading) -> _Event:
    """Read one event; raises CalendarError."""
    ids = _ids(component)
    status, default = _status(component, method, reading)
    windows = _windows(component, zones, is_ending=status in ("CANCELLED", "COMPLETED"))
    stamp = component.first("DTSTAMP")
    recurrence = component.first("RECURRENCE-ID")
    if recurrence and recurrence.parameters.get("RANGE"):
        raise CalendarError("RECURRENCE-ID with RANGE is not supported")
    event = MaintenanceEvent(
        status=status,
        windows=windows,
        circuits=_circuits(component),
        issued_at=_stamp(stamp, zones),
        uid=component.text("UID"),
        recurrence_id=_occurrence(zones.utc(recurrence, "RECURRENCE-ID")) if recurrence else None,
        sequence=_sequence(component),
        method=method or None,
        default_status=default,
    )
    return _Event(ids, event, component)


def _ids(component: Component) -> tuple[str, ...]:
    """Return the maintenance IDs, the PRIMARY one first, else the first (BCOP 3.3.1.1)."""
    properties = [each for each in component.all(ID) if each.text]
    primary = [each for each in properties if each.parameters.get("X-MAINTNOTE-PRECEDENCE", "").upper() == "PRIMARY"]
    ids = tuple(dict.fromkeys(each.text for each in (*primary, *properties)))
    if not ids:
        raise CalendarError("its X-MAINTNOTE-MAINTENANCE-ID is empty")
    for each in ids:
        _check_length("maintenance ID", each)
    return ids


def _check_length(what: str, text: str) -> None:
    if len(text) > _LONGEST_ID:
        raise CalendarError(f"a {what} is too long ({len(text)} characters, limit {_LONGEST_ID})")


def _status(component: Component, method: str, reading: CalendarReading) -> tuple[str, str | None]:
    """Return the status, and what counts only while none is known (architecture.md, "iTIP words")."""
    word = component.text("STATUS").upper()
    is_cancelled = method == "CANCEL" or word in ("CANCELLED", "CANCELED")
    stated = {_word(each.text) for each in component.all(STATUS) if each.text}
    name = component.text(ID)
    if len(stated) > 1:
        reading.doubts.append(f"{name} has several statuses: {', '.join(sorted(stated))}.")
    if stated:
        status = _word(component.text(STATUS))
        if status not in _STATUSES:
            reading.doubts.append(f'{name} has the unknown status "{shortened(component.text(STATUS), 40)}".')
            return "UNKNOWN", None
        if is_cancelled and status != "CANCELLED":
            reading.doubts.append(f"{name} is {status}, and cancelled by the calendar's own METHOD or STATUS.")
        return status, None
    if is_cancelled:
        return "CANCELLED", None
    return NO_CHANGE, word if word in ("TENTATIVE", "CONFIRMED") else None


def _word(text: str) -> str:
    word = re.sub(r"[\s_]+", "-", text.strip().upper())
    return _SPELLINGS.get(word, word)


def _circuits(component: Component) -> tuple[AnnouncedImpact, ...]:
    """Return the circuits with their impacts; one that is missing or unknown counts as OUTAGE (BCOP 3.6.5)."""
    default = _impact(component.text(IMPACT))
    found = []
    for each in component.all(OBJECT):
        own = each.parameters.get("X-MAINTNOTE-OBJECT-IMPACT", "")
        impact = _impact(own) if own.strip() else default
        for cid in each.texts:
            _check_length("circuit ID", cid)
            found.append(AnnouncedImpact(cid, impact))
    return tuple(found)


def _impact(text: str) -> str:
    word = re.sub(r"[\s_]+", "-", text.strip().upper())
    return word if word in IMPACTS else "OUTAGE"


def _stamp(stamp: Property | None, zones: _Zones) -> datetime | None:
    """Return DTSTAMP in UTC; None if it is missing or cannot be read: the message's date counts then."""
    if stamp is None:
        return None
    try:
        return zones.utc(stamp, "DTSTAMP")
    except CalendarError:
        return None


def _sequence(component: Component) -> int | None:
    """Return SEQUENCE; None without one."""
    text = component.text("SEQUENCE")
    if not text:
        return None
    if not re.fullmatch(r"[+-]?\d{1,19}", text) or int(text) not in _SEQUENCES:
        raise CalendarError("its SEQUENCE is out of range")
    return int(text)


def _windows(component: Component, zones: _Zones, *, is_ending: bool) -> tuple[Window, ...]:
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
    rules = [each.value for each in component.all("RRULE")]
    more, periods = _dates(component, "RDATE", zones)
    without, _ = _dates(component, "EXDATE", zones)
    if not (rules or more or periods):
        return (_window(start, length),)
    starts = libraries.occurrences(start, rules, more, without)
    return tuple(sorted({_window(each, length) for each in starts} | set(periods)))


def _window(start: datetime, length: timedelta) -> Window:
    first = start.astimezone(timezone.utc)
    return Window(first, first + length)


def _length(component: Component, zones: _Zones, start: datetime) -> timedelta:
    """Return how long an event lasts: DTEND, or DURATION (RFC 5545 section 3.6.1)."""
    end = component.first("DTEND")
    if end is not None:
        return zones.utc(end, "DTEND") - start.astimezone(timezone.utc)
    length = component.first("DURATION")
    if length is not None:
        return libraries.duration(length.value)
    return timedelta()


def _dates(component: Component, name: str, zones: _Zones) -> tuple[list[datetime], list[Window]]:
    """Return the moments and the periods of RDATE or EXDATE; raises CalendarError."""
    moments: list[datetime] = []
    periods: list[Window] = []
    for each in component.all(name):
        for value in each.value.split(","):
            start, slash, end = value.partition("/")
            first = zones.moment(start, each.parameters.get("TZID", ""), name)
            if not slash:
                moments.append(first)
                continue
            length = (
                libraries.duration(end)
                if end.strip().upper().startswith(("P", "+P"))
                else zones.moment(end, each.parameters.get("TZID", ""), name) - first
            )
            periods.append(_window(first, length))
            if len(moments) + len(periods) > _MOST_DATES:
                break
    if len(moments) + len(periods) > _MOST_DATES:
        raise CalendarError(f"it has more than {_MOST_DATES:,} {name}s")
    return moments, periods


def _occurrence(moment: datetime) -> str:
    """Return what identifies one occurrence of a series: its original start in UTC."""
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def _without_moved(events: list[_Event]) -> list[_Event]:
    """Take those occurrences out of a series that the same message tells apart by RECURRENCE-ID."""
    moved: dict[str, set[str]] = {}
    for each in events:
        if each.event.uid and each.event.recurrence_id:
            moved.setdefault(each.event.uid, set()).add(each.event.recurrence_id)
    result = []
    for each in events:
        gone = moved.get(each.event.uid or "", set()) if each.event.recurrence_id is None else set()
        left = tuple(window for window in each.event.windows if _occurrence(window.start) not in gone)
        if len(left) != len(each.event.windows):
            if not left:
                continue
            each = replace(each, event=replace(each.event, windows=left))
        result.append(each)
    return result


def _updates(events: list[_Event], provenance: Provenance) -> list[MaintenanceUpdate]:
    """Return an update for each maintenance ID, in the order of first mention."""
    by_id: dict[str, list[_Event]] = {}
    for each in events:
        by_id.setdefault(each.ids[0].casefold(), []).append(each)
    return [_update(group, provenance) for group in by_id.values()]


def _update(group: list[_Event], provenance: Provenance) -> MaintenanceUpdate:
    last = group[-1].component
    return MaintenanceUpdate(
        maintenance_id=group[0].ids[0],
        events=tuple(each.event for each in group),
        provenance=provenance,
        description=next((t for each in reversed(group) if (t := each.component.text("SUMMARY"))), ""),
        other_ids=tuple(dict.fromkeys(other for each in group for other in each.ids[1:])),
        account=last.text("X-MAINTNOTE-ACCOUNT"),
        provider=last.text("X-MAINTNOTE-PROVIDER"),
        organizer=last.text("ORGANIZER"),
        parser=ParserInfo("bcop", "1"),
    )
