"""Applies what a person made of a message, as digestion applies what a parser reads; one implementation for pages and REST.

Nothing of the message is parsed here. Digestion finds the same reading when the message is processed again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.choices import MaintenanceKeyChoices, NotificationStateChoices as State
from nautobot_circuit_maintenance.compat import signed
from nautobot_circuit_maintenance.domain.opinions import CONFIRMED, Opinion
from nautobot_circuit_maintenance.domain.updates import (
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    ParserInfo,
    Window,
)
from nautobot_circuit_maintenance.models import (
    CircuitMaintenance,
    CircuitMatcher,
    MaintenanceKey,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.models.changes import ChangedMaintenance, send_after_commit
from nautobot_circuit_maintenance.models.keys import id_key
from nautobot_circuit_maintenance.models.manual_readings import PARSER, record_reading

ADDABLE = (State.FAILED, State.IGNORED, State.PARSED)
"""States from which a person may add a maintenance: what is refused comes from no one who is known, what waits is read first."""
_RIGHTS = ("add_circuitmaintenance", "change_circuitmaintenance")


class ChangedSinceSeen(Exception):
    """The notification was processed again, with another result, after the person saw it."""


def may_add(user: Any) -> bool:
    """Return whether a user may add or change any maintenance."""
    return any(user.has_perm(f"nautobot_circuit_maintenance.{right}") for right in _RIGHTS)


def update_of(
    row: Notification,
    user: Any,
    *,
    maintenance_id: str,
    status: str,
    windows: Iterable[Window],
    circuits: Iterable[str],
    impact: str,
    circuits_of: Mapping[Window, Sequence[str]] = MappingProxyType({}),
) -> MaintenanceUpdate:
    """Return what a person says that a message announces; the impact is that of every circuit.

    ``circuits_of`` has the circuits of windows in which only some are affected.
    """
    everything = tuple(dict.fromkeys(circuits))
    windows_of: dict[tuple[str, ...], list[Window]] = {}
    for window in sorted(set(windows)):
        windows_of.setdefault(tuple(dict.fromkeys(circuits_of.get(window, everything))), []).append(window)
    events = tuple(
        MaintenanceEvent(status, tuple(spans), tuple(AnnouncedImpact(cid, impact) for cid in cids))
        for cids, spans in (windows_of or {everything: []}).items()
    )
    return by_person(MaintenanceUpdate(maintenance_id, events, row.provenance), user)


def by_person(update: MaintenanceUpdate, user: Any) -> MaintenanceUpdate:
    """Return an update as what a person says: no reader doubts it, and nothing is compared with the message."""
    parser = ParserInfo(PARSER, details={"read_by": user.get_username()})
    return replace(update, parser=parser, doubts=(), opinion=Opinion(CONFIRMED))


def is_partly_read(row: Notification) -> bool:
    """Return whether a part of the message was read, and its reason names another one that was not."""
    return bool(row.state == State.PARSED and row.error)


def with_others(row: Notification, update: MaintenanceUpdate) -> list[MaintenanceUpdate]:
    """Return what a message announces when a person has said this: other maintenances of it stay as they are.

    If it announced only one, that is the one which the person has corrected, whatever its ID was; unless a part of the
    message was not read, which is what the person adds.
    """
    known = [each.as_update() for each in row.parsed_notifications.order_by("maintenance__name", "pk")]
    others = [each for each in known if id_key(each.maintenance_id) != id_key(update.maintenance_id)]
    return [update, *others] if len(known) > 1 or is_partly_read(row) else [update]


def apply_by_person(
    row: Notification, updates: Sequence[MaintenanceUpdate], user: Any, now: datetime, *, seen: str = ""
) -> list[ChangedMaintenance]:
    """Record what a person made of a message, and apply it; return what changed.

    ``seen`` is the ``result_key`` that the person saw. Raises ChangedSinceSeen; PermissionDenied if the person may not
    add or change one of the maintenances; ParseError if a maintenance would hold too much. Nothing is stored then.
    """
    # pylint: disable-next=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.pipeline.apply.apply import NotificationUpdates, apply_updates

    # pylint: disable-next=import-outside-toplevel  # not at each start
    from nautobot_circuit_maintenance.pipeline.layouts.drift import contradicted

    with transaction.atomic():
        locked = Notification.objects.select_for_update(of=("self",)).select_related("provider").get(pk=row.pk)
        if seen and seen != locked.result_key:
            raise ChangedSinceSeen(str(locked))
        _check_may_change(locked, updates, user)
        evidence = list(locked.parsed_notifications.all())
        record_reading(locked, updates, user, now)
        applied = apply_updates([NotificationUpdates(locked, updates, is_retry=True)], CircuitMatcher())
        _check_may_add(applied.changes, user)
        # Layouts are locked after maintenances, as digestion does it.
        suspended = contradicted(evidence, updates[0])
        records = [*suspended, *(change.record for change in applied.changes)]
        ObjectChange.objects.bulk_create([signed(record, user) for record in records])
        Notification.objects.filter(pk=locked.pk).update(state=State.PARSED, error="")
        send_after_commit(applied.changes)
    return applied.changes


def _check_may_change(row: Notification, updates: Sequence[MaintenanceUpdate], user: Any) -> None:
    """Raise PermissionDenied if a maintenance that is named, or was named before, may not be changed."""
    ids = {each.strip() for update in updates for each in (update.maintenance_id, *update.other_ids)}
    keys = {id_key(each) for each in ids}
    added = CircuitMaintenance.objects.filter(provider=row.provider_id, name__in=ids).order_by()
    named = MaintenanceKey.objects.filter(
        provider=row.provider_id, kind=MaintenanceKeyChoices.ID, value__in=keys
    ).values_list("maintenance", flat=True)
    before = ParsedNotification.objects.filter(notification=row).values_list("maintenance", flat=True)
    _check(user, "change", {*added.values_list("pk", flat=True), *named, *before})


def _check_may_add(changes: Iterable[ChangedMaintenance], user: Any) -> None:
    """Raise PermissionDenied if what was added or changed is beyond what the user may add or change."""
    stored = [change for change in changes if change.after]
    _check(user, "add", {change.maintenance.pk for change in stored if change.before is None})
    _check(user, "change", {change.maintenance.pk for change in stored if change.before})


def _check(user: Any, action: str, wanted: set[UUID]) -> None:
    allowed = CircuitMaintenance.objects.restrict(user, action).filter(pk__in=wanted).order_by()
    if wanted and set(allowed.values_list("pk", flat=True)) != wanted:
        raise PermissionDenied(f"You may not {action} this maintenance.")
