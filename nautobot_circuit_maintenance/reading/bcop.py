"""The reader of BCOP maintnote calendars (jda/maintnote-std), for every provider.

Each event is read for itself: what cannot be read is reported and does not keep the others from being applied. Events
without X-MAINTNOTE-MAINTENANCE-ID are ordinary appointments.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from nautobot_circuit_maintenance.domain.text import bounded, shortened
from nautobot_circuit_maintenance.domain.updates import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MaintenanceEvent,
    MaintenanceUpdate,
    ParserInfo,
    Provenance,
)
from nautobot_circuit_maintenance.mail.parts import Envelope
from nautobot_circuit_maintenance.reading.base import Reading
from nautobot_circuit_maintenance.reading.bcop_event import ID, BcopEvent, read_event
from nautobot_circuit_maintenance.reading.ical.libraries import CalendarError
from nautobot_circuit_maintenance.reading.ical.lines import Component, calendars, joined_folds
from nautobot_circuit_maintenance.reading.ical.times import Zones, occurrence_id

PARSER = ParserInfo("bcop", "1")
NO_ANNOUNCEMENTS = ("REPLY", "COUNTER", "REFRESH", "DECLINECOUNTER")
"""Methods of iTIP that go from an attendee to the organizer, or ask; they announce nothing (RFC 5546 section 1.4)."""
_MOST_EVENTS = 5_000


@dataclass
class _Found:
    """What the calendars of a message contain."""

    events: list[BcopEvent] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Why events could not be read, a sentence each."""
    methods: list[str] = field(default_factory=list)
    """Methods that announce nothing, of the calendars that were left out for them."""
    is_complete: bool = True
    """False if there are more events than are read."""

    @property
    def unread(self) -> Iterator[str]:
        """What could not be read, with one code for each kind of problem."""
        if self.problems:
            yield f"READ-30: {' '.join(dict.fromkeys(self.problems))}"
        if not self.is_complete:
            yield f"READ-31: The calendars have more than {_MOST_EVENTS:,} events; the others were not read."


def is_bcop(text: str) -> bool:
    """Return whether a string contains a BCOP calendar."""
    upper = text.upper()
    return "BEGIN:VCALENDAR" in upper and (ID in upper or ID in joined_folds(upper))


def read_calendars(
    texts: Iterable[str], provenance: Provenance, envelopes: Mapping[str, Envelope] | None = None
) -> Reading:
    """Read every BCOP calendar in these texts; what a calendar does not say, its envelope may (by its text)."""
    found = _Found()
    for text, calendar in _distinct(texts):
        envelope = (envelopes or {}).get(text, Envelope())
        method = calendar.text("METHOD").upper() or envelope.method
        events = [each for each in calendar.components if each.name == "VEVENT" and each.first(ID)]
        before = len(found.events)
        if events and method in NO_ANNOUNCEMENTS:
            found.methods.append(method)
        elif events:
            _read_events(events, method, Zones(calendar), found)
            found.events[before:] = [_dated(each, envelope) for each in found.events[before:]]
    updates = tuple(_updates(_without_moved(found.events), provenance))
    ignored = ""
    if found.methods and not updates and not found.problems:
        methods = ", ".join(dict.fromkeys(found.methods))
        ignored = f"The METHOD of the calendar is {methods}, which announces nothing (RFC 5546)."
    return Reading(updates, tuple(found.unread), ignored)


def _dated(each: BcopEvent, envelope: Envelope) -> BcopEvent:
    """Return an event with the date of the attached message that it came in, if it has none of its own."""
    if each.event.issued_at or not envelope.sent_at:
        return each
    return replace(each, event=each.event._replace(issued_at=envelope.sent_at))


def _distinct(texts: Iterable[str]) -> Iterator[tuple[str, Component]]:
    """Yield each calendar once, with its text: some messages carry the same one as a part and as an attachment."""
    seen: set[tuple[str, ...]] = set()
    for text in texts:
        for calendar in calendars(text):
            lines = tuple(calendar.lines)
            if lines not in seen:
                seen.add(lines)
                yield text, calendar


def _read_events(components: list[Component], method: str, zones: Zones, found: _Found) -> None:
    """Add the events of a calendar that can be read, and what is wrong with the others."""
    for number, component in enumerate(components, 1):
        if len(found.events) + len(found.problems) >= _MOST_EVENTS:
            found.is_complete = False
            return
        try:
            found.events.append(read_event(component, method, zones))
        except CalendarError as error:
            name = component.text(ID) or component.text("UID") or f"number {number}"
            found.problems.append(f"Event {shortened(name, 60)} was not read: {error}.")
            continue
        if component.is_cut:
            name = shortened(found.events[-1].ids[0], 60)
            found.problems.append(f"Event {name} is cut off: its END is missing, and what stood before it may be, too.")


def _without_moved(events: list[BcopEvent]) -> Iterator[BcopEvent]:
    """Yield the events without those occurrences of a series that the same message states by RECURRENCE-ID."""
    moved: dict[str, set[str]] = {}
    for each in events:
        if each.event.uid and each.event.recurrence_id:
            moved.setdefault(each.event.uid, set()).add(each.event.recurrence_id)
    for each in events:
        gone = moved.get(each.event.uid or "", set()) if each.event.recurrence_id is None else set()
        left = tuple(window for window in each.event.windows if occurrence_id(window.start) not in gone)
        if len(left) == len(each.event.windows):
            yield each
        elif left:
            yield replace(each, event=each.event._replace(windows=left))


def _updates(events: Iterable[BcopEvent], provenance: Provenance) -> Iterator[MaintenanceUpdate]:
    """Yield an update for each maintenance ID, in the order of first mention."""
    by_id: dict[str, list[BcopEvent]] = {}
    for each in events:
        by_id.setdefault(each.ids[0].casefold(), []).append(each)
    for group in by_id.values():
        yield _update(group, provenance)


def _update(group: list[BcopEvent], provenance: Provenance) -> MaintenanceUpdate:
    last = group[-1].component
    return MaintenanceUpdate(
        maintenance_id=group[0].ids[0],
        events=_without_repeats(group),
        provenance=provenance,
        description=bounded(
            next((text for each in reversed(group) if (text := each.component.text("SUMMARY"))), ""), LONGEST_TEXT
        ),
        other_ids=tuple(dict.fromkeys(other for each in group for other in each.ids[1:])),
        account=bounded(last.text("X-MAINTNOTE-ACCOUNT"), LONGEST_NAME),
        provider=bounded(last.text("X-MAINTNOTE-PROVIDER"), LONGEST_NAME),
        organizer=bounded(last.text("ORGANIZER"), LONGEST_NAME),
        parser=PARSER,
        doubts=tuple(dict.fromkeys(doubt for each in group for doubt in each.doubts)),
    )


def _without_repeats(group: list[BcopEvent]) -> tuple[MaintenanceEvent, ...]:
    """Return the events, each once: copies of a calendar in one message can differ in METHOD or PRODID only."""
    return tuple({each.event._replace(method=None): each.event for each in reversed(group)}.values())[::-1]
