"""Writes what revisions changed: in bulk, the difference to what is stored and nothing else."""

from collections.abc import Sequence
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
    """Insert new maintenances with the time of creation that stands in their change records."""
    if fresh:
        made, keys = fresh[0].created, [maintenance.pk for maintenance in fresh]
        CircuitMaintenance.objects.bulk_create(fresh)  # Django takes a time of its own.
        CircuitMaintenance.objects.filter(pk__in=keys).update(created=made, last_updated=made)


def _store_windows(revisions: Sequence[Revision]) -> None:
    """A window that moves stays the row it is: to delete one takes five statements, Django looks for what hangs on it."""
    moved, gone, fresh = [], [], []
    for revision in revisions:
        stored = {Window(row.start_time, row.end_time): row for row in revision.stored.windows}
        left = [row for window, row in stored.items() if window not in revision.windows]
        missing = sorted(revision.windows - stored.keys())
        for row, window in zip(left, missing):
            row.start_time, row.end_time = window
        moved += left[: len(missing)]
        gone += left[len(missing) :]
        fresh += [
            MaintenanceWindow(maintenance=revision.maintenance, start_time=start, end_time=end)
            for start, end in missing[len(left) :]
        ]
    _write(MaintenanceWindow, fresh, moved, ["start_time", "end_time"], gone)


def _store_impacts(revisions: Sequence[Revision], circuits: CircuitMatcher) -> None:
    """Impacts that are new are matched with the circuits that Nautobot knows."""
    fresh, turned, gone = [], [], []
    for revision in revisions:
        stored, rows = revision.stored.impacts, {row.pk: row for row in revision.impacts}
        fresh += [row for pk, row in rows.items() if pk not in stored]
        turned += [
            row for pk, row in rows.items() if pk in stored and stored[pk] != AnnouncedImpact(row.cid, row.impact)
        ]
        gone += [row for row in revision.maintenance.impacts.all() if row.pk not in rows] if stored else []
    found = circuits.match({(row.maintenance.provider_id, row.cid) for row in fresh})
    for row in fresh:
        row.circuit_id = found.get((row.maintenance.provider_id, row.cid))
    _write(CircuitImpact, fresh, turned, ["cid", "impact"], gone)


def _store_evidence(revisions: Sequence[Revision]) -> None:
    """Of stored evidence nothing changes but whether it is outdated."""
    fresh, gone = [], []
    turned: dict[bool, list[UUID]] = {True: [], False: []}
    for revision in revisions:
        stored, rows = revision.stored.evidence, {row.pk: row for row in revision.evidence.values()}
        fresh += [row for pk, row in rows.items() if pk not in stored]
        gone += [pk for pk in stored if pk not in rows]
        for pk in stored.keys() & rows.keys():
            if stored[pk] != rows[pk].outdated:
                turned[rows[pk].outdated].append(pk)
    if gone:
        ParsedNotification.objects.filter(pk__in=gone).delete()
    ParsedNotification.objects.bulk_create(fresh)
    for outdated, keys in turned.items():
        if keys:
            ParsedNotification.objects.filter(pk__in=keys).update(outdated=outdated)


def _write(
    model: type[Model], fresh: Sequence[Model], turned: Sequence[Model], names: Sequence[str], gone: Sequence[Model]
) -> None:
    """Write rows of one model; deleted first, for what is new may take the place of what goes."""
    if gone:
        with unlogged():  # The record of the maintenance tells it.
            model.objects.filter(pk__in=[row.pk for row in gone]).delete()
    if turned:
        model.objects.bulk_update(turned, names)
    model.objects.bulk_create(fresh)
