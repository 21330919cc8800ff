"""Applies what a notification says: keeps it as evidence, concludes the maintenance again, writes the difference."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils import timezone

from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status, NoteLevelChoices
from nautobot_circuit_maintenance.compat import unlogged
from nautobot_circuit_maintenance.inbound.conclude import Conclusion, conclude, in_order
from nautobot_circuit_maintenance.inbound.values import AppliedUpdate, Change, CircuitWord, MaintenanceUpdate, Window
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    CircuitMatcher,
    MaintenanceWindow,
    Note,
    Notification,
    ParsedNotification,
)

RecordChange = Callable[[CircuitMaintenance, str], None]
"""Writes the change record of a maintenance; the action is Nautobot's "create", "update" or "delete"."""

_KEEPS_ACK = (Status.IN_PROCESS, Status.COMPLETED)
_CONCLUDED = ("status", "description")


@dataclass
class Revision:
    """One maintenance while it is being brought up to date: locked, with what it was concluded from."""

    maintenance: CircuitMaintenance
    is_new: bool = False
    evidence: list[ParsedNotification] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    """What really changed: field names, "windows", "impacts"."""

    def conclusion(self) -> Conclusion:
        """Conclude from the evidence as it stands."""
        return conclude(row.as_update() for row in self.evidence)


def apply_updates(
    notification: Notification,
    updates: Sequence[MaintenanceUpdate],
    matcher: CircuitMatcher,
    record_change: RecordChange,
) -> list[AppliedUpdate]:
    """Replace what a notification said before (nothing, unless it is digested again) by these updates.

    Locks each maintenance that it names or named, in the order of provider and name, until the surrounding
    transaction ends; that order keeps two workers from waiting for each other. Raises what the database raises.
    """
    earlier = {row.maintenance_id for row in notification.parsed_notifications.all()}
    named = {update.maintenance_id: update for update in updates}
    applied = []
    for revision in _locked(notification, named, earlier):
        maintenance = revision.maintenance
        is_own = maintenance.provider_id == notification.provider_id
        update = named.get(maintenance.name) if is_own else None
        before = revision.conclusion()
        fresh = _replace_evidence(revision, notification, update)
        if not revision.evidence:
            _withdraw(revision, before, record_change)
            continue
        own_matcher = matcher if is_own else CircuitMatcher(maintenance.provider_id)
        unmatched = _write_difference(revision, before, own_matcher)
        ParsedNotification.objects.bulk_create(fresh)
        if revision.changed:
            record_change(maintenance, "create" if revision.is_new else "update")
        if update:
            applied.append(AppliedUpdate(maintenance.name, _change(revision, notification), unmatched))
    return applied


def _locked(notification: Notification, named: Iterable[str], earlier: Collection[UUID]) -> list[Revision]:
    """Lock every maintenance that the notification names now or named before; those that are new are not saved yet."""
    rows = CircuitMaintenance.objects.select_for_update().filter(provider=notification.provider_id, name__in=named)
    if earlier:
        rows = rows | CircuitMaintenance.objects.select_for_update().filter(pk__in=earlier)
    revisions = [Revision(row) for row in rows.order_by("provider_id", "name")]
    own = [row.maintenance for row in revisions if row.maintenance.provider_id == notification.provider_id]
    for maintenance in own:
        maintenance.provider = notification.provider  # its name is in the change record: at hand, not asked for again
    known = {maintenance.name for maintenance in own}
    # A name that MySQL's collation holds to be the same is the same: names that differ in case only do not occur.
    fresh = [
        CircuitMaintenance(name=name, provider=notification.provider) for name in sorted(named) if name not in known
    ]
    if revisions:
        _load_evidence(revisions)
    return [*revisions, *(Revision(maintenance, is_new=True) for maintenance in fresh)]


def _load_evidence(revisions: Iterable[Revision]) -> None:
    by_maintenance = {each.maintenance.pk: each for each in revisions}
    for row in ParsedNotification.objects.filter(maintenance__in=by_maintenance):
        by_maintenance[row.maintenance_id].evidence.append(row)


def _replace_evidence(
    revision: Revision, notification: Notification, update: MaintenanceUpdate | None
) -> list[ParsedNotification]:
    """Exchange what this notification said about the maintenance, and mark all but the newest as outdated.

    Returns the new rows; they are saved once their maintenance is.
    """
    # By fingerprint: evidence outlives its notification, and the mail may have been recorded anew since.
    replaced = [row for row in revision.evidence if row.fingerprint == notification.fingerprint]
    if replaced:
        ParsedNotification.objects.filter(pk__in=[row.pk for row in replaced]).delete()
    kept = [row for row in revision.evidence if row not in replaced]
    fresh = [ParsedNotification.of(revision.maintenance, notification, update)] if update else []
    revision.evidence = [*kept, *fresh]
    _mark_outdated(revision.evidence, kept)
    return fresh


def _mark_outdated(evidence: Sequence[ParsedNotification], stored: Sequence[ParsedNotification]) -> None:
    """Set ``outdated`` on every row but the newest, and write it where a stored row changes."""
    if not evidence:
        return
    rows = {row.fingerprint: row for row in evidence}
    newest = rows[in_order(row.as_update() for row in evidence)[-1].envelope.fingerprint]
    turned = [row for row in stored if row.outdated != (row is not newest)]
    for row in evidence:
        row.outdated = row is not newest
    for flag in {row.outdated for row in turned}:
        same = [row.pk for row in turned if row.outdated is flag]
        ParsedNotification.objects.filter(pk__in=same).update(outdated=flag)


def _change(revision: Revision, notification: Notification) -> Change:
    if revision.is_new:
        return Change.CREATED
    if revision.changed:
        return Change.UPDATED
    is_outdated = any(row.outdated for row in revision.evidence if row.notification_id == notification.pk)
    return Change.OUTDATED if is_outdated else Change.UNCHANGED


def _write_difference(revision: Revision, before: Conclusion, matcher: CircuitMatcher) -> tuple[str, ...]:
    """Write what the conclusion says otherwise than before; what a person edited since stays until then.

    Returns the circuit ids newly written that Nautobot does not know.
    """
    maintenance, after = revision.maintenance, revision.conclusion()
    unmatched: tuple[str, ...] = ()
    for name in _CONCLUDED:
        wanted = getattr(after, name)
        if wanted != getattr(before, name) and wanted != getattr(maintenance, name):
            setattr(maintenance, name, wanted)
            revision.changed.add(name)
    if revision.is_new:
        _insert(revision, after)
    if after.windows != before.windows:
        _write_windows(revision, after.windows)
    if after.impacts != before.impacts:
        unmatched = _write_impacts(revision, set(before.impacts), set(after.impacts), matcher)
    if not revision.is_new:
        _update(revision, after)
    return unmatched


def _insert(revision: Revision, after: Conclusion) -> None:
    """Insert a new maintenance without ``save()``: its change record would cost more than all the rest."""
    maintenance = revision.maintenance
    maintenance.issued_at, maintenance.sequence = after.issued_at, after.sequence
    _span(maintenance, after.windows)
    CircuitMaintenance.objects.bulk_create([maintenance])
    revision.changed.add("name")


def _update(revision: Revision, after: Conclusion) -> None:
    """Update the row, for the same reason without ``save()``; what changed must be acknowledged again."""
    maintenance = revision.maintenance
    is_new_status = "status" in revision.changed and maintenance.status not in _KEEPS_ACK
    if is_new_status or revision.changed & {"windows", "impacts"}:
        maintenance.ack, maintenance.acknowledged_by, maintenance.acknowledged_at = False, None, None
    maintenance.issued_at, maintenance.sequence = after.issued_at, after.sequence
    names = ["issued_at", "sequence"]
    if revision.changed:
        maintenance.last_updated = timezone.now()
        names += [*_CONCLUDED, "start_time", "end_time", "ack", "acknowledged_by", "acknowledged_at", "last_updated"]
    _store(maintenance, names)


def _store(maintenance: CircuitMaintenance, names: Iterable[str]) -> None:
    CircuitMaintenance.objects.filter(pk=maintenance.pk).update(**{name: getattr(maintenance, name) for name in names})


def _span(maintenance: CircuitMaintenance, windows: Sequence[Window]) -> None:
    """Let start and end follow the windows."""
    maintenance.start_time = min((window.start for window in windows), default=None)
    maintenance.end_time = max((window.end for window in windows), default=None)


def _write_windows(revision: Revision, windows: Sequence[Window]) -> None:
    """Make the windows of the maintenance those of the provider."""
    maintenance = revision.maintenance
    stored = [] if revision.is_new else list(maintenance.windows.all())
    gone = [row for row in stored if Window(row.start_time, row.end_time) not in windows]
    missing = sorted(set(windows) - {Window(row.start_time, row.end_time) for row in stored})
    # A window that moves stays the row it is: to delete one takes five statements, Django looks for what hangs on it.
    moved = list(zip(gone, missing))
    for row, window in moved:
        row.start_time, row.end_time = window
    if moved:
        MaintenanceWindow.objects.bulk_update([row for row, _ in moved], ["start_time", "end_time"])
    if gone[len(missing) :]:
        MaintenanceWindow.objects.filter(pk__in=[row.pk for row in gone[len(missing) :]]).delete()
    MaintenanceWindow.objects.bulk_create(
        MaintenanceWindow(maintenance=maintenance, start_time=start, end_time=end)
        for start, end in missing[len(gone) :]
    )
    _span(maintenance, windows)
    if gone or missing:
        revision.changed.add("windows")


def _write_impacts(
    revision: Revision, before: set[CircuitWord], after: set[CircuitWord], matcher: CircuitMatcher
) -> tuple[str, ...]:
    """Write what the provider says otherwise about each circuit id; impacts that a person added stay."""
    maintenance = revision.maintenance
    stored = {} if revision.is_new else {row.cid.casefold(): row for row in maintenance.impacts.all()}
    said = {word.cid.casefold() for word in after}
    gone = [stored[cid].pk for cid in {word.cid.casefold() for word in before} - said if cid in stored]
    known = [word for word in after - before if word.cid.casefold() in stored]
    missing = sorted(word for word in after - before if word.cid.casefold() not in stored)
    if gone:
        with unlogged():  # the record of the maintenance tells it
            CircuitImpact.objects.filter(pk__in=gone).delete()
    turned = _reworded(stored, known)
    if turned:
        CircuitImpact.objects.bulk_update(turned, ["cid", "impact"])
    circuits = matcher.match([word.cid for word in missing]) if missing else {}
    CircuitImpact.objects.bulk_create(
        CircuitImpact(maintenance=maintenance, cid=cid, circuit_id=circuits.get(cid), impact=impact)
        for cid, impact in missing
    )
    if gone or turned or missing:
        revision.changed.add("impacts")
    return tuple(word.cid for word in missing if word.cid not in circuits)


def _reworded(stored: dict[str, CircuitImpact], words: Iterable[CircuitWord]) -> list[CircuitImpact]:
    """Give stored impacts the provider's new words; return those that change."""
    turned = []
    for word in words:
        row = stored[word.cid.casefold()]
        if (row.cid, row.impact) != word:
            row.cid, row.impact = word
            turned.append(row)
    return turned


def _withdraw(revision: Revision, before: Conclusion, record_change: RecordChange) -> None:
    """Delete a maintenance that no notification names any more; flag one that a person has worked on."""
    maintenance = revision.maintenance
    if not _was_touched(maintenance, before):
        record_change(maintenance, "delete")
        with unlogged():  # one record, and none for each impact
            maintenance.delete()
        return
    if maintenance.status == before.status:
        maintenance.status = Status.UNKNOWN
        maintenance.last_updated = timezone.now()
        _store(maintenance, ["status", "last_updated"])
    Note.objects.bulk_create(
        [
            Note(
                maintenance=maintenance,
                title="No notification names this maintenance any more",
                level=NoteLevelChoices.WARNING,
                comment="Its notifications were read again and name other maintenances now. Delete it if it is wrong.",
            )
        ]
    )
    record_change(maintenance, "update")


def _was_touched(maintenance: CircuitMaintenance, before: Conclusion) -> bool:
    """Tell whether a person acknowledged, edited, noted, tagged or ticketed what was concluded."""
    windows = tuple(Window(row.start_time, row.end_time) for row in maintenance.windows.all())
    impacts = {CircuitWord(row.cid, row.impact) for row in maintenance.impacts.all()}
    return (
        maintenance.ack
        or bool(maintenance.ticket)
        or any(getattr(maintenance, name) != getattr(before, name) for name in _CONCLUDED)
        or windows != before.windows
        or impacts != set(before.impacts)
        or any(maintenance._custom_field_data.values())  # pylint: disable=protected-access  # core's name for a field
        or maintenance.maintenance_notes.exists()
        or maintenance.notes.exists()
        or maintenance.associated_contacts.exists()
        or maintenance.tags.exists()
    )
