"""Works out which maintenances were announced again under another ID."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from nautobot_circuit_maintenance.choices import MaintenanceKeyChoices as Kind
from nautobot_circuit_maintenance.domain.replacement import Account
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.changes import ChangedMaintenance
from nautobot_circuit_maintenance.pipeline.apply.keys import MOST_SIBLINGS, Key
from nautobot_circuit_maintenance.pipeline.apply.revision import Revision


def find_replacements(
    revisions: Sequence[Revision], named: Collection[Revision], notification: Notification, now: datetime
) -> list[ChangedMaintenance]:
    """Set by what each maintenance is replaced; return what changed.

    ``named``: those whose evidence may have changed; everything that shares a UID with them is among the revisions.
    """
    others = _sharing_a_uid(revisions)
    accounts = {each: Account(each.counted_updates, each.conclusion) for each in others}
    changes = []
    for revision in revisions:
        found = _replacement(revision, others.get(revision, ()), accounts)
        if found or revision in named or _was_replaced_by_one_of(revision, named):
            changes += _replace(revision, found, notification, now)
    return changes


def _sharing_a_uid(revisions: Iterable[Revision]) -> dict[Revision, set[Revision]]:
    """Return the others that share a UID with a maintenance; those that share none are left out."""
    by_uid: defaultdict[Key, list[Revision]] = defaultdict(list)
    for revision in revisions:
        for key in revision.keys:
            if key[1] == Kind.UID:
                by_uid[key].append(revision)
    others: defaultdict[Revision, set[Revision]] = defaultdict(set)
    for group in by_uid.values():
        if 1 < len(group) <= MOST_SIBLINGS:
            for revision in group:
                others[revision] |= set(group) - {revision}
    return others


def _replacement(revision: Revision, others: Iterable[Revision], accounts: dict[Revision, Account]) -> Revision | None:
    """Return the newest of these maintenances that stand in place of this one, if there is one."""
    fitting = [each for each in others if accounts[revision].is_replaced_by(accounts[each])]
    return max(fitting, key=lambda each: accounts[each].newest, default=None)


def _was_replaced_by_one_of(revision: Revision, named: Collection[Revision]) -> bool:
    return any(revision.maintenance.replaced_by_id == each.maintenance.pk for each in named)


def _replace(
    revision: Revision, found: Revision | None, notification: Notification, now: datetime
) -> list[ChangedMaintenance]:
    """Set what stands in place of a maintenance; return the change, if it is one."""
    maintenance = revision.maintenance
    wanted = found.maintenance.pk if found else None
    if maintenance.replaced_by_id == wanted:
        return []
    before = revision.snapshot()
    maintenance.replaced_by_id = wanted
    maintenance.last_updated = now
    revision.is_replacement_new = True
    return [ChangedMaintenance(maintenance, before, revision.snapshot(), notification)]
