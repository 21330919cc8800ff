"""Maintenances as calendar entries (RFC 5545), for the feed of a subscription and the file in an email.

Pure: from plain values to bytes. Nothing of an entry depends on the time at which it is written.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone

from nautobot_circuit_maintenance.domain.text import shortened, storable
from nautobot_circuit_maintenance.outbound.headlines import in_window, title
from nautobot_circuit_maintenance.outbound.state import CircuitState, MaintenanceState, Span

CANCELLED, TENTATIVE, CONFIRMED = "CANCELLED", "TENTATIVE", "CONFIRMED"
"""STATUS of an entry (RFC 5545 section 3.8.1.11)."""
_TENTATIVE = ("TENTATIVE", "UNKNOWN")
"""Statuses of maintenances that may still not take place."""
_LONGEST_LINE = 73
"""Octets of a content line, without the space that continues it (RFC 5545 section 3.1)."""
_MOST_CIRCUITS = 50
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""What no value has (RFC 5545 section 3.1); line breaks are escaped, tabs stay."""


@dataclass(frozen=True)
class CalendarEntry:  # pylint: disable=too-many-instance-attributes  # an entry has as many properties
    """One window of a maintenance."""

    uid: str
    sequence: int
    """Higher with every change: readers keep the entry with the highest."""
    changed_at: datetime
    start: datetime
    end: datetime
    summary: str
    description: str = ""
    location: str = ""
    url: str = ""
    status: str = CONFIRMED


def entries_of(
    state: MaintenanceState, *, instance: str, last_state: MaintenanceState | None = None
) -> Iterator[CalendarEntry]:
    """Yield an entry for each window in force, and a cancelled one for each that was sent before and has no successor.

    The place of a window among those in force makes its UID, so that a window that moves stays the same entry.
    """
    windows = sorted(state.windows)
    status = CANCELLED if state.is_cancelled else TENTATIVE if state.status in _TENTATIVE else CONFIRMED
    for place, window in enumerate(windows, start=1):
        yield _entry(state, window, uid=uid_of(state.id, place, instance), status=status)
    surplus = sorted(last_state.windows)[len(windows) :] if last_state else []
    for place, window in enumerate(surplus, start=len(windows) + 1):
        yield _entry(state, window, uid=uid_of(state.id, place, instance), status=CANCELLED)


def uid_of(maintenance: str, place: int, instance: str) -> str:
    """Return the UID of a window: the primary key of its maintenance, and its place by start from 1."""
    return f"{maintenance}-{place}@{instance}"


def _entry(state: MaintenanceState, window: Span, *, uid: str, status: str) -> CalendarEntry:
    circuits = in_window(state.circuits, window) or state.circuits
    sites = dict.fromkeys(site for circuit in circuits for site in circuit.sites)
    location = shortened(", ".join(sites), 200)
    return CalendarEntry(
        uid=uid,
        sequence=state.revision,
        changed_at=state.changed_at or window[0],
        start=window[0],
        end=window[1],
        summary=("CANCELLED: " if status == CANCELLED else "") + title(state) + (f" ({location})" if location else ""),
        description=_description(state, circuits),
        location=location,
        url=state.url,
        status=status,
    )


def _description(state: MaintenanceState, circuits: Iterable[CircuitState]) -> str:
    shown = list(circuits)
    lines = [f"Status: {state.status}", f"Acknowledged: {'yes' if state.acknowledged else 'no'}"]
    lines += [f"Ticket: {state.ticket}"] if state.ticket else []
    lines += [
        f"{circuit.cid}: {circuit.impact}{' (' + ', '.join(circuit.sites) + ')' if circuit.sites else ''}"
        for circuit in shown[:_MOST_CIRCUITS]
    ]
    lines += [f"and {len(shown) - _MOST_CIRCUITS} more circuits"] if len(shown) > _MOST_CIRCUITS else []
    return "\n".join([*lines, *([state.description] if state.description else []), state.url]).strip()


def vevent(entry: CalendarEntry, *, organizer: str = "") -> bytes:
    """Return the lines of an entry; ``organizer`` is an email address, which METHOD:PUBLISH asks for (RFC 5546 3.2.1)."""
    changed = _utc(entry.changed_at)
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_text(entry.uid)}",
        f"SEQUENCE:{entry.sequence}",
        f"DTSTAMP:{changed}",
        f"LAST-MODIFIED:{changed}",
        f"DTSTART:{_utc(entry.start)}",
        f"DTEND:{_utc(entry.end)}",
        f"SUMMARY:{_text(entry.summary)}",
        f"STATUS:{entry.status}",
        # Someone else's work: it does not make the reader busy.
        "TRANSP:TRANSPARENT",
    ]
    lines += [f"DESCRIPTION:{_text(entry.description)}"] if entry.description else []
    lines += [f"LOCATION:{_text(entry.location)}"] if entry.location else []
    lines += [f"URL:{_CONTROLS.sub('', entry.url)}"] if entry.url else []
    lines += [f"ORGANIZER;CN=Nautobot:mailto:{_CONTROLS.sub('', organizer)}"] if organizer else []
    return b"".join(map(_folded, [*lines, "END:VEVENT"]))


def calendar(vevents: Iterable[bytes], *, properties: Iterable[str] = ()) -> bytes:
    """Return a calendar of these entries; ``properties`` are further lines of it, such as "METHOD:PUBLISH"."""
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//nautobot-circuit-maintenance//EN", "CALSCALE:GREGORIAN"]
    return b"".join([*map(_folded, [*head, *properties]), *vevents, _folded("END:VCALENDAR")])


def attachment(
    state: MaintenanceState, *, instance: str, organizer: str, last_state: MaintenanceState | None = None
) -> bytes:
    """Return the calendar file of an email: published, to be added manually; it claims no update."""
    entries = entries_of(state, instance=instance, last_state=last_state)
    return calendar((vevent(entry, organizer=organizer) for entry in entries), properties=["METHOD:PUBLISH"])


def text_property(name: str, value: str) -> str:
    """Return a property with escaped text, such as the name of a calendar, for ``calendar()``."""
    return f"{name}:{_text(value)}"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """Escape text (RFC 5545 section 3.3.11); anything else at the end of a line would begin a property of its author."""
    escaped = storable(text).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(_CONTROLS.sub("", line) for line in escaped.splitlines())


def _folded(line: str) -> bytes:
    """Return a content line in pieces that are short enough, none of which ends within a character."""
    pieces, rest = [], line.encode()
    while rest:
        piece = rest[:_LONGEST_LINE].decode(errors="ignore").encode()
        pieces.append(piece)
        rest = rest[len(piece) :]
    return b"\r\n ".join(pieces) + b"\r\n"
