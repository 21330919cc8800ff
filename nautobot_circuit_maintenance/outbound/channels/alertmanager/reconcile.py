"""One run of one channel: what its subscriptions want silent is compared with Alertmanager, by one worker at a time.

For that time the row of the channel says so; it is not locked, as Alertmanager may take minutes.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.channel_settings.alertmanager import AlertmanagerSettings
from nautobot_circuit_maintenance.models import ChannelState, CircuitMaintenance, Subscription
from nautobot_circuit_maintenance.outbound.channels.alertmanager.circuits import values_of
from nautobot_circuit_maintenance.outbound.channels.alertmanager.client import OF_A_RUN, Client
from nautobot_circuit_maintenance.outbound.channels.alertmanager.due import work_due
from nautobot_circuit_maintenance.outbound.channels.alertmanager.matchers import Labels
from nautobot_circuit_maintenance.outbound.channels.alertmanager.plan import plan
from nautobot_circuit_maintenance.outbound.channels.alertmanager.silences import Matchers, Silence, author, ours
from nautobot_circuit_maintenance.outbound.channels.alertmanager.spans import QuietTime, wanted
from nautobot_circuit_maintenance.outbound.channels.base import redacted
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, DeliveryError, MessageRefused
from nautobot_circuit_maintenance.outbound.channels.opening import read_secrets
from nautobot_circuit_maintenance.outbound.errors import Silent
from nautobot_circuit_maintenance.outbound.links import linking
from nautobot_circuit_maintenance.outbound.owners import visibility_of
from nautobot_circuit_maintenance.outbound.why_silent import note_silent

_LEASE = timedelta(seconds=OF_A_RUN + 60)
"""How long other workers leave a channel alone if this one is killed: what its requests may take, and our part."""
_MOST_ERRORS = 5
"""Of one run that are stored; they are usually the same."""


@dataclass
class Reconciled:
    """What a run did."""

    posted: int = 0
    expired: int = 0
    errors: list[DeliveryError] = field(default_factory=list)
    """Of single silences and circuits; the others were made."""

    @property
    def error(self) -> str:
        """The errors as text, each once."""
        texts = list(dict.fromkeys(map(str, self.errors)))
        more = [f"... and {len(texts) - _MOST_ERRORS} more."] if len(texts) > _MOST_ERRORS else []
        return " ".join([*texts[:_MOST_ERRORS], *more])


def reconcile(settings: AlertmanagerSettings, *, now: datetime) -> Reconciled | None:
    """Bring the silences of a channel in order, also if no subscription has it; None if another worker works on it.

    What is wrong is stored with the state of the channel.
    """
    ChannelState.objects.get_or_create(name=settings.name)
    until = now + _LEASE
    # Much later than any worker would write now, whose clocks differ a little: it was written before the clock was set back.
    is_free = Q(busy_until=None) | Q(busy_until__lte=now) | Q(busy_until__gt=until + _LEASE)
    free = ChannelState.objects.filter(is_free, name=settings.name)
    if not free.update(busy_until=until):
        return None
    try:
        found = _noted(settings, now)
    finally:
        ChannelState.objects.filter(name=settings.name, busy_until=until).update(busy_until=None)
    return found


def _noted(settings: AlertmanagerSettings, now: datetime) -> Reconciled:
    """Compare and change, and store with the state of the channel what is wrong."""
    found = Reconciled()
    down_since: Any = None
    try:
        _reconcile(settings, found, now)
    except ChannelUnavailable as error:  # _reconcile
        found.errors.append(error)
        down_since = Coalesce("down_since", Value(now))
    ChannelState.objects.filter(name=settings.name).update(down_since=down_since, error=found.error)
    return found


def _reconcile(settings: AlertmanagerSettings, found: Reconciled, now: datetime) -> None:
    """Compare and change; raises ChannelUnavailable."""
    read_secrets(settings)
    created_by = author(settings.instance, settings.name)
    with redacted(settings), _client(settings, created_by) as client:
        works = list(_works(settings, found, now))
        todo = plan(wanted(works, now), _stored(client), now)
        for post in todo.posts:
            try:
                client.post(post)
                found.posted += 1
            except MessageRefused as error:  # client.post: this one
                found.errors.append(error)
        for name in todo.expire:
            try:
                client.expire(name)
                found.expired += 1
            except MessageRefused as error:  # client.expire
                found.errors.append(error)


def _client(settings: AlertmanagerSettings, created_by: str) -> Client:
    return Client(settings.urls, created_by=created_by, auth=settings.auth, ca_file=settings.ca_file)


def _stored(client: Client) -> tuple[Silence, ...]:
    try:
        return ours(client.silences(), client.created_by)
    except ValueError as error:  # ours: one of ours is written as the API does not promise
        raise ChannelUnavailable("ALERT-08", f"What Alertmanager answers cannot be read: {error}.") from None


def _works(settings: AlertmanagerSettings, found: Reconciled, now: datetime) -> Iterator[QuietTime]:
    """Yield what the subscriptions of a channel want silent now or soon, as their owners may see it now."""
    labels = _labels(settings)
    for subscription in Subscription.objects.filter(enabled=True, channel=settings.name):
        yield from _works_of(subscription, labels, found, now)


def _labels(settings: AlertmanagerSettings) -> Labels:
    """Return the compiled labels; without them, nothing can be said about any circuit."""
    try:
        return Labels(settings.matchers)
    except MessageRefused as error:  # Labels
        raise ChannelUnavailable(error.code, error.message) from None


def _works_of(subscription: Subscription, labels: Labels, found: Reconciled, now: datetime) -> Iterator[QuietTime]:
    try:
        visibility = visibility_of(subscription.owner_id)
        works = work_due(subscription, visibility, now)
    except Silent as error:  # visibility_of, work_due
        note_silent([subscription.pk], str(error))
        return
    reasons = _reasons({work.maintenance for work in works})
    matchers = _matchers({work.circuit for work in works}, visibility, labels, found)
    for work in works:
        for each in matchers.get(work.circuit, ()):
            yield QuietTime(each, work.start - subscription.acts_before, work.end, reasons[work.maintenance])


def _matchers(
    circuits: set[UUID], visibility: Visibility, labels: Labels, found: Reconciled
) -> dict[UUID, set[Matchers]]:
    """Return the matchers of circuits, one set for each end; an end without a value is an error and has none."""
    matchers: dict[UUID, set[Matchers]] = defaultdict(set)
    for circuit, ends in values_of(circuits, visibility).items() if circuits else ():
        for values in ends:
            try:
                matchers[circuit].add(labels.matchers(values))
            except MessageRefused as error:  # labels.matchers: this end of this circuit
                found.errors.append(error)
    return matchers


def _reasons(maintenances: set[UUID]) -> dict[UUID, str]:
    """Return the addresses of maintenances, for the comments of silences."""
    rows = CircuitMaintenance.objects.filter(pk__in=maintenances).only("pk")
    link = linking()
    return {row.pk: link(row.get_absolute_url()) or str(row.pk) for row in rows}
