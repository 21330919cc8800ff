"""What changed since a moment, over all maintenances that a user may see: by mail and by people.

Mail counts by the time it arrived. What a provider's mails changed is told once for each maintenance: what is
concluded of all that had arrived by then, and what of all that has arrived by now. So reminders, mails that came late
and changed nothing, and what was taken back meanwhile do not hide the rest.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from django.db.models import Max

from nautobot_circuit_maintenance.analysis.manual_changes import MOST, Edit, authors_of, read_edits
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.domain.conclusion import EMPTY, conclude, in_order, still_needed
from nautobot_circuit_maintenance.domain.timeline import Difference, TimelineEntry, steps
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.models import CircuitMaintenance, Note, ParsedNotification


class Kind(Enum):
    """What a change is first of all: what matters most to an operator comes first."""

    CANCELLED = "cancelled"
    MOVED = "moved"
    NEW = "new"
    IMPACT = "impact"
    STATUS = "status"
    PEOPLE = "people"
    WORDS = "words"


@dataclass(frozen=True)
class Mail:
    """What a provider's mails changed, all in all, and the last to arrive that changed something."""

    difference: Difference
    newest: ParsedNotification
    count: int
    """Mails since the moment, reminders among them."""
    last_arrived: datetime
    """When the last of these mails arrived, though it may have changed nothing."""
    is_readable: bool
    """Whether the user may see the message itself, and it is still there."""


@dataclass(frozen=True)
class Acknowledgement:
    """Somebody has taken note; the maintenance says who."""


@dataclass(frozen=True)
class Change:
    """One thing that changed."""

    at: datetime
    """When it was done, or when the mail arrived."""
    maintenance: CircuitMaintenance
    who: str
    """Address or name of whoever did it; empty where nobody knows."""
    what: Mail | Acknowledgement | Note | Edit

    @property
    def kind(self) -> Kind:
        """What it is first of all."""
        return kind_of(self.what.difference) if isinstance(self.what, Mail) else Kind.PEOPLE


def kind_of(difference: Difference) -> Kind:
    """Tell what mails changed first of all; a maintenance that was cancelled before it was known is cancelled."""
    before, after = difference.before, difference.after
    if before.status != after.status == Status.CANCELLED:
        return Kind.CANCELLED
    if difference.is_first:
        return Kind.NEW
    if before.windows != after.windows:
        return Kind.MOVED
    if difference.circuits_gone or difference.circuits_new or difference.circuits_turned:
        return Kind.IMPACT
    return Kind.STATUS if before.status != after.status else Kind.WORDS


@dataclass(frozen=True)
class Changes:
    """What changed, newest first."""

    rows: tuple[Change, ...]
    is_all: bool
    """Whether nothing older was left out."""


def read_changes(visibility: Visibility, since: datetime) -> Changes:
    """Read what the user may see of what changed since then; always the same number of queries."""
    kinds = (
        _mails(visibility, since),
        _acknowledgements(visibility, since),
        _notes(visibility, since),
        _edits(visibility, since),
    )
    found = sorted((change for kind in kinds for change in kind), key=lambda change: change.at, reverse=True)
    is_all = len(found) <= MOST and not any(len(kind) >= MOST for kind in kinds)
    return Changes(tuple(found[:MOST]), is_all)


def _mails(visibility: Visibility, since: datetime) -> list[Change]:
    seen = visibility.parsed_notifications
    lately = seen.filter(received_at__gte=since, maintenance__in=visibility.maintenances).values_list("maintenance")
    newest = dict(lately.annotate(at=Max("received_at")).order_by("-at", "maintenance")[:MOST])
    maintenances = visibility.maintenances.select_related("provider").in_bulk(newest)
    told: defaultdict[UUID, list[ParsedNotification]] = defaultdict(list)
    for row in seen.filter(maintenance__in=newest):
        told[row.maintenance_id].append(row)
    # A maintenance may be deleted between two queries.
    changed = {pk: found for pk in newest if pk in maintenances and (found := _of_mails(told[pk], since))}
    mails = {row.notification_id for _, row, _ in changed.values()}
    readable = set(visibility.notifications.filter(pk__in=mails).values_list("pk", flat=True))
    return [
        Change(
            row.received_at,
            maintenances[pk],
            row.sender,
            Mail(difference, row, count, newest[pk], row.notification_id in readable),
        )
        for pk, (difference, row, count) in changed.items()
    ]


def _of_mails(rows: Iterable[ParsedNotification], since: datetime) -> tuple[Difference, ParsedNotification, int] | None:
    """Return what the mails since then changed, the last to arrive that changed something, and their number.

    None if all is as it was before.
    """
    by_fingerprint = {row.fingerprint: row for row in rows}
    told = steps(row.as_update() for row in by_fingerprint.values())
    lately = [step for step in told if step.update.provenance.received_at >= since]
    if not lately:
        return None
    before = conclude(step.update for step in told if step.update.provenance.received_at < since)
    difference = Difference(before, told[0].after)
    if difference.is_repeat:
        return None
    last = _last_to_change(told, since)
    return difference, by_fingerprint[last.update.provenance.fingerprint], len(lately)


def _last_to_change(told: Sequence[TimelineEntry], since: datetime) -> TimelineEntry:
    """Return the step whose mail was the last to arrive that changed what is concluded of all that had arrived."""
    by_arrival = sorted(told, key=_arrival)
    last = by_arrival[-1]
    needed: list[MaintenanceUpdate] = []
    before = EMPTY
    for step in by_arrival:
        # Not from all that had arrived: that would cost the square of the number of mails.
        needed = still_needed(in_order([*needed, step.update]))
        after = conclude(needed)
        if _arrival(step) >= since and not Difference(before, after).is_repeat:
            last = step
        before = after
    return last


def _arrival(step: TimelineEntry) -> datetime:
    return step.update.provenance.received_at


def _acknowledgements(visibility: Visibility, since: datetime) -> list[Change]:
    lately = visibility.maintenances.filter(ack=True, acknowledged_at__gte=since)
    lately = lately.select_related("provider", "acknowledged_by")
    return [
        Change(each.acknowledged_at, each, str(each.acknowledged_by or ""), Acknowledgement())
        for each in lately.order_by("-acknowledged_at")[:MOST]
    ]


def _notes(visibility: Visibility, since: datetime) -> list[Change]:
    lately = visibility.notes.filter(created__gte=since, maintenance__in=visibility.maintenances)
    notes = list(lately.select_related("maintenance__provider").order_by("-created")[:MOST])
    authors = authors_of(visibility, notes)
    return [Change(note.created, note.maintenance, authors.get(note.pk, ""), note) for note in notes]


def _edits(visibility: Visibility, since: datetime) -> list[Change]:
    edits = read_edits(visibility, visibility.maintenances, since)
    return [Change(edit.at, edit.maintenance, edit.who, edit) for edit in edits]
