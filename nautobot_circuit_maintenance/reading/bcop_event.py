"""One event of a BCOP maintnote calendar: its IDs, status, windows and circuits."""

import re
from dataclasses import dataclass
from datetime import datetime

from nautobot_circuit_maintenance.domain.text import bounded, shortened
from nautobot_circuit_maintenance.domain.updates import (
    IMPACTS,
    LONGEST_NAME,
    NO_CHANGE,
    STATUSES,
    AnnouncedImpact,
    MaintenanceEvent,
    bounded_uid,
)
from nautobot_circuit_maintenance.reading.ical.libraries import CalendarError
from nautobot_circuit_maintenance.reading.ical.lines import Component, Property
from nautobot_circuit_maintenance.reading.ical.times import Zones, occurrence_id, windows

ID, STATUS, IMPACT, OBJECT = (f"X-MAINTNOTE-{name}" for name in ("MAINTENANCE-ID", "STATUS", "IMPACT", "OBJECT-ID"))
_SPELLINGS = {
    "CANCELED": "CANCELLED",
    "IN-PROGRESS": "IN-PROCESS",
    "INPROCESS": "IN-PROCESS",
    "INPROGRESS": "IN-PROCESS",
    "COMPLETE": "COMPLETED",
    "RESCHEDULED": "RE-SCHEDULED",
}
_SEQUENCES = range(-(2**63), 2**63)


@dataclass(frozen=True)
class BcopEvent:
    """One event that was read, and where it belongs."""

    ids: tuple[str, ...]
    """The maintenance IDs, the primary one first."""
    event: MaintenanceEvent
    component: Component
    doubts: tuple[str, ...] = ()
    """What a person should check, a sentence each."""


@dataclass(frozen=True)
class _Status:
    """What an event says about the status (architecture.md, "iTIP words")."""

    status: str
    default: str | None = None
    """Counts only while no status is known."""
    doubts: tuple[str, ...] = ()


def read_event(component: Component, method: str, zones: Zones) -> BcopEvent:
    """Read one event; raises CalendarError."""
    ids = _ids(component)
    status = _status(component, method)
    recurrence = component.first("RECURRENCE-ID")
    if recurrence and recurrence.parameters.get("RANGE"):
        raise CalendarError("RECURRENCE-ID with RANGE is not supported")
    event = MaintenanceEvent(
        status=status.status,
        windows=windows(component, zones, is_ending=status.status in ("CANCELLED", "COMPLETED")),
        circuits=_circuits(component),
        issued_at=_stamp(component.first("DTSTAMP"), zones),
        uid=bounded_uid(component.text("UID")),
        recurrence_id=occurrence_id(zones.utc(recurrence, "RECURRENCE-ID")) if recurrence else None,
        sequence=_sequence(component),
        method=bounded(method, LONGEST_NAME) or None,
        default_status=status.default,
    )
    return BcopEvent(ids, event, component, status.doubts)


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
    if len(text) > LONGEST_NAME:
        raise CalendarError(f"a {what} is too long ({len(text)} characters, limit {LONGEST_NAME})")


def _status(component: Component, method: str) -> _Status:
    """Return the status: X-MAINTNOTE-STATUS, or else what METHOD and STATUS say."""
    word = component.text("STATUS").upper()
    is_cancelled = method == "CANCEL" or word in ("CANCELLED", "CANCELED")
    stated = {_word(each.text) for each in component.all(STATUS) if each.text}
    if not stated:
        if is_cancelled:
            return _Status("CANCELLED")
        return _Status(NO_CHANGE, word if word in ("TENTATIVE", "CONFIRMED") else None)
    name, text = shortened(component.text(ID), 60), component.text(STATUS)
    doubts = []
    if len(stated) > 1:
        doubts.append(f"{name} has several statuses: {', '.join(shortened(each, 40) for each in sorted(stated)[:5])}.")
    status = _word(text)
    if status not in STATUSES:
        doubts.append(f'{name} has the unknown status "{shortened(text, 40)}".')
        return _Status("UNKNOWN", doubts=tuple(doubts))
    if is_cancelled and status != "CANCELLED":
        doubts.append(f"{name} is {status}, but METHOD or STATUS of the calendar is CANCELLED.")
    return _Status(status, doubts=tuple(doubts))


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


def _stamp(stamp: Property | None, zones: Zones) -> datetime | None:
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
