"""One run of all channels of the kind job: what was enqueued, what has to run before windows, and what is due after them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.channel_settings.job import JobSettings
from nautobot_circuit_maintenance.choices import DeliveryStateChoices as State, PhaseChoices as Phase
from nautobot_circuit_maintenance.models import CircuitMaintenance, Delivery, Subscription
from nautobot_circuit_maintenance.outbound.channels.job import workers
from nautobot_circuit_maintenance.outbound.channels.job.pending import afters, befores, circuits_near, worked_on
from nautobot_circuit_maintenance.outbound.channels.job.rows import held_by, rows_of_jobs, write_befores
from nautobot_circuit_maintenance.outbound.channels.job.runs import Lost, begin, follow, supersede
from nautobot_circuit_maintenance.outbound.errors import Silent
from nautobot_circuit_maintenance.outbound.owners import visibility_of
from nautobot_circuit_maintenance.outbound.stored_filters import filtered
from nautobot_circuit_maintenance.outbound.why_silent import note_silent
from nautobot_circuit_maintenance.outbound.work import work_on

Near = Mapping[UUID | None, frozenset[str]]
"""By subscription, the circuits of windows that it matches and that are on, or near."""


def run_jobs(channels: Mapping[str, JobSettings], *, now: datetime, lost: Lost = workers.lost) -> None:
    """Bring all jobs of subscriptions forward; ``channels``: the settings by name."""
    follow(now, lost)
    near = {
        subscription.pk: _write_due_befores(subscription, timedelta(minutes=channels[subscription.channel].lag), now)
        for subscription in _subscriptions(channels)
    }
    _supersede(now)
    for key in (
        rows_of_jobs(State.WAITING, phase=Phase.BEFORE).filter(next_attempt__lte=now).values_list("key", flat=True)
    ):
        begin(key, now)
    for key in _due_afters(near, now):
        begin(key, now)


def _subscriptions(channels: Mapping[str, JobSettings]) -> list[Subscription]:
    rows = Subscription.objects.filter(enabled=True, channel__in=list(channels), job__isnull=False)
    return list(rows.select_related("owner", "job").order_by("name"))


def _write_due_befores(subscription: Subscription, lag: timedelta, now: datetime) -> frozenset[str]:
    """Write what a subscription has to run before windows: of what its owner may see now, and its filter matches now.

    Returns the circuits that are near.
    """
    lead = subscription.acts_before
    try:
        visibility = visibility_of(subscription.owner_id)
        near = visibility.maintenances.overlapping(now - lag, now + lead)
        maintenances = filtered(subscription.maintenance_filter, visibility, near)
    except Silent as error:  # visibility_of, filtered
        note_silent([subscription.pk], str(error))
        return frozenset()
    works = work_on(maintenances, visibility, since=now - lag, until=now + lead)
    open_rows = rows_of_jobs(*State.OPEN).filter(subscription=subscription).select_related("subscription")
    due = befores(works, held_by(open_rows), lead=lead, lag=lag, now=now) if works else []
    write_befores(subscription, due, lag=lag, now=now)
    return circuits_near(works, lead=lead, now=now)


def _due(phase: str, now: datetime, near: Near | None = None) -> list[Delivery]:
    """Return the waiting rows of a phase that hold nothing any more which is worked on.

    With what is near, by subscription, those of one subscription are looked at together; else each alone.
    """
    rows = list(rows_of_jobs(*State.OPEN, phase=phase).select_related("subscription"))
    held = {each.key: each for each in held_by(rows)}
    leads = {row.subscription_id: _lead(row) for row in rows}
    until = now + max(leads.values(), default=timedelta())
    concerned = CircuitMaintenance.objects.filter(pk__in={row.maintenance_id for row in rows if row.maintenance_id})
    works = work_on(concerned, Visibility.everything(), since=now, until=until) if rows else []
    due: set[str] = set()
    for subscription, lead in leads.items():
        mine = [held[row.key] for row in rows if row.subscription_id == subscription]
        worked = worked_on(works, lead=lead, now=now)
        for together in [[each] for each in mine] if near is None else [mine]:
            due |= afters(together, worked, (near or {}).get(subscription, frozenset()))
    return [row for row in rows if row.state == State.WAITING and row.key in due]


def _lead(row: Delivery) -> timedelta:
    return row.subscription.acts_before if row.subscription else timedelta()


def _supersede(now: datetime) -> None:
    """Drop what was to run before a window that is not to come any more, and was not begun."""
    for row in _due(Phase.BEFORE, now):
        supersede(row.key)


def _due_afters(near: Near, now: datetime) -> list[str]:
    """Return the keys of what is due after windows, and not put off because it failed before."""
    return [row.key for row in _due(Phase.AFTER, now, near) if row.next_attempt <= now]
