"""What a doubtful reading would be otherwise: the same reading with one thing changed, for a person to choose.

Made of what the gates say (``Finding.otherwise``), whose windows are written as ``2026-06-12 02:00 - 2026-06-12 06:00 UTC``.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import NamedTuple

from nautobot_circuit_maintenance.domain.opinions import DOUBTFUL, OTHER_ID, Finding
from nautobot_circuit_maintenance.domain.updates import (
    STATUSES,
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    Window,
)

_WINDOW = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) - (\d{4}-\d\d-\d\d \d\d:\d\d) UTC")
_MORE = re.compile(r" and \d+ more$")
ADDED = "windows"
"""The gate whose windows are to be added to those of the reading; those of the others take the place of one."""


WITHOUT_ZONE = "stands in the message without a time zone."
"""The end of a finding that a fact of the provider would settle."""


class Alternative(NamedTuple):
    """One way to read the message instead."""

    label: str
    """What is different; names it among the alternatives of a finding."""
    update: MaintenanceUpdate
    window: Window | None = None
    """The window that takes the place of ``replaced``."""
    replaced: Window | None = None


def alternatives(update: MaintenanceUpdate, finding: Finding) -> tuple[Alternative, ...]:
    """Return what a reading would be otherwise, by what a gate found; empty if the gate does not know."""
    if not finding.otherwise or _MORE.search(finding.otherwise):
        return ()
    found = _BY_GATE.get(finding.gate, _windows)(update, finding)
    return tuple(each for each in found if each.update != update)


def beside_others(sentence: str) -> Finding:
    """Return a doubt that messages leave together as a finding: its sentence names the windows to choose from."""
    return Finding("history", DOUBTFUL, sentence, otherwise=sentence)


def _windows(update: MaintenanceUpdate, finding: Finding) -> Iterator[Alternative]:
    named = [window for window in _windows_in(finding.sentence) if window in update.windows]
    replaced = named[0] if named else update.windows[0] if len(update.windows) == 1 else None
    for window in _windows_in(finding.otherwise):
        if finding.gate == ADDED:
            events = (*update.events, update.events[-1]._replace(windows=(window,)))
            yield Alternative(f"Also {window_text(window)}", replace(update, events=events))
        elif not update.windows:
            yield Alternative(window_text(window), replace(update, events=_all_with(update, window)))
        elif replaced and window != replaced:
            yield Alternative(window_text(window), _with_window(update, replaced, window), window, replaced)


def _all_with(update: MaintenanceUpdate, window: Window) -> tuple[MaintenanceEvent, ...]:
    return tuple(event._replace(windows=(window,)) for event in update.events)


def _with_window(update: MaintenanceUpdate, old: Window, new: Window) -> MaintenanceUpdate:
    def change(event: MaintenanceEvent) -> MaintenanceEvent:
        return event._replace(windows=tuple(new if window == old else window for window in event.windows))

    return _changed(update, change)


def _ids(update: MaintenanceUpdate, finding: Finding) -> Iterator[Alternative]:
    yield Alternative(finding.otherwise, replace(update, maintenance_id=finding.otherwise))


def _statuses(update: MaintenanceUpdate, finding: Finding) -> Iterator[Alternative]:
    if finding.otherwise in STATUSES:
        status = finding.otherwise
        yield Alternative(status, _changed(update, lambda event: event._replace(status=status)))


def _circuits(update: MaintenanceUpdate, finding: Finding) -> Iterator[Alternative]:
    impact = update.circuits[0].impact if update.circuits else "OUTAGE"
    added = tuple(AnnouncedImpact(cid, impact) for cid in finding.otherwise.split(", "))
    changed = _changed(update, lambda event: event._replace(circuits=(*event.circuits, *added)))
    yield Alternative(f"Also {finding.otherwise}", changed)


_BY_GATE: dict[str, Callable[[MaintenanceUpdate, Finding], Iterator[Alternative]]] = {
    "id": _ids,
    OTHER_ID: _ids,
    "status": _statuses,
    "circuits": _circuits,
}


def _changed(update: MaintenanceUpdate, change: Callable[[MaintenanceEvent], MaintenanceEvent]) -> MaintenanceUpdate:
    return replace(update, events=tuple(change(event) for event in update.events))


def _windows_in(text: str) -> Iterator[Window]:
    for start, end in _WINDOW.findall(text):
        yield Window(_time(start), _time(end))


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)


def window_text(window: Window) -> str:
    """Return a window as findings write it."""
    return f"{window.start:%Y-%m-%d %H:%M} - {window.end:%Y-%m-%d %H:%M} UTC"


def is_swapped(window: Window, other: Window) -> bool:
    """Return whether two windows differ by the order of day and month."""
    start, its = window.start, other.start
    return (start.day, start.month) == (its.month, its.day) and start.day != start.month and start.year == its.year
