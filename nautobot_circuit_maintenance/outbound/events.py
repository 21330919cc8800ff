"""The app's own events on Nautobot's event brokers: ids and public facts only, because no user's permissions apply.

An event is published after the commit, at most once: a broker that does not take it loses it. Subscriptions are what loses nothing.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from nautobot.apps.events import publish_event
from prometheus_client import Counter

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status, TopicChoices as Topic
from nautobot_circuit_maintenance.models.changes import MaintenanceSnapshot

_LOGGER = logging.getLogger(__name__)

_FACTS = ("status", "windows", "cancelled_windows", "impacts", "replaced_by")
"""What counts as a change, and what an event says of a maintenance beside its name and provider."""

_FAILED = Counter(
    "circuit_maintenance_events_failed", "Events that an event broker did not take, in this process.", ["topic"]
)
for _topic in Topic.values():
    _FAILED.labels(_topic)  # so that the number is there before the first failure


def publish(topic: str, payload: Mapping[str, Any]) -> None:
    """Publish an event; call it after the commit. What a broker raises is logged and counted, not raised."""
    try:
        publish_event(topic=topic, payload={"at": timezone.now().isoformat(), **payload})
    except Exception:  # pylint: disable=broad-exception-caught  # brokers are other people's code
        _FAILED.labels(topic).inc()
        sentence = "EVENT-01: An event broker did not take an event of the topic %s."
        _LOGGER.exception(sentence, topic, extra={"grouping": "Event broker"})


def publish_changes(*, changes: Sequence[Any], **_kwargs: Any) -> None:
    """Receive the changes of maintenances, as ``models.changes`` has them, and publish each that recipients would care for."""
    for change in changes:
        topic = _topic_of(change.before, change.after)
        if topic:
            publish(topic, payload_of(change.before, change.after))


def payload_of(before: MaintenanceSnapshot | None, after: MaintenanceSnapshot | None) -> dict[str, Any]:
    """Return what an event says of a change; ``before`` and ``after`` are empty if there was no maintenance."""
    known = after or before
    assert known is not None  # nosec B101  # one of them is set
    return {
        "maintenance": known.id,
        "name": known.name,
        "provider": known.provider,
        "before": _facts(before),
        "after": _facts(after),
    }


def _topic_of(before: MaintenanceSnapshot | None, after: MaintenanceSnapshot | None) -> str:
    """Return the topic of a change; empty if nothing changed that counts."""
    if before is None:
        return Topic.ANNOUNCED
    if _is_off(after):
        return "" if _is_off(before) else Topic.CANCELLED
    return "" if _comparable(before) == _comparable(after) else Topic.CHANGED


def _is_off(snapshot: MaintenanceSnapshot | None) -> bool:
    """Return whether nothing comes of it: it was deleted, cancelled or replaced."""
    return snapshot is None or snapshot.status == Status.CANCELLED or snapshot.replaced_by is not None


def _facts(snapshot: MaintenanceSnapshot | None) -> dict[str, Any]:
    facts = snapshot.as_json() if snapshot else {}
    return {name: facts[name] for name in _FACTS if name in facts}


def _comparable(snapshot: MaintenanceSnapshot | None) -> Any:
    """Return the facts without what does not count: letter case, and order, of which a snapshot has none."""
    facts = _facts(snapshot)
    impacts = sorted(
        (each["cid"].casefold(), each["impact"], str(each["windows"])) for each in facts.pop("impacts", ())
    )
    return facts, impacts
