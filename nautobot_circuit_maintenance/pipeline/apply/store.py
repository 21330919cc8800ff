"""Writes what revisions changed: in bulk, and only the difference to what is stored."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import Model

from nautobot_circuit_maintenance.compat import unlogged
from nautobot_circuit_maintenance.domain.updates import AnnouncedImpact, Window
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    CircuitMatcher,
    MaintenanceWindow,
    ParsedNotification,
)
from nautobot_circuit_maintenance.pipeline.apply.revision import CONCLUDED, Revision

K = TypeVar("K", bound=Hashable)

_WRITTEN = (
    *CONCLUDED,
    "start_time",
    "end_time",
    "ack",
    "acknowledged_by",
    "acknowledged_at",
    "issued_at",
    "sequence",
    "last_updated",
)


class Difference(NamedTuple, Generic[K]):
    """The keys that differ between what is stored and what is wanted."""

    fresh: list[K]
    changed: list[K]
    gone: list[K]


def diff(stored: Mapping[K, Any], wanted: Mapping[K, Any]) -> Difference[K]:
    """Compare stored with wanted values by their keys; the order of each mapping is kept."""
    return Difference(
        fresh=[key for key in wanted if key not in stored],
        changed=[key for key, value in wanted.items() if key in stored and stored[key] != value],
        gone=[key for key in stored if key not in wanted],
    )


def store(revisions: Sequence[Revision], circuits: CircuitMatcher) -> None:
    """Write these revisions; without ``save()``, whose change records would cost more than all the rest."""
    _insert([each.maintenance for each in revisions if each.is_new])
    known = [each.maintenance for each in revisions if not each.is_new]
    if known:
        CircuitMaintenance.objects.bulk_update(known, _WRITTEN)
    _store_windows(revisions)
    _store_impacts(revisions, circuits)
    _store_evidence(revisions)


def _insert(fresh: Sequence[CircuitMaintenance]) -> None:
    """Insert new maintenances with the time of creation that their change records have."""
    if fresh:
        created, keys = fresh[0].created, [maintenance.pk for maintenance in fresh]
        CircuitMaintenance.objects.bulk_create(fresh)  # Django sets a time of its own.
        CircuitMaintenance.objects.filter(pk__in=keys).update(created=created, last_updated=created)


def _store_windows(revisions: Sequence[Revision]) -> None:
    """Reuse the rows of moved windows; a delete costs five queries, because Django looks for related rows."""
    fresh: list[MaintenanceWindow] = []
    moved: list[MaintenanceWindow] = []
    gone: list[MaintenanceWindow] = []
    for revision in revisions:
        stored = {Window(row.start_time, row.end_time): row for row in revision.baseline.windows}
        difference = diff(dict.fromkeys(stored), dict.fromkeys(sorted(revision.windows)))
        free = [stored[window] for window in difference.gone]
        for window in difference.fresh:
            if free:
                row = free.pop(0)
                row.start_time, row.end_time = window
                moved.append(row)
            else:
                fresh.append(
                    MaintenanceWindow(maintenance=revision.maintenance, start_time=window.start, end_time=window.end)
                )
        gone += free
    _delete(MaintenanceWindow, [row.pk for row in gone])
    if moved:
        MaintenanceWindow.objects.bulk_update(moved, ["start_time", "end_time"])
    MaintenanceWindow.objects.bulk_create(fresh)


def _store_impacts(revisions: Sequence[Revision], circuits: CircuitMatcher) -> None:
    """Match new impacts with the circuits that Nautobot has."""
    fresh: list[CircuitImpact] = []
    changed: list[CircuitImpact] = []
    gone: list[UUID] = []
    for revision in revisions:
        rows = {row.pk: row for row in revision.impacts}
        wanted = {pk: AnnouncedImpact(row.cid, row.impact) for pk, row in rows.items()}
        difference = diff(revision.baseline.impacts, wanted)
        fresh += [rows[pk] for pk in difference.fresh]
        changed += [rows[pk] for pk in difference.changed]
        gone += difference.gone
    found = circuits.match({(row.maintenance.provider_id, row.cid) for row in fresh})
    for row in fresh:
        row.circuit_id = found.get((row.maintenance.provider_id, row.cid))
    _delete(CircuitImpact, gone)
    if changed:
        CircuitImpact.objects.bulk_update(changed, ["cid", "impact"])
    CircuitImpact.objects.bulk_create(fresh)


def _store_evidence(revisions: Sequence[Revision]) -> None:
    """Of stored evidence only the mark that it is outdated changes."""
    fresh: list[ParsedNotification] = []
    gone: list[UUID] = []
    turned: dict[bool, list[UUID]] = {True: [], False: []}
    for revision in revisions:
        rows = {row.pk: row for row in revision.evidence.values()}
        difference = diff(revision.baseline.evidence, {pk: row.outdated for pk, row in rows.items()})
        fresh += [rows[pk] for pk in difference.fresh]
        gone += difference.gone
        for pk in difference.changed:
            turned[rows[pk].outdated].append(pk)
    if gone:
        ParsedNotification.objects.filter(pk__in=gone).delete()
    ParsedNotification.objects.bulk_create(fresh)
    for outdated, keys in turned.items():
        if keys:
            ParsedNotification.objects.filter(pk__in=keys).update(outdated=outdated)


def _delete(model: type[Model], keys: Sequence[UUID]) -> None:
    """Delete rows, before new ones may take their place; the change record of the maintenance covers them."""
    if keys:
        with unlogged():
            model._default_manager.filter(pk__in=keys).delete()
