"""Recent changes of all maintenances that a user may see, by notifications and by people.

Notifications count from their receipt. Their changes are one row per maintenance: its state then compared with its
state now. So reminders, late notifications without changes, and changes that were reverted do not hide the rest.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from django.db.models import Max
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.analysis.manual_changes import MOST, Edit, authors_of, read_edits
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.domain.conclusion import EMPTY, conclude, conclusions
from nautobot_circuit_maintenance.domain.timeline import Difference, TimelineEntry, entries
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
    """Changes, newest first."""

    rows: tuple[RecentChange, ...]
    is_all: bool
    """Whether no older changes were left out."""


def read_changes(visibility: Visibility, since: datetime) -> Changes:
    """Return the changes since then that the user may see, in a fixed number of queries."""
    kinds = (
        _notifications(visibility, since),
        _acknowledgements(visibility, since),
        _notes(visibility, since),
        _edits(visibility, since),
    )
    found = sorted((change for kind in kinds for change in kind), key=lambda change: change.at, reverse=True)
    is_all = len(found) <= MOST and not any(len(kind) >= MOST for kind in kinds)
    return Changes(tuple(found[:MOST]), is_all)


def _notifications(visibility: Visibility, since: datetime) -> list[RecentChange]:
    parsed = visibility.parsed_notifications
    recent = visibility.of_visible_maintenances(parsed.filter(received_at__gte=since)).values_list("maintenance")
    newest = dict(recent.annotate(at=Max("received_at")).order_by("-at", "maintenance")[:MOST])
    maintenances = visibility.maintenances.select_related("provider").in_bulk(newest)
    evidence: defaultdict[UUID, list[ParsedNotification]] = defaultdict(list)
    for row in parsed.filter(maintenance__in=newest):
        evidence[row.maintenance_id].append(row)
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
    rows: Iterable[ParsedNotification], provider: Provider | None, since: datetime
) -> tuple[Difference, ParsedNotification, int] | None:
    """Return the changes since then, the last received notification that changed something, and their number.

    None if nothing changed.
    """
    by_fingerprint = {row.fingerprint: row for row in rows}
    found = entries(counted(row.as_update(), provider) for row in by_fingerprint.values())
    count = sum(_received_at(entry) >= since for entry in found)
    if not count:
        return None
    before = conclude(entry.update for entry in found if _received_at(entry) < since)
    difference = Difference(before, found[0].after)
    if difference.is_repeat:
        return None
    last = _last_to_change(found, since)
    return difference, by_fingerprint[last.update.provenance.fingerprint], count


def _last_to_change(found: Iterable[TimelineEntry], since: datetime) -> TimelineEntry:
    """Return the entry of the last received notification that changed the conclusion from all received until then."""
    in_order_of_receipt = sorted(found, key=_received_at)
    last = in_order_of_receipt[-1]
    before = EMPTY
    for entry, after in zip(in_order_of_receipt, conclusions(entry.update for entry in in_order_of_receipt)):
        if _received_at(entry) >= since and not Difference(before, after).is_repeat:
            last = entry
        before = after
    return last


def _received_at(entry: TimelineEntry) -> datetime:
    return entry.update.provenance.received_at


def _acknowledgements(visibility: Visibility, since: datetime) -> list[RecentChange]:
    recent = visibility.maintenances.filter(ack=True, acknowledged_at__gte=since)
    recent = recent.select_related("provider", "acknowledged_by")
    return [
        RecentChange(each.acknowledged_at, each, str(each.acknowledged_by or ""), Acknowledgement())
        for each in recent.order_by("-acknowledged_at")[:MOST]
    ]


def _notes(visibility: Visibility, since: datetime) -> list[RecentChange]:
    recent = visibility.of_visible_maintenances(visibility.notes.filter(created__gte=since)).order_by("-created", "pk")
    # First the keys: the maintenances of all notes would be joined, and then sorted.
    keys = list(recent.values_list("pk", flat=True)[:MOST])
    notes = list(
        visibility.notes.filter(pk__in=keys).select_related("maintenance__provider").order_by("-created", "pk")
    )
    authors = authors_of(visibility, notes)
    return [RecentChange(note.created, note.maintenance, authors.get(note.pk, ""), note) for note in notes]


def _edits(visibility: Visibility, since: datetime) -> list[RecentChange]:
    edits = read_edits(visibility, visibility.maintenances, since)
    return [RecentChange(edit.at, edit.maintenance, edit.who, edit) for edit in edits]
