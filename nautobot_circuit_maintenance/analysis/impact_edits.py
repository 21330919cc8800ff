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
    return [each for each in edits if each.done != "changed" or each.before != each.after]


def _edit(record: Any) -> ImpactEdit:
    after = record.object_data_v2 or {}
    is_removed = record.action == Action.ACTION_DELETE
    return ImpactEdit(
        at=record.time,
        who=record.user_name,
        cid=after.get("cid") or "",
        done=_DONE.get(record.action, "changed"),
        before=_impact(after if is_removed else record.before or {}),
        after="" if is_removed else _impact(after),
    )


def _impact(data: Mapping[str, Any]) -> str:
    """Return the impact in a change record; the REST API wrote it with its label."""
    value = data.get("impact") or ""
    return str(value.get("value", "")) if isinstance(value, Mapping) else str(value)
