"""Is a reading of a calendar what its lines say? A calendar states everything itself, so its text is not compared.

The parser library read BCOP calendars in the zone of the worker where the zone of the event was unknown to it.
"""

from collections.abc import Iterator, Sequence

from nautobot_circuit_maintenance.domain.updates import NO_CHANGE, MaintenanceEvent, MaintenanceUpdate
from nautobot_circuit_maintenance.reading.candidates.calendars import CalendarEvent
from nautobot_circuit_maintenance.reading.gates.base import DOUBTFUL, UNCHECKED, Finding
from nautobot_circuit_maintenance.reading.gates.window import text

GATE = "calendar"
_ID, _CIRCUIT, _STATUS = "X-MAINTNOTE-MAINTENANCE-ID", "X-MAINTNOTE-OBJECT-ID", "X-MAINTNOTE-STATUS"


def fits_calendar(update: MaintenanceUpdate, events: Sequence[CalendarEvent]) -> Iterator[Finding]:
    """Yield what an update says otherwise than the events of its ID in the calendars of the message."""
    own = [event for event in events if event.first(_ID) == update.maintenance_id]
    if not own:
        yield Finding("id", DOUBTFUL, f"No calendar of the message has the ID {update.maintenance_id}.")
        return
    yield from _windows(update, own)
    yield from _circuits(update, own)
    yield from _statuses(update, own)


def _windows(update: MaintenanceUpdate, own: Sequence[CalendarEvent]) -> Iterator[Finding]:
    stated = {event.window for event in own if event.window}
    if any(event.window is None for event in own):
        if not set(update.windows) & stated or len(update.windows) > len(stated):
            yield Finding(GATE, UNCHECKED, "The calendar has times that can be read with its own zones only.")
            return
    for window in update.windows:
        if window not in stated:
            words = ", ".join(text(each) for each in sorted(stated))
            yield Finding(GATE, DOUBTFUL, f"{text(window)} is not in the calendar.", None, words)
    for missing in sorted(stated - set(update.windows)):
        yield Finding(GATE, DOUBTFUL, f"The calendar also has {text(missing)}.", None, text(missing))


def _circuits(update: MaintenanceUpdate, own: Sequence[CalendarEvent]) -> Iterator[Finding]:
    stated = {_folded(each) for event in own for each in event.values.get(_CIRCUIT, ()) if each.strip()}
    read = {_folded(circuit.cid) for circuit in update.circuits}
    if missing := sorted(stated - read):
        yield Finding("circuits", DOUBTFUL, f"The calendar also has {', '.join(missing[:5])}.")
    if added := sorted(read - stated):
        yield Finding("circuits", DOUBTFUL, f"The calendar does not have {', '.join(added[:5])}.")


def _folded(cid: str) -> str:
    return " ".join(cid.split())


def _statuses(update: MaintenanceUpdate, own: Sequence[CalendarEvent]) -> Iterator[Finding]:
    stated = {event.first(_STATUS).upper() for event in own} - {""}
    read = {_status(event) for event in update.events} - {NO_CHANGE}
    if not stated or read == {"UNKNOWN"}:
        if not any(event.method == "CANCEL" or event.default_status for event in update.events) and read:
            yield Finding("status", UNCHECKED, "The calendar states no status.")
    elif not read <= stated:
        yield Finding("status", DOUBTFUL, f"The calendar says {', '.join(sorted(stated))}.", None, sorted(stated)[0])


def _status(event: MaintenanceEvent) -> str:
    return event.status
