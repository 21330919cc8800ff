"""Events that no one's change causes: windows that are due, begin and end, work that is overdue, and sites at risk.

Each run compares what is so now with what was published. No cursor: whatever commits late, or moves, is found all the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max

from nautobot_circuit_maintenance.choices import TopicChoices as Topic
from nautobot_circuit_maintenance.compat import is_event_wanted
from nautobot_circuit_maintenance.models import CircuitMaintenance, MaintenanceWindow, PublishedState
from nautobot_circuit_maintenance.models.querysets import OVER
from nautobot_circuit_maintenance.outbound import risk_events
from nautobot_circuit_maintenance.outbound.events import publish
from nautobot_circuit_maintenance.outbound.facts_of_clock import OVERDUE_AFTER

LEAD = timedelta(hours=24)
"""How long before its start a window is due."""
_LOOKED_BACK = timedelta(hours=24)
_KEPT = 2 * _LOOKED_BACK + LEAD
"""How long it is remembered what was published, after the end of the window."""


@dataclass(frozen=True)
class Moment:
    """Something that time has brought."""

    key: str
    """The fact: nothing is published twice under one key."""
    topic: str
    payload: Mapping[str, Any]
    end: datetime
    """The end of the window."""


def publish_what_is_new(now: datetime) -> None:
    """Publish what time and the risk assessment have brought since the last run; nothing is read unless a broker wants it."""
    if any(map(is_event_wanted, Topic.OF_TIME)):
        _publish_once("time", lambda published: _of_time(published, now))
    if any(map(is_event_wanted, Topic.OF_RISK)):
        _publish_once("risk", lambda published: risk_events.since(published, now))


_Events = tuple[dict[str, Any], Sequence[tuple[str, Mapping[str, Any]]]]
"""What is published from now on, and the events that are new."""


def _publish_once(name: str, compare: Callable[[dict[str, Any]], _Events]) -> None:
    """Publish the difference to what was published, after that is stored; the first run only stores."""
    with transaction.atomic():
        state, is_first = PublishedState.objects.select_for_update().get_or_create(name=name)
        published, events = compare(state.published)
        if published != state.published:
            state.published = published
            state.save(update_fields=["published"])
    for topic, payload in [] if is_first else events:
        publish(topic, payload)


def _of_time(published: Mapping[str, str], now: datetime) -> _Events:
    moments = list(_moments(now))
    new = [(each.topic, each.payload) for each in moments if each.key not in published]
    kept = {key: end for key, end in published.items() if datetime.fromisoformat(end) > now - _KEPT}
    return {**kept, **{each.key: each.end.isoformat() for each in moments}}, new


def _moments(now: datetime) -> Iterator[Moment]:
    """Yield what is so now, of windows from 24 hours ago up to 24 hours ahead; two queries."""
    windows = MaintenanceWindow.objects.filter(end_time__gt=now - _LOOKED_BACK, start_time__lte=now + LEAD)
    current = windows.filter(maintenance__in=CircuitMaintenance.objects.not_cancelled().order_by().values("pk"))
    for window in current.select_related("maintenance").order_by("start_time", "pk"):
        for topic in _topics_of(window, now):
            yield _moment(topic, window.maintenance, window.start_time, window.end_time, str(window.pk))
    over = CircuitMaintenance.objects.open().filter(end_time__gt=now - _LOOKED_BACK, end_time__lte=now - OVERDUE_AFTER)
    for maintenance in over.annotate(last_start=Max("windows__start_time")).order_by("end_time", "pk"):
        fact = f"{maintenance.pk}:{maintenance.end_time.timestamp():.0f}"
        yield _moment(Topic.OVERDUE, maintenance, maintenance.last_start, maintenance.end_time, fact)


def _topics_of(window: MaintenanceWindow, now: datetime) -> Iterable[str]:
    if window.start_time > now:
        return () if window.maintenance.status in OVER else (Topic.DUE,)
    return (Topic.STARTED, Topic.ENDED) if window.end_time <= now else (Topic.STARTED,)


def _moment(topic: str, maintenance: CircuitMaintenance, start: datetime, end: datetime, fact: str) -> Moment:
    payload = {
        "maintenance": str(maintenance.pk),
        "name": maintenance.name,
        "provider": maintenance.provider_id and str(maintenance.provider_id),
        "status": maintenance.status,
        "window": [start.isoformat(), end.isoformat()],
    }
    return Moment(f"{topic.rpartition('.')[2]}:{fact}", topic, payload, end)
