"""Suspends live layouts that no longer fit: three refusals in a row, or a person who corrects what one read."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import transaction
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.extras.choices import ObjectChangeActionChoices
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.choices import MailLayoutStateChoices as State
from nautobot_circuit_maintenance.domain.text import folded, shortened
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.models import MailLayout, ParsedNotification
from nautobot_circuit_maintenance.models.layouts import MOST_REFUSALS, is_layout

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.pipeline.layouts.reader import Attempt


def count_refusals(attempts: "Iterable[Attempt]") -> list[ObjectChange]:
    """Count what live layouts refused in a row, in the order of these attempts; return the records of suspensions.

    Processing a notification again says nothing new: each counts once. To be called in the transaction of a chunk.
    """
    changes: list[ObjectChange] = []
    by_layout: dict[Any, list[Attempt]] = {}
    for each in attempts:
        by_layout.setdefault(each.layout.pk, []).append(each)
    for own in by_layout.values():
        changes += _count(own)
    return changes


def _count(own: "Sequence[Attempt]") -> list[ObjectChange]:
    if not own[0].layout.refusals and all(each.reading.update for each in own):
        return []
    layout = MailLayout.objects.select_for_update().filter(pk=own[0].layout.pk, state=State.LIVE).first()
    if layout is None:
        return []
    for each in own:
        refused = [*layout.refused, each.fingerprint]
        layout.refused = [] if each.reading.update else list(dict.fromkeys(refused))
        layout.refusals = len(layout.refused)
        if layout.refusals >= MOST_REFUSALS:
            return [suspend(layout, f"It refused {MOST_REFUSALS} emails in a row. {each.reading.refusal}")]
    MailLayout.objects.filter(pk=layout.pk).update(refusals=layout.refusals, refused=layout.refused)
    return []


def suspend(layout: MailLayout, reason: str) -> ObjectChange:
    """Suspend a layout and return the change record, unsaved and unsigned."""
    layout.state, layout.suspended_because = State.SUSPENDED, shortened(reason, CHARFIELD_MAX_LENGTH)
    MailLayout.objects.filter(pk=layout.pk).update(
        state=layout.state, suspended_because=layout.suspended_because, refusals=layout.refusals, refused=[]
    )
    return layout.to_objectchange(ObjectChangeActionChoices.ACTION_UPDATE)


def contradicted(evidence: Iterable[ParsedNotification], update: MaintenanceUpdate) -> list[ObjectChange]:
    """Suspend the live layouts that read this evidence where a person says something else; return the change records."""
    wrong = {
        row.json["parser"]["details"].get("layout")
        for row in evidence
        if is_layout(row.parser) and is_contradicted(row.as_update(), update)
    }
    with transaction.atomic():
        layouts = MailLayout.objects.select_for_update().filter(pk__in=wrong - {None}, state=State.LIVE)
        return [suspend(layout, "A person corrected what it read.") for layout in layouts]


def is_contradicted(read: MaintenanceUpdate, right: MaintenanceUpdate) -> bool:
    """Return whether what was read differs from what is right in more than impacts or spelling."""
    return _essence(read) != _essence(right)


def _essence(update: MaintenanceUpdate) -> tuple[Any, ...]:
    return folded(update.maintenance_id), update.windows, update.status, {folded(each.cid) for each in update.circuits}
