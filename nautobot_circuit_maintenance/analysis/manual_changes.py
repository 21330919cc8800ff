"""Edits by people, read from Nautobot's change records. These expire, and the edits with them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.utils.dateparse import parse_datetime
from nautobot.apps.choices import ObjectChangeActionChoices as Action
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import PIPELINE_CONTEXT
from nautobot_circuit_maintenance.domain.calendar import is_in_calendar
from nautobot_circuit_maintenance.domain.conclusion import Conclusion
from nautobot_circuit_maintenance.domain.phrases import Phrase, phrases_of_edit
from nautobot_circuit_maintenance.domain.timeline import Difference
from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.models import CircuitMaintenance, Note
from nautobot_circuit_maintenance.models.windows import as_rest

MOST = 200
"""The number of changes that are read of each kind, and shown in total."""

_FIELDS = ("name", "provider", "ticket", "tags", "custom_fields", "ack")


@dataclass(frozen=True)
class Edit:
    """One save of a maintenance by a person."""

    at: datetime
    who: str
    maintenance: CircuitMaintenance
    is_new: bool
    """Whether the person created the maintenance."""
    difference: Difference | None = None
    """Status, description and windows; None if there is no earlier record to compare with."""
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Other changed fields by name ("ack" is one), with the value before and after."""

    @property
    def phrases(self) -> list[Phrase]:
        """What changed; empty if that is not on record."""
        return phrases_of_edit(self.difference, self.fields)


def read_edits(
    visibility: Visibility, maintenances: QuerySet[CircuitMaintenance], since: datetime | None = None
) -> list[Edit]:
    """Return the newest edits of these maintenances that the user may see, newest first, in two queries.

    Core's ``ObjectChange.get_snapshots`` would need one query per record. A current acknowledgement is left out: the
    maintenance itself records it, and longer.
    """
    made = _records(visibility, CircuitMaintenance).filter(
        changed_object_id__in=maintenances.values("pk"), action__in=(Action.ACTION_CREATE, Action.ACTION_UPDATE)
    )
    made = made.filter(time__gte=since) if since else made
    before = ObjectChange.objects.filter(
        changed_object_type=OuterRef("changed_object_type"),
        changed_object_id=OuterRef("changed_object_id"),
        time__lt=OuterRef("time"),
    ).order_by("-time")
    # Changes by notifications are in the evidence.
    made = made.exclude(change_context_detail=PIPELINE_CONTEXT).annotate(
        before=Subquery(before.values("object_data_v2")[:1])
    )
    records = list(made.defer("object_data").order_by("-time")[:MOST])
    edited = maintenances.select_related("provider").in_bulk({record.changed_object_id for record in records})
    edits = (_edit(r, edited[r.changed_object_id]) for r in records if r.changed_object_id in edited)
    return [edit for edit in edits if edit]


def authors_of(visibility: Visibility, notes: Iterable[Note]) -> dict[UUID, str]:
    """Return the authors of these notes by primary key, as far as the user may see them and they are on record."""
    made = _records(visibility, Note).filter(
        changed_object_id__in=[note.pk for note in notes], action=Action.ACTION_CREATE
    )
    return dict(made.values_list("changed_object_id", "user_name"))


def _records(visibility: Visibility, model: type[Model]) -> QuerySet[ObjectChange]:
    return visibility.change_records.filter(changed_object_type=ContentType.objects.get_for_model(model))


def _edit(record: Any, maintenance: CircuitMaintenance) -> Edit | None:
    """Read a change record; None if it changed nothing that is shown."""
    edit = {"at": record.time, "who": record.user_name, "maintenance": maintenance}
    is_new = record.action == Action.ACTION_CREATE
    if is_new or not record.before:
        return Edit(**edit, is_new=is_new)
    before, after = record.before, record.object_data_v2
    difference = Difference(_conclusion(before), _conclusion(after))
    fields = {name: (before.get(name), after.get(name)) for name in _FIELDS if before.get(name) != after.get(name)}
    if after.get("ack") and after.get("acknowledged_at") == as_rest(maintenance.acknowledged_at):
        fields.pop("ack", None)
    is_shown = fields or difference.before != difference.after
    return Edit(**edit, is_new=False, difference=difference, fields=fields) if is_shown else None


def _conclusion(data: Mapping[str, Any]) -> Conclusion:
    """Return the state in a change record, comparable with that of a notification."""
    return Conclusion(
        status=data.get("status") or "",
        description=data.get("description") or "",
        windows=tuple(_windows(data.get("windows") or ())),
    )


def _windows(spans: Iterable[tuple[str, str]]) -> Iterator[Window]:
    """Yield the windows in a change record; older records may have times that some time zone cannot show."""
    for span in spans:
        start, end = map(parse_datetime, span)
        if start and end and is_in_calendar(start) and is_in_calendar(end):
            yield Window(start, end)
