"""The metrics of the app, which Nautobot adds to its own at /metrics/; they take no account of permissions.

What is computed is in ``analysis``. The number of queries is the same however much there is.
"""

# pylint: disable=import-outside-toplevel  # what is computed is loaded by the first scrape, not at each start

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

_PREFIX = "circuit_maintenance_"
_LOGGER = logging.getLogger(__name__)


def _gauge(name: str, documentation: str, labels: Iterable[str] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, documentation, labels=list(labels))


def _circuits(now: datetime) -> Iterator[Metric]:

    from nautobot_circuit_maintenance.analysis.circuit_states import read_circuit_states
    from nautobot_circuit_maintenance.app_settings import get_app_settings

    labels = get_app_settings().metrics.circuit_labels
    state = _gauge("circuit_state", "State of a circuit: 1 operational, 2 in maintenance.", labels)
    for values, number in read_circuit_states(tuple(labels.values()), now).items():
        state.add_metric(values, number)
    yield state


def _maintenances(now: datetime) -> Iterator[Metric]:
    from nautobot_circuit_maintenance.analysis import workload

    on_record = _gauge("maintenances", "Maintenances on record.", ("provider", "status"))
    for labels, count in workload.count_by_provider_and_status().items():
        on_record.add_metric(labels, count)
    ahead = _gauge(
        "maintenances_ahead",
        "Open maintenances with a window before the horizon, those in progress included.",
        ("horizon", "acknowledged"),
    )
    for (horizon, is_acknowledged), count in workload.count_ahead(now).items():
        ahead.add_metric((horizon, str(is_acknowledged).lower()), count)
    unacknowledged = _gauge("unacknowledged_maintenances", "Maintenances that are not over and not acknowledged.")
    unacknowledged.add_metric((), workload.count_unacknowledged(now))
    doubtful = _gauge("doubtful_maintenances", "Maintenances with doubts that are not past.")
    doubtful.add_metric((), workload.count_doubtful(now))
    yield from (on_record, ahead, unacknowledged, doubtful)


def _risk(now: datetime) -> Iterator[Metric]:
    from nautobot_circuit_maintenance.analysis.site_risks import (
        count_sites_at_risk,
    )

    sites = _gauge(
        "sites_at_risk",
        "Sites that go dark or keep one way before the horizon; no value: not assessed.",
        ("kind", "horizon"),
    )
    for labels, count in (count_sites_at_risk(now) or {}).items():
        sites.add_metric(labels, count)
    yield sites


def _notifications(_now: datetime) -> Iterator[Metric]:

    from nautobot_circuit_maintenance.analysis import workload
    from nautobot_circuit_maintenance.choices import NotificationStateChoices as State

    counts = workload.count_notifications()
    waiting = _gauge("notifications_waiting", "Notifications that are recorded and not read yet.")
    waiting.add_metric((), counts.pop(State.RECEIVED))
    outcomes = _gauge("notifications", "Notifications on record, by outcome.", ("outcome",))
    for outcome, count in counts.items():
        outcomes.add_metric((outcome,), count)
    yield from (outcomes, waiting)


def _sources(now: datetime) -> Iterator[Metric]:
    from nautobot_circuit_maintenance.analysis import workload

    age = _gauge("source_age_seconds", "Time since a source was last read completely.", ("source",))
    failing = _gauge("source_failing", "1 if the last run of a source failed, else 0.", ("source",))
    for name, seconds, is_failing in workload.read_source_ages(now):
        age.add_metric((name,), seconds)
        failing.add_metric((name,), int(is_failing))
    yield from (age, failing)


def _deliveries(_now: datetime) -> Iterator[Metric]:
    from nautobot_circuit_maintenance.analysis import workload

    deliveries = _gauge("deliveries", "Deliveries on record, by state.", ("state",))
    for state, count in workload.count_deliveries().items():
        deliveries.add_metric((state,), count)
    up = _gauge("channel_up", "0 if a channel is down or misconfigured, else 1.", ("channel",))
    for name, is_up in workload.read_channels().items():
        up.add_metric((name,), int(is_up))
    failing = _gauge("subscriptions_failing", "Enabled subscriptions that send nothing because of an error.")
    failing.add_metric((), workload.count_failing_subscriptions())
    yield from (deliveries, up, failing)


_PARTS: dict[str, Callable[[datetime], Iterator[Metric]]] = {
    "circuits": _circuits,
    "maintenances": _maintenances,
    "risk": _risk,
    "notifications": _notifications,
    "sources": _sources,
    "deliveries": _deliveries,
}


def collect() -> Iterator[Metric]:
    """Yield all metrics; a part that fails is counted and left out, because an error would cost Nautobot all of its metrics."""
    now = timezone.now()
    failed = _gauge("metrics_failed", "1 if a part of these metrics could not be read, else 0.", ("part",))
    for name, part in _PARTS.items():
        found = _read(name, part, now)
        failed.add_metric((name,), int(found is None))
        yield from found or ()
    yield failed


def _read(name: str, part: Callable[[datetime], Iterator[Metric]], now: datetime) -> list[Metric] | None:
    try:
        with transaction.atomic():  # a failing query must not break the others
            return list(part(now))
    except Exception:  # pylint: disable=broad-exception-caught  # core would answer 500 to the monitoring system
        _LOGGER.exception("Reading the metrics '%s' failed.", name)
        return None


metrics = [collect]
