"""Tries a layout on the stored notifications of its provider, and compares what it reads with what is on record."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.events import ENDING
from nautobot_circuit_maintenance.domain.text import folded
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Window
from nautobot_circuit_maintenance.models import MailLayout, Notification
from nautobot_circuit_maintenance.pipeline.inventories import Inventories
from nautobot_circuit_maintenance.pipeline.layouts.messages import page_of
from nautobot_circuit_maintenance.pipeline.layouts.reader import attempt
from nautobot_circuit_maintenance.reading.layouts.read import LayoutReading

MOST_AT_ONCE = 200
"""Notifications that a web request tries; more need the job. One takes 10 to 20 ms of CPU."""
_MOST_LISTED = 50
_BATCH = 50

AGREES, WRONG, OTHER, NEW = "agrees", "wrong", "other", "new"
"""As on record; another ID, another window, or over for on; another status or circuits; nothing to compare with."""


@dataclass
class Replay:
    """What a layout makes of the stored notifications."""

    version: int
    total: int
    """Notifications of the provider whose messages are stored."""
    counts: Counter[str] = field(default_factory=Counter)
    """By result: the four above, ``refused`` and ``other_kind``."""
    differences: list[dict[str, Any]] = field(default_factory=list)
    """The first that differ: both readings side by side."""
    refused: list[dict[str, Any]] = field(default_factory=list)
    """The first that were refused."""

    def as_json(self, now: datetime, *, is_complete: bool) -> dict[str, Any]:
        """Return it as it is stored; whether everything was tried."""
        counts = self.counts
        return {
            "version": self.version,
            "at": now.isoformat(),
            "is_complete": is_complete,
            "total": self.total,
            "tried": counts.total(),
            "read": sum(counts[each] for each in (AGREES, WRONG, OTHER, NEW)),
            "agree": counts[AGREES],
            "wrong": counts[WRONG],
            "other": counts[OTHER],
            "new": counts[NEW],
            "refused": counts["refused"],
            "other_kind": counts["other_kind"],
            "differences": self.differences,
            "refusals": self.refused,
        }


def stored_notifications(layout: MailLayout) -> QuerySet[Notification]:
    """Return the notifications that a replay tries, the newest first: not those whose sender was refused."""
    rows = Notification.objects.filter(provider=layout.provider_id, raw__isnull=False).exclude(state=State.REFUSED)
    return rows.select_related("provider").order_by("-received_at", "fingerprint")


def replay(layout: MailLayout, *, now: datetime, is_time_left: Callable[[], bool] = lambda: True) -> dict[str, Any]:
    """Try a layout on everything that is stored, save the result with it and return it.

    If time runs out, the result says that it is not complete, and the layout cannot go live.
    """
    found = Replay(layout.version, stored_notifications(layout).count())
    known = Inventories([layout.provider_id]).known(layout.provider)
    is_complete = True
    for row in _rows(layout):
        if not is_time_left():
            is_complete = False
            break
        try:
            reading = attempt(layout, row, page_of(row, known))
        except ParseError as error:
            reading = LayoutReading(refusal=str(error))
        _add(found, layout, row, reading)
        row.raw = None
    result = found.as_json(now, is_complete=is_complete)
    # Only if it was not changed in the meantime: the result is about this version.
    MailLayout.objects.filter(pk=layout.pk, version=layout.version).update(replay=result)
    layout.replay = result
    return result


def _rows(layout: MailLayout) -> Iterator[Notification]:
    """Yield the notifications with their messages and evidence, some at a time."""
    keys = list(stored_notifications(layout).values_list("pk", flat=True))
    for first in range(0, len(keys), _BATCH):
        rows = Notification.objects.filter(pk__in=keys[first : first + _BATCH]).defer(None)
        yield from rows.select_related("provider").prefetch_related("parsed_notifications").order_by("-received_at")


def _add(found: Replay, layout: MailLayout, row: Notification, reading: LayoutReading) -> None:
    if not reading.is_of_kind:
        found.counts["other_kind"] += 1
    elif reading.update is None:
        found.counts["refused"] += 1
        if len(found.refused) < _MOST_LISTED:
            found.refused.append({**_named(row), "reason": reading.refusal})
    else:
        recorded = _on_record(row, layout, reading.update)
        result = compared(reading.update, recorded)
        found.counts[result] += 1
        if result in (WRONG, OTHER) and recorded and len(found.differences) < _MOST_LISTED:
            sides = {"layout": _side(reading.update), "record": _side(recorded)}
            found.differences.append({**_named(row), "is_wrong": result == WRONG, **sides})


def _on_record(row: Notification, layout: MailLayout, read: MaintenanceUpdate) -> MaintenanceUpdate | None:
    """Return what another reader, or a person, made of a notification: of several maintenances the one that was read."""
    updates = [each.as_update() for each in row.parsed_notifications.all()]
    others = [each for each in updates if each.parser.details.get("layout") != str(layout.pk)]
    same = [each for each in others if folded(each.maintenance_id) == folded(read.maintenance_id)]
    return next(iter((*same, *others)), None)


def compared(read: MaintenanceUpdate, recorded: MaintenanceUpdate | None) -> str:
    """Return how what a layout reads differs from what is on record."""
    if recorded is None:
        return NEW
    ends = read.status in ENDING
    # Words of an end need no times.
    other_windows = read.windows != recorded.windows and not (ends and not (read.windows and recorded.windows))
    if folded(read.maintenance_id) != folded(recorded.maintenance_id) or other_windows:
        return WRONG
    if ends != (recorded.status in ENDING):
        return WRONG
    has_windows = read.windows and recorded.windows
    is_same = read.status == recorded.status and _cids(read) == _cids(recorded)
    return AGREES if is_same and (not has_windows or _places(read) == _places(recorded)) else OTHER


def _cids(update: MaintenanceUpdate) -> set[str]:
    return {folded(circuit.cid) for circuit in update.circuits}


def _places(update: MaintenanceUpdate) -> set[tuple[str, Window]]:
    """Return which circuit is affected in which window."""
    return {
        (folded(circuit.cid), window)
        for event in update.events
        for circuit in event.circuits
        for window in event.windows or update.windows
    }


def _named(row: Notification) -> dict[str, str]:
    return {"notification": str(row.pk), "subject": row.subject, "received_at": row.received_at.isoformat()}


def _side(update: MaintenanceUpdate) -> dict[str, Any]:
    return {
        "maintenance_id": update.maintenance_id,
        "status": update.status,
        "windows": [_window(window) for window in update.windows[:10]],
        "circuits_of": [_only(update, window) for window in update.windows[:10]],
        "circuits": sorted({circuit.cid for circuit in update.circuits})[:20],
    }


def _only(update: MaintenanceUpdate, window: Window) -> list[str]:
    """Return the circuits of a window in which only some are affected; empty if all are."""
    events = (event for event in update.events if window in (event.windows or update.windows))
    own = {circuit.cid for event in events for circuit in event.circuits}
    return sorted(own)[:20] if own != {circuit.cid for circuit in update.circuits} else []


def _window(window: Window) -> list[str]:
    return [moment.isoformat().replace("+00:00", "Z") for moment in window]
