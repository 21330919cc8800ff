"""One run of what goes out: observe, compose, deliver; then silences and jobs."""

import logging
from collections.abc import Callable
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import Q

from nautobot_circuit_maintenance.choices import DeliveryStateChoices as State
from nautobot_circuit_maintenance.models import Thread
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.channels.opening import open_channel
from nautobot_circuit_maintenance.outbound.clock_events import publish_what_is_new
from nautobot_circuit_maintenance.outbound.compose import compose
from nautobot_circuit_maintenance.outbound.deliver import Delivering, Opening
from nautobot_circuit_maintenance.outbound.digests import compose_digests
from nautobot_circuit_maintenance.outbound.downtime import down_and_due
from nautobot_circuit_maintenance.outbound.machines import run_machines
from nautobot_circuit_maintenance.outbound.observe import mark_due, observe_changes, observe_clock
from nautobot_circuit_maintenance.outbound.observe_others import observe_others
from nautobot_circuit_maintenance.outbound.report import SendReport
from nautobot_circuit_maintenance.outbound.retention import delete_old
from nautobot_circuit_maintenance.outbound.why_silent import look_again
from nautobot_circuit_maintenance.service_errors import DATABASE_ERRORS

logger = logging.getLogger(__name__)

_MOST_ROUNDS = 20
"""A conversation with several things to say says one in each round."""


def send_updates(
    channels: MessageChannels,
    clock: Callable[[], datetime],
    is_time_left: Callable[[], bool],
    opening: Opening = open_channel,
) -> SendReport:
    """Observe what changed, write what is to be said of it, and send it.

    Safe to be killed at any moment, and to be run by several workers at once.
    """
    report = SendReport()
    look_again(channels.known)
    report.changes = observe_changes(channels, clock())
    observe_others(channels, clock(), has_changed=bool(report.changes))
    observe_clock(channels, clock())
    _refresh_waiting(clock())
    delivering = Delivering(channels, clock, is_time_left, report, opening)
    for _ in range(_MOST_ROUNDS):
        written = compose(channels, clock()) + compose_digests(channels, clock())
        before = report.outcomes.total()
        delivering.deliver()
        if not is_time_left():
            report.is_complete = False
            break
        if not written and report.outcomes.total() == before:
            break
    for name, step in (("Silences and jobs", _run_machines), ("Events", _publish)):
        _guarded(name, step, clock(), report)
    delete_old(clock())
    return report


def _run_machines(now: datetime, report: SendReport) -> None:
    report.lines += run_machines(now)


def _publish(now: datetime, _report: SendReport) -> None:
    publish_what_is_new(now)


def _guarded(name: str, step: Callable[[datetime, SendReport], None], now: datetime, report: SendReport) -> None:
    """Take a step that must not keep the next one from being taken: an alert that stays silent is an outage unseen."""
    try:
        step(now, report)
    except (SoftTimeLimitExceeded, *DATABASE_ERRORS):  # any step; the Redis that fails may be that of an event broker
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught  # foreign code: Alertmanager, jobs, brokers
        logger.exception("SUB-09: %s failed", name, extra={"skip_db_logging": True})
        report.errors.append(f"SUB-09: {name} failed: {type(error).__name__}. See the log of the worker.")


def _refresh_waiting(now: datetime) -> None:
    """Compose again what waited for long and is about to be attempted: it says what is true, and may be seen, now."""
    waiting = Q(open__state=State.WAITING)
    again = Q(open__attempts__gt=0, open__next_attempt__lte=now) | Q(open__channel__in=down_and_due(now))
    mark_due(Thread.objects.filter(waiting & again), now)
