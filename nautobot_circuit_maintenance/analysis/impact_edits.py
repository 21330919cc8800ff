"""Circuit impacts that people added, changed or removed, read from Nautobot's change records. These expire, and the edits with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db.models import OuterRef, Subquery
from nautobot.apps.choices import ObjectChangeActionChoices as Action
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.analysis.manual_changes import MOST
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance

_WINDOWS = ("in_all_windows", "windows")
_DONE = {Action.ACTION_CREATE: "added", Action.ACTION_DELETE: "removed"}


@dataclass(frozen=True)
class ImpactEdit:
    """One save or deletion of a circuit impact by a person."""

    at: datetime
    who: str
    cid: str
    done: str
    """"added", "changed" or "removed"."""
    before: str = ""
    """The impact before it was changed or removed."""
    after: str = ""
    cid_before: str = ""
    """The circuit ID before it was changed to this one; empty if it was not."""
    has_other_windows: bool = False
    """Whether the circuit is affected in other windows than before."""

    @property
    def is_shown(self) -> bool:
        """Whether anything changed that the timeline has words for."""
        return self.done != "changed" or bool(self.before != self.after or self.cid_before or self.has_other_windows)


def read_impact_edits(visibility: Visibility, maintenance: UUID) -> list[ImpactEdit]:
    """Return the newest edits of the impacts of a maintenance that the user may see, newest first, in two queries.

    What was removed has no permissions any more: only who may view all impacts sees it.
    """
    kinds = ContentType.objects.get_for_models(CircuitImpact, CircuitMaintenance)
    records = visibility.change_records.filter(
        changed_object_type=kinds[CircuitImpact],
        related_object_type=kinds[CircuitMaintenance],
        related_object_id=maintenance,
    )
    if not visibility.sees_all_impacts():
        records = records.filter(changed_object_id__in=visibility.impacts.filter(maintenance=maintenance).values("pk"))
    earlier = ObjectChange.objects.filter(
        changed_object_type=OuterRef("changed_object_type"),
        changed_object_id=OuterRef("changed_object_id"),
        time__lt=OuterRef("time"),
    ).order_by("-time")
    records = records.annotate(before=Subquery(earlier.values("object_data_v2")[:1])).order_by("-time")
    edits = (_edit(record) for record in records.defer("object_data")[:MOST])
    return [each for each in edits if each.is_shown]


def _edit(record: Any) -> ImpactEdit:
    after, before = record.object_data_v2 or {}, record.before or {}
    is_removed = record.action == Action.ACTION_DELETE
    is_changed = record.action == Action.ACTION_UPDATE and bool(before)
    cid, cid_before = (data.get("cid") or "" for data in (after, before))
    return ImpactEdit(
        at=record.time,
        who=record.user_name,
        cid=cid,
        done=_DONE.get(record.action, "changed"),
        before=_impact(after if is_removed else before),
        after="" if is_removed else _impact(after),
        cid_before=cid_before if is_changed and cid_before != cid else "",
        has_other_windows=is_changed and any(before.get(name) != after.get(name) for name in _WINDOWS),
    )


def _impact(data: Mapping[str, Any]) -> str:
    """Return the impact in a change record; the REST API wrote it with its label."""
    value = data.get("impact") or ""
    return str(value.get("value", "")) if isinstance(value, Mapping) else str(value)
