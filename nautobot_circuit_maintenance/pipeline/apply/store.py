"""Writes what revisions changed: in bulk, and only the difference to what is stored."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model, Q

from nautobot_circuit_maintenance.choices import MatchedByChoices as MatchedBy
from nautobot_circuit_maintenance.compat import unlogged
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    CircuitMatcher,
    MaintenanceBaseline,
    MaintenanceKey,
    MaintenanceWindow,
    ParsedNotification,
)
from nautobot_circuit_maintenance.models.change_receivers import record_details
from nautobot_circuit_maintenance.models.maintenance_changes import recorded_by_caller
from nautobot_circuit_maintenance.models.severity import severity_of
from nautobot_circuit_maintenance.models.sort_figures import counted_by_caller
from nautobot_circuit_maintenance.pipeline.apply.revision import CONCLUDED, Revision

K = TypeVar("K", bound=Hashable)

_WRITTEN = (
    *CONCLUDED,
    "name",
    "provider_maintenance_id",
    "other_ids",
    "cancelled_windows",
    "doubts",
    "confidence",
    "start_time",
    "end_time",
    "ack",
    "acknowledged_by",
    "acknowledged_at",
    "unacknowledged_at",
    "issued_at",
    "sequence",
    "sort_circuits",
    "sort_severity",
    "revision",
)

_LOOSE = (MatchedBy.SEPARATORS, MatchedBy.ZEROS, MatchedBy.INSIDE)
"""Links by comparisons whose rules may change, and have: "101" was once taken for "10.1"."""

_WRITTEN_AT_ONCE = 1_000
"""Rows in a statement."""

_REWRITTEN = (
    *("notification", "json", "issued_at", "received_at", "sent_at", "sequence", "status", "parser"),
    *("subject", "sender", "outdated", "confidence", "findings"),
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
    _count_impacts(revisions)
    _insert([each.maintenance for each in revisions if each.is_new])
    _overwrite([each for each in revisions if not each.is_new])
    _store_replacements(revisions)
    windows = _store_windows(revisions)
    _store_impacts(revisions, circuits)
    _store_links(revisions, windows)
    _store_evidence(revisions)
    _store_keys(revisions)
    _store_baselines(revisions)


def _count_impacts(revisions: Iterable[Revision]) -> None:
    """Set what lists are sorted by."""
    for revision in revisions:
        affected = revision.impacts.affecting(revision.windows)
        revision.maintenance.sort_circuits = len(affected)
        revision.maintenance.sort_severity = severity_of(row.impact for row in affected)


def _insert(fresh: Sequence[CircuitMaintenance]) -> None:
    """Insert new maintenances with the time of creation that their change records have."""
    if fresh:
        created, keys = fresh[0].created, [maintenance.pk for maintenance in fresh]
        replaced_by = {maintenance.pk: maintenance.replaced_by_id for maintenance in fresh}
        for maintenance in fresh:
            maintenance.replaced_by_id = None  # MySQL checks at once, and it may be one of those to be inserted.
        CircuitMaintenance.objects.bulk_create(fresh)  # Django sets a time of its own.
        CircuitMaintenance.objects.filter(pk__in=keys).update(created=created, last_updated=created)
        for maintenance in fresh:
            maintenance.replaced_by_id = replaced_by[maintenance.pk]


def _overwrite(revisions: Sequence[Revision]) -> None:
    """Update maintenances that are stored and locked."""
    rows = [revision.maintenance for revision in revisions]
    if not rows:
        return
    times = [(row.created, row.last_updated) for row in rows]
    _upsert(rows, "id", _WRITTEN)
    changed: dict[datetime | None, list[UUID]] = {}
    for revision, (created, last_updated) in zip(revisions, times):
        row = revision.maintenance
        row.created, row.last_updated = created, last_updated  # Django set times of its own.
        if last_updated != revision.stored.last_updated:
            changed.setdefault(last_updated, []).append(row.pk)
    for last_updated, keys in changed.items():
        CircuitMaintenance.objects.filter(pk__in=keys).update(last_updated=last_updated)


def _store_replacements(revisions: Iterable[Revision]) -> None:
    changed = [each.maintenance for each in revisions if each.is_replacement_new]
    if changed:
        CircuitMaintenance.objects.bulk_update(changed, ["replaced_by"])


def _store_windows(revisions: Sequence[Revision]) -> dict[tuple[UUID, Window], UUID]:
    """Write the windows; return the primary key of each by that of its maintenance.

    A window that moves is a new row: messages and jobs about the old one are not about it.
    """
    fresh: list[MaintenanceWindow] = []
    gone: list[MaintenanceWindow] = []
    written: dict[tuple[UUID, Window], UUID] = {}
    for revision in revisions:
        maintenance = revision.maintenance
        stored = {Window(row.start_time, row.end_time): row for row in revision.stored.windows}
        difference = diff(dict.fromkeys(stored), dict.fromkeys(sorted(revision.windows)))
        gone += [stored[window] for window in difference.gone]
        written |= {(maintenance.pk, window): row.pk for window, row in stored.items()}
        for window in difference.fresh:
            row = MaintenanceWindow(maintenance=maintenance, start_time=window.start, end_time=window.end)
            fresh.append(row)
            written[maintenance.pk, window] = row.pk
    _delete(MaintenanceWindow, [row.pk for row in gone])
    MaintenanceWindow.objects.bulk_create(fresh)
    return written


def _store_impacts(revisions: Sequence[Revision], circuits: CircuitMatcher) -> None:
    """Write the impacts; those with a new circuit ID are matched with the circuits that Nautobot has."""
    fresh: list[CircuitImpact] = []
    respelled: list[CircuitImpact] = []
    changed: list[CircuitImpact] = []
    loose: list[CircuitImpact] = []
    gone: list[UUID] = []
    for revision in revisions:
        rows = {row.pk: row for row in revision.impacts.rows}
        for row in rows.values():
            row.in_all_windows = row.pk not in revision.impacts.windows
        difference = diff(revision.stored.impacts, revision.impacts.values)
        fresh += [rows[pk] for pk in difference.fresh]
        changed += [rows[pk] for pk in difference.changed]
        respelled += [rows[pk] for pk in difference.changed if revision.stored.impacts[pk].cid != rows[pk].cid]
        gone += difference.gone
        if revision.is_reread:
            loose += [rows[pk] for pk in revision.stored.impacts.keys() & rows.keys() if rows[pk].matched_by in _LOOSE]
    respelled += _rematched(loose, circuits)
    _record_links(respelled, changed)
    changed = list({row.pk: row for row in (*changed, *respelled)}.values())
    _match([*fresh, *respelled], circuits)
    _delete(CircuitImpact, gone)
    overwrite_stored(changed, ["cid", "impact", "in_all_windows", "circuit", "matched_by"])
    CircuitImpact.objects.bulk_create(fresh)


def _record_links(respelled: Iterable[CircuitImpact], changed: Sequence[CircuitImpact]) -> None:
    """Record the maintenances of which only links change, and nothing of their own rows."""
    counted = {row.maintenance_id for row in changed}
    record_details({row.maintenance_id for row in respelled} - counted)


def _rematched(impacts: Iterable[CircuitImpact], circuits: CircuitMatcher) -> list[CircuitImpact]:
    """Return those of these impacts whose circuit ID means another circuit, or none, by today's comparison."""
    rows = list(impacts)
    found = circuits.match({(row.maintenance.provider_id, row.cid) for row in rows})
    return [
        row for row in rows if found.get((row.maintenance.provider_id, row.cid)) != (row.circuit_id, row.matched_by)
    ]


def _match(impacts: Iterable[CircuitImpact], circuits: CircuitMatcher) -> None:
    """Set the circuits of impacts, except where a person selected one (or may have, before that was kept)."""
    rows = [row for row in impacts if row.matched_by != MatchedBy.MANUAL and (row.matched_by or not row.circuit_id)]
    found = circuits.match({(row.maintenance.provider_id, row.cid) for row in rows})
    for row in rows:
        match: tuple[Any, str] = found.get((row.maintenance.provider_id, row.cid)) or (None, "")
        row.circuit_id, row.matched_by = match


def _store_links(revisions: Iterable[Revision], windows: Mapping[tuple[UUID, Window], UUID]) -> None:
    """Link impacts that are not about all windows with their own."""
    through = CircuitImpact.windows.through
    fresh: list[Any] = []
    gone: list[int] = []
    for revision in revisions:
        wanted = {
            (impact, windows[revision.maintenance.pk, window]): None
            for impact, own in revision.impacts.windows.items()
            for window in sorted(own & revision.windows)
        }
        difference = diff(dict.fromkeys(revision.stored.links), wanted)
        fresh += [through(circuitimpact_id=impact, maintenancewindow_id=window) for impact, window in difference.fresh]
        gone += [revision.stored.links[each] for each in difference.gone]
    if gone:
        through.objects.filter(pk__in=gone).delete()
    through.objects.bulk_create(fresh)


def _store_evidence(revisions: Sequence[Revision]) -> None:
    """Of evidence that says the same as before, only the mark that it is outdated changes."""
    fresh: list[ParsedNotification] = []
    rewritten: list[ParsedNotification] = []
    gone: list[UUID] = []
    turned: dict[bool, list[UUID]] = {True: [], False: []}
    for revision in revisions:
        rows = {row.pk: row for row in revision.evidence.values()}
        difference = diff(revision.stored.evidence, {pk: row.outdated for pk, row in rows.items()})
        fresh += [rows[pk] for pk in difference.fresh]
        gone += difference.gone
        rewritten += [rows[pk] for pk in sorted(revision.rewritten & rows.keys() & revision.stored.evidence.keys())]
        for pk in difference.changed:
            turned[rows[pk].outdated].append(pk)
    if gone:
        ParsedNotification.objects.filter(pk__in=gone).delete()
    if rewritten:
        ParsedNotification.objects.bulk_update(rewritten, _REWRITTEN)
    ParsedNotification.objects.bulk_create(fresh)
    for outdated, keys in turned.items():
        if keys:
            ParsedNotification.objects.filter(pk__in=keys).update(outdated=outdated)


def _store_keys(revisions: Iterable[Revision]) -> None:
    """Write what notifications find the maintenances by."""
    fresh: list[MaintenanceKey] = []
    gone = Q()
    for revision in revisions:
        maintenance = revision.maintenance
        for provider, kind, value in sorted(revision.keys - revision.stored.keys):
            fresh.append(MaintenanceKey(maintenance=maintenance, provider_id=provider, kind=kind, value=value))
        for provider, kind, value in revision.stored.keys - revision.keys:
            # MySQL's equality ignores case and accents; "contains" does not.
            same = Q(value=value, value__contains=value)
            gone |= Q(maintenance=maintenance, provider=provider, kind=kind) & same
    if gone:
        MaintenanceKey.objects.filter(gone).delete()
    MaintenanceKey.objects.bulk_create(fresh)


def _store_baselines(revisions: Iterable[Revision]) -> None:
    """Write what notifications made of the maintenances, where that changed."""
    changed: list[MaintenanceBaseline] = []
    for revision in revisions:
        if revision.is_concluded:
            row, wanted = revision.stored.baseline, revision.baseline.to_json()
            if row is None or row.json != wanted:
                changed.append(MaintenanceBaseline(maintenance=revision.maintenance, json=wanted))
    if changed:
        _upsert(changed, "maintenance", ["json"])


def overwrite_stored(rows: Sequence[Model], fields: Collection[str]) -> None:
    """Update rows of locked maintenances; those that a person deleted in the meantime stay deleted."""
    if rows:
        keys = [row.pk for row in rows]
        locked = type(rows[0])._default_manager.select_for_update().filter(pk__in=keys).order_by("pk")
        stored = set(locked.values_list("pk", flat=True))
        _upsert([row for row in rows if row.pk in stored], "id", fields)


def _upsert(rows: Sequence[Model], identity: str, fields: Collection[str]) -> None:
    """Insert rows; those whose identity is stored take over these fields only.

    ``bulk_update()`` would compile a CASE expression of a field for each row, which costs thirty times as much. For rows
    that a locked maintenance protects: what was deleted in the meantime would come back. MySQL takes no target; there
    the identity has to be the first unique key that a row meets.
    """
    target = [identity] if connection.features.supports_update_conflicts_with_target else None
    for first in range(0, len(rows), _WRITTEN_AT_ONCE):
        some = rows[first : first + _WRITTEN_AT_ONCE]
        type(some[0])._default_manager.bulk_create(
            some, update_conflicts=True, unique_fields=target, update_fields=fields
        )


def _delete(model: type[Model], keys: Sequence[UUID]) -> None:
    """Delete rows, before new ones may take their place; the change record of the maintenance covers them."""
    if keys:
        with unlogged(), counted_by_caller(), recorded_by_caller():
            model._default_manager.filter(pk__in=keys).delete()
