"""Wrong readings, made of right ones: each differs in one thing, as a parser or a person would err."""

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from development.second_opinion.samples import Sample
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, MaintenanceEvent, MaintenanceUpdate, Window
from nautobot_circuit_maintenance.mail.blocks import MailText, mail_text
from nautobot_circuit_maintenance.reading.candidates.windows import windows_in

WHOLE_WINDOW = "another whole window of the message"
NEEDS_ZONE = frozenset(("shifted by a zone", "an hour off", "an hour off at the end"))
_STATUSES = ("TENTATIVE", "CONFIRMED", "CANCELLED", "IN-PROCESS", "COMPLETED", "RE-SCHEDULED")
_ZONES = (-8, -5, -3, 2, 3, 9)
_DIGIT = re.compile(r"\d")


Change = Callable[[Window], Window]


class Mutation(NamedTuple):
    """A wrong reading."""

    kind: str
    update: MaintenanceUpdate


def mutations(sample: Sample, update: MaintenanceUpdate) -> Iterator[Mutation]:
    """Yield the wrong readings that can be made of a right one."""
    others = _windows_of(sample)
    yield from _of_windows(update, others, has_zone=_has_zone(sample))
    yield from _of_id(sample, update)
    yield from _of_circuits(sample, update)
    for status in _STATUSES:
        if status != update.status:
            events = tuple(event._replace(status=status) for event in update.events)
            yield Mutation(f"status {update.status} to {status}", replace(update, events=events))


def _of_windows(update: MaintenanceUpdate, others: list[Window], *, has_zone: bool) -> Iterator[Mutation]:
    if not update.windows:
        return
    for kind, start, end in _shifts(len(update.maintenance_id)):
        if has_zone or kind not in NEEDS_ZONE:
            yield from _with_windows(update, kind, functools.partial(_shifted, start, end))
    yield from _with_windows(update, "day and month swapped", _swapped)
    for other in others:
        if other not in update.windows:
            yield from _with_first(update, WHOLE_WINDOW, other)
        if other.end != update.windows[0].end and other.end > update.windows[0].start:
            if Window(update.windows[0].start, other.end) not in others:
                yield from _with_first(update, "the end of another window", Window(update.windows[0].start, other.end))


def _shifts(number: int) -> Iterator[tuple[str, timedelta, timedelta]]:
    day, hour, nothing = timedelta(days=1), timedelta(hours=1), timedelta()
    zone = _ZONES[number % len(_ZONES)] * hour
    yield "a day off", day, day
    yield "a day off", -day, -day
    yield "a day off at the end", nothing, day
    yield "a year off", 365 * day, 365 * day
    yield "twelve hours off", 12 * hour, 12 * hour
    yield "twelve hours off at the end", nothing, 12 * hour
    yield "shifted by a zone", zone, zone
    yield "an hour off", hour, hour
    yield "an hour off at the end", nothing, hour


def _shifted(start: timedelta, end: timedelta, window: Window) -> Window:
    return Window(window.start + start, window.end + end)


def _with_windows(update: MaintenanceUpdate, kind: str, change: Change) -> Iterator[Mutation]:
    try:
        events = tuple(_changed(event, change) for event in update.events)
    except ValueError:  # no such day
        return
    changed = replace(update, events=events)
    if changed.windows != update.windows and all(end > start for start, end in changed.windows):
        yield Mutation(kind, changed)


def _changed(event: MaintenanceEvent, change: Change) -> MaintenanceEvent:
    return event._replace(windows=tuple(change(window) for window in event.windows))


def _swapped(window: Window) -> Window:
    start, end = (moment.replace(day=moment.month, month=moment.day) for moment in window)
    return Window(start, end if end > start else start + (window.end - window.start))


def _with_first(update: MaintenanceUpdate, kind: str, window: Window) -> Iterator[Mutation]:
    index = [bool(event.windows) for event in update.events].index(True)
    events = list(update.events)
    events[index] = events[index]._replace(windows=(window, *events[index].windows[1:]))
    yield Mutation(kind, replace(update, events=tuple(events)))


def _of_id(sample: Sample, update: MaintenanceUpdate) -> Iterator[Mutation]:
    name = update.maintenance_id
    if digits := list(_DIGIT.finditer(name)):
        for match in dict.fromkeys((digits[-1], digits[len(digits) // 2])):
            other = str((int(match[0]) + 1) % 10)
            yield Mutation(
                "a digit of the ID",
                replace(update, maintenance_id=f"{name[: match.start()]}{other}{name[match.end() :]}"),
            )
        yield Mutation(
            "a digit of the ID is missing",
            replace(update, maintenance_id=name[: digits[-1].start()] + name[digits[-1].end() :]),
        )
    for circuit in update.circuits[:1]:
        if circuit.cid != name and circuit.cid not in name:
            yield Mutation("a circuit as the ID", replace(update, maintenance_id=circuit.cid))
    for word in re.findall(r"[A-Za-z]{6,}", sample.content.subject)[:2]:
        if word not in name:
            yield Mutation("a word as the ID", replace(update, maintenance_id=word))


def _of_circuits(sample: Sample, update: MaintenanceUpdate) -> Iterator[Mutation]:
    cids = list(dict.fromkeys(circuit.cid for circuit in update.circuits))
    if len(cids) > 1:
        yield Mutation("a circuit dropped", _with_circuits(update, {cids[-1]: None}))
    for cid in cids[:1]:
        if digits := list(_DIGIT.finditer(cid)):
            match = digits[-1]
            wrong = f"{cid[: match.start()]}{(int(match[0]) + 3) % 10}{cid[match.end() :]}"
            if wrong not in sample.cids:
                yield Mutation("a circuit misspelled", _with_circuits(update, {cid: wrong}))
    added = [cid for cid in sample.cids if all(cid not in {c.cid for c in each.circuits} for each in sample.updates)]
    for cid in (*added[:1], "ZZ-404404"):
        yield Mutation("a circuit added", _with_circuits(update, {}, cid))


def _with_circuits(update: MaintenanceUpdate, changed: dict[str, str | None], added: str = "") -> MaintenanceUpdate:
    events = []
    for event in update.events:
        circuits = tuple(
            circuit._replace(cid=changed.get(circuit.cid, circuit.cid) or "") for circuit in event.circuits
        )
        extra = (AnnouncedImpact(added, "OUTAGE"),) if added else ()
        events.append(event._replace(circuits=tuple(circuit for circuit in circuits if circuit.cid) + extra))
    return replace(update, events=tuple(events))


def _windows_of(sample: Sample) -> list[Window]:
    """Return the windows of a message: those of its readings and those that are none of the maintenance."""
    found = {window for update in sample.updates for window in update.windows} | set(sample.also)
    moments = windows_in(_text(sample), sample.updates[0].provenance.received_at)
    for source in moments.windows:
        if source.is_struck or source.is_quoted or source.kinds & {"old", "backup"}:
            times = [source.in_utc(way) for way in source.ways]
            found |= {Window(*each) for each in times if each and each[0] < each[1] and len(times) == 1}
    return sorted(found)


def _has_zone(sample: Sample) -> bool:
    """Return whether a message names a zone (a calendar always does)."""
    return bool(sample.content.calendars) or bool(windows_in(_text(sample), datetime.now().astimezone()).zones)


def _text(sample: Sample) -> MailText:
    plain, html = (
        [content.decode("utf-8", "replace").removeprefix("\ufeff") for content in sample.content.parts.get(kind, ())]
        for kind in ("text/plain", "text/html")
    )
    return mail_text(sample.content.subject, plain, html, is_reply=sample.content.is_reply)
