"""Is a reading of a calendar what its lines say? A calendar states everything itself, so its text is not compared.

The parser library read BCOP calendars in the zone of the worker where the zone of the event was unknown to it.
"""

from collections.abc import Iterator, Sequence

from nautobot_circuit_maintenance.domain.alternatives import window_text as text
from nautobot_circuit_maintenance.domain.updates import NO_CHANGE, MaintenanceUpdate
from nautobot_circuit_maintenance.reading.candidates.calendars import CalendarEvent
from nautobot_circuit_maintenance.reading.gates.base import DOUBTFUL, UNCHECKED, Finding

GATE = "calendar"
_SAME = {"CANCELED": "CANCELLED", "INPROGRESS": "INPROCESS"}
_ID, _CIRCUIT, _STATUS = "X-MAINTNOTE-MAINTENANCE-ID", "X-MAINTNOTE-OBJECT-ID", "X-MAINTNOTE-STATUS"


def fits_calendar(update: MaintenanceUpdate, events: Sequence[CalendarEvent]) -> Iterator[Finding]:
    """Yield what an update says otherwise than the events of its ID in the calendars of the message."""
    own = [event for event in events if update.maintenance_id in map(str.strip, event.values.get(_ID, ()))]
    if not own:
        yield Finding("id", DOUBTFUL, f"No calendar of the message has the ID {update.maintenance_id}.")
        return
    yield from _windows(update, own)
    yield from _circuits(update, own)
    yield from _statuses(update, own)


def _windows(update: MaintenanceUpdate, own: Sequence[CalendarEvent]) -> Iterator[Finding]:
    stated = {event.window for event in own if event.window}
    if any(event.window is None and event.has_times for event in own):
        if not stated >= set(update.windows):
            sentence = "The calendar has times that are not compared: a recurrence, a duration or a zone of its own."
            yield Finding(GATE, UNCHECKED, sentence)
        return
    for window in update.windows:
        if window not in stated:
            words = ", ".join(text(each) for each in sorted(stated))
            yield Finding(GATE, DOUBTFUL, f"{text(window)} is not in the calendar.", None, words)
    for missing in sorted(stated - set(update.windows)):
        yield Finding(GATE, DOUBTFUL, f"The calendar also has {text(missing)}.", None, text(missing))


def _circuits(update: MaintenanceUpdate, own: Sequence[CalendarEvent]) -> Iterator[Finding]:
    listed = [_folded(each) for event in own for each in event.values.get(_CIRCUIT, ()) if each.strip()]
    read = {_folded(circuit.cid) for circuit in update.circuits}
    # Some write all IDs in one line; which commas are part of an ID, only the reader says.
    missing = [each for each in listed if each not in read and not read >= set(map(str.strip, each.split(",")))]
    if missing:
        yield Finding("circuits", DOUBTFUL, f"The calendar also has {', '.join(missing[:5])}.")
    known = {*listed, *(part.strip() for each in listed for part in each.split(","))}
    if added := sorted(read - known):
        yield Finding("circuits", DOUBTFUL, f"The calendar does not have {', '.join(added[:5])}.")


def _folded(cid: str) -> str:
    return " ".join(cid.split())


def _statuses(update: MaintenanceUpdate, own: Sequence[CalendarEvent]) -> Iterator[Finding]:
    stated = {_letters(event.first(name)) for event in own for name in (_STATUS, "STATUS")} - {""}
    read = {event.status for event in update.events} - {NO_CHANGE, "UNKNOWN"}
    is_default = any(event.method == "CANCEL" or event.default_status for event in update.events)
    for status in sorted(read):
        if not stated and not is_default:
            yield Finding("status", UNCHECKED, f"The calendar states no status; it was read as {status}.")
        elif stated and _letters(status) not in stated and not is_default:
            words = ", ".join(sorted({event.first(_STATUS) or event.first("STATUS") for event in own}))
            yield Finding("status", DOUBTFUL, f"The calendar says {words}, the status is {status}.", None, words)


def _letters(status: str) -> str:
    """Return a status as it compares: "IN-PROGRESS" is IN-PROCESS, "Canceled" is CANCELLED."""
    letters = "".join(each for each in status.upper() if each.isalpha())
    return _SAME.get(letters, letters)
