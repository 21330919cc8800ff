"""Recent changes of all maintenances that a user may see, by notifications and by people.

Notifications count from their receipt. Their changes are one row per maintenance: its state then compared with its
state now. So reminders, late notifications without changes, and changes that were reverted do not hide the rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import pairwise
from uuid import UUID

from django.db.models import Max, Min, QuerySet
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.analysis.manual_changes import MOST, Edit, authors_of, read_edits
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.domain.conclusion import EMPTY, conclude, conclusions
from nautobot_circuit_maintenance.domain.timeline import Difference
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.models import CircuitMaintenance, Note, ParsedNotification
from nautobot_circuit_maintenance.models.providers import counted


class ChangeKind(Enum):
    """The most important part of a change, most important first."""

    CANCELLED = "cancelled"
    MOVED = "moved"
    NEW = "new"
    IMPACT = "impact"
    STATUS = "status"
    EDIT = "edit"
    ACKNOWLEDGEMENT = "acknowledgement"
    DESCRIPTION = "description"


@dataclass(frozen=True)
class NotificationChange:
    """The changes by a provider's notifications, and the last received one that changed something."""

    difference: Difference
    newest: ParsedNotification
    count: int
    """Notifications in the period, reminders included."""
    last_arrived: datetime
    """When the last of these was received, even if it changed nothing."""
    is_readable: bool
    """Whether the message itself still exists and the user may see it."""


@dataclass(frozen=True)
class Acknowledgement:
    """A current acknowledgement; the maintenance has its user."""


@dataclass(frozen=True)
class RecentChange:
    """One change of one maintenance."""

    at: datetime
    """When it was made, or the notification was received."""
    maintenance: CircuitMaintenance
    who: str
    """Address or user name of the author; empty if unknown."""
    what: NotificationChange | Acknowledgement | Note | Edit

    @property
    def kind(self) -> ChangeKind:
        """The most important part of the change."""
        if isinstance(self.what, NotificationChange):
            return kind_of(self.what.difference)
        return ChangeKind.ACKNOWLEDGEMENT if isinstance(self.what, Acknowledgement) else ChangeKind.EDIT


def kind_of(difference: Difference) -> ChangeKind:
    """Return the most important part of a change by notifications; a new but cancelled maintenance is cancelled."""
    before, after = difference.before, difference.after
    if before.status != after.status == Status.CANCELLED:
        return ChangeKind.CANCELLED
    if difference.is_first:
        return ChangeKind.NEW
    if before.windows != after.windows:
        return ChangeKind.MOVED
    if difference.circuits_removed or difference.circuits_added or difference.impacts_changed:
        return ChangeKind.IMPACT
    return ChangeKind.STATUS if before.status != after.status else ChangeKind.DESCRIPTION


@dataclass(frozen=True)
class Changes:
    """Changes, newest first; acknowledgements are limited apart, so that a hundred of them hide nothing else."""

    rows: tuple[RecentChange, ...]
    is_all: bool
    """Whether no older changes were left out."""


def read_changes(visibility: Visibility, since: datetime) -> Changes:
    """Return the changes since then that the user may see, in a fixed number of queries."""
    newest, notes = _newest_notifications(visibility, since), list(_notes(visibility, since)[:MOST])
    keys = newest.keys() | {note.maintenance_id for note in notes}
    maintenances = visibility.maintenances.select_related("provider").in_bulk(keys)
    kinds = (
        _by_notifications(visibility, since, newest, maintenances),
        _by_notes(visibility, notes, maintenances),
        _by_edits(visibility, since),
    )
    found = sorted((change for kind in kinds for change in kind), key=_at, reverse=True)
    acknowledged = _acknowledgements(visibility, since)
    is_all = len(found) <= MOST and not any(len(each) >= MOST for each in (*kinds, acknowledged))
    return Changes(tuple(sorted([*found[:MOST], *acknowledged], key=_at, reverse=True)), is_all)


def count_changes(visibility: Visibility, since: datetime) -> int:
    """Count what ``read_changes`` returns, but for acknowledgements, without working out what changed more than necessary."""
    count = _notes(visibility, since)[:MOST].count()
    if count < MOST:
        count += _count_notifications(visibility, since)
    if count < MOST:
        count += len(_by_edits(visibility, since))
    return min(count, MOST)


def _at(change: RecentChange) -> datetime:
    return change.at


def _newest_notifications(visibility: Visibility, since: datetime) -> dict[UUID, datetime]:
    """Return the maintenances that notifications were last received about, with the time of the newest."""
    recent = visibility.parsed_notifications.filter(received_at__gte=since)
    recent = visibility.of_visible_maintenances(recent).values_list("maintenance")
    return dict(recent.annotate(at=Max("received_at")).order_by("-at", "maintenance")[:MOST])


def _count_notifications(visibility: Visibility, since: datetime) -> int:
    """Count maintenances that notifications changed: those that are new, and those that are not as they were."""
    parsed = visibility.parsed_notifications.filter(maintenance__in=_newest_notifications(visibility, since))
    first = dict(parsed.order_by().values_list("maintenance").annotate(first=Min("received_at")))
    known = [pk for pk, received_at in first.items() if received_at < since]
    maintenances = visibility.maintenances.select_related("provider").in_bulk(known)
    evidence = _evidence(visibility, maintenances)
    changed = (pk for pk, each in maintenances.items() if _has_changed(_updates(evidence[pk], each.provider), since))
    return len(first) - len(known) + sum(1 for _ in changed)


def _evidence(visibility: Visibility, maintenances: Iterable[UUID]) -> defaultdict[UUID, list[ParsedNotification]]:
    evidence: defaultdict[UUID, list[ParsedNotification]] = defaultdict(list)
    for row in visibility.parsed_notifications.filter(maintenance__in=list(maintenances)):
        evidence[row.maintenance_id].append(row)
    return evidence


def _updates(rows: Iterable[ParsedNotification], provider: Provider | None) -> list[MaintenanceUpdate]:
    """Return what notifications announced, each message once, in the order of their receipt."""
    by_fingerprint = {row.fingerprint: row for row in rows}
    return sorted((counted(row.as_update(), provider) for row in by_fingerprint.values()), key=_received_at)


def _has_changed(updates: Sequence[MaintenanceUpdate], since: datetime) -> bool:
    before = conclude(each for each in updates if _received_at(each) < since)
    return not Difference(before, conclude(updates)).is_repeat


def _by_notifications(
    visibility: Visibility,
    since: datetime,
    newest: Mapping[UUID, datetime],
    maintenances: Mapping[UUID, CircuitMaintenance],
) -> list[RecentChange]:
    evidence = _evidence(visibility, newest)
    # A maintenance may be deleted between two queries.
    changed = {
        pk: found
        for pk in newest
        if pk in maintenances and (found := _of_notifications(evidence[pk], maintenances[pk].provider, since))
    }
    ids = {row.notification_id for _, row, _ in changed.values()}
    readable = set(visibility.notifications.filter(pk__in=ids).values_list("pk", flat=True))
    return [
        RecentChange(
            row.received_at,
            maintenances[pk],
            row.sender,
            NotificationChange(difference, row, count, newest[pk], row.notification_id in readable),
        )
        for pk, (difference, row, count) in changed.items()
    ]


def _of_notifications(
    rows: Sequence[ParsedNotification], provider: Provider | None, since: datetime
) -> tuple[Difference, ParsedNotification, int] | None:
    """Return the changes since then, the last received notification that changed something, and their number.

    None if nothing changed.
    """
    updates = _updates(rows, provider)
    new = [each for each in updates if _received_at(each) >= since]
    states = [EMPTY, *conclusions(updates)][-len(new) - 1 :]
    difference = Difference(states[0], states[-1])
    if not new or difference.is_repeat:
        return None
    steps = [Difference(before, after) for before, after in pairwise(states)]
    last = max((place for place, step in enumerate(steps) if not step.is_repeat), default=-1)
    fingerprint = new[last].provenance.fingerprint
    newest = next(row for row in rows if row.fingerprint == fingerprint)
    return difference, newest, len(new)


def _received_at(update: MaintenanceUpdate) -> datetime:
    return update.provenance.received_at


def _acknowledgements(visibility: Visibility, since: datetime) -> list[RecentChange]:
    recent = visibility.maintenances.filter(ack=True, acknowledged_at__gte=since)
    recent = recent.select_related("provider", "acknowledged_by")
    return [
        RecentChange(each.acknowledged_at, each, str(each.acknowledged_by or ""), Acknowledgement())
        for each in recent.order_by("-acknowledged_at")[:MOST]
    ]


def _notes(visibility: Visibility, since: datetime) -> QuerySet[Note]:
    """Return notes, the newest first, without their maintenances: those of all notes would be joined, and then sorted."""
    return visibility.of_visible_maintenances(visibility.notes.filter(created__gte=since)).order_by("-created", "pk")


def _by_notes(
    visibility: Visibility, notes: Iterable[Note], maintenances: Mapping[UUID, CircuitMaintenance]
) -> list[RecentChange]:
    found = [note for note in notes if note.maintenance_id in maintenances]
    for note in found:
        note.maintenance = maintenances[note.maintenance_id]
    authors = authors_of(visibility, found)
    return [RecentChange(note.created, note.maintenance, authors.get(note.pk, ""), note) for note in found]


def _by_edits(visibility: Visibility, since: datetime) -> list[RecentChange]:
    edits = read_edits(visibility, visibility.maintenances, since)
    return [RecentChange(edit.at, edit.maintenance, edit.who, edit) for edit in edits]
