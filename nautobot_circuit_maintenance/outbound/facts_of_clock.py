"""Events of the clock: windows that start soon, start, end, or should have ended; and until when each may be sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from nautobot_circuit_maintenance.choices import EventChoices as Event
from nautobot_circuit_maintenance.models import MaintenanceWindow
from nautobot_circuit_maintenance.outbound.seen import Seen
from nautobot_circuit_maintenance.outbound.state import Span

OVERDUE_AFTER = timedelta(hours=2)
"""After its last window; for messages, for their preview and for event brokers."""
LATE_AFTER = timedelta(hours=24)
"""After which it is too late to say that a window ended."""
OF_CLOCK = (Event.STARTS_SOON, Event.NOT_ACKNOWLEDGED, Event.STARTED, Event.ENDED, Event.OVERDUE)


@dataclass(frozen=True)
class Fact:
    """Something that the clock made true of a window."""

    event: str
    parts: tuple[str, ...]
    """What its key is made of beside thread and event."""
    since: datetime
    """The moment; it may be before the window was added."""
    added: datetime
    """When the window was added."""
    until: datetime
    """When it is too late to say it."""
    window: Span


def facts_of(seen: Seen, events: Iterable[str], *, lead: timedelta, begun: datetime, now: datetime) -> list[Fact]:
    """Return what is true of a maintenance now and became so after ``begun``, earliest first.

    A window that was added after its moment has it when it is added: a reminder of a work that was announced late is due
    at once.
    """
    if seen.state.is_cancelled or not seen.state.matches:
        return []
    wanted = set(events)
    found = [fact for fact in _facts(seen, lead) if fact.event in wanted and fact.since <= now < fact.until]
    new = (fact for fact in found if begun < max(fact.since, fact.added))
    return sorted(new, key=lambda fact: (fact.since, fact.event))


def _facts(seen: Seen, lead: timedelta) -> Iterator[Fact]:
    for window in seen.windows:
        yield from _of_window(window, seen, lead)
    if seen.windows and not seen.state.is_over:
        last = max(seen.windows, key=lambda window: window.end_time)
        due = last.end_time + OVERDUE_AFTER
        yield _fact(Event.OVERDUE, last, (last.end_time,), due, due + LATE_AFTER)


def _of_window(window: MaintenanceWindow, seen: Seen, lead: timedelta) -> Iterator[Fact]:
    start, end = window.start_time, window.end_time
    if not seen.state.is_over:
        yield _fact(Event.STARTS_SOON, window, (start, lead), start - lead, start)
        if not _is_acknowledged(seen, max(start - lead, window.created)):
            yield _fact(Event.NOT_ACKNOWLEDGED, window, (start, lead), start - lead, start)
        yield _fact(Event.STARTED, window, (start,), start, end)
    yield _fact(Event.ENDED, window, (end,), end, end + LATE_AFTER)


def _is_acknowledged(seen: Seen, moment: datetime) -> bool:
    """Return whether a maintenance is acknowledged, or was at the moment of the reminder or later: that is not made up for."""
    removed = seen.unacknowledged_at
    return seen.state.acknowledged or (removed is not None and removed > moment)


def _fact(
    event: str, window: MaintenanceWindow, parts: Iterable[datetime | timedelta], since: datetime, until: datetime
) -> Fact:
    own = () if event == Event.OVERDUE else (str(window.pk),)
    values = (str(int(each.timestamp() if isinstance(each, datetime) else each.total_seconds())) for each in parts)
    return Fact(event, (*own, *values), since, window.created, until, (window.start_time, window.end_time))
