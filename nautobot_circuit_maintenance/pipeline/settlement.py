"""Settles the figures of a run: what became of its messages, also of those that other workers digested."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from nautobot.apps.choices import ObjectChangeActionChoices as Action
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.choices import PIPELINE_CONTEXT, NotificationStateChoices as State
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, ParsedNotification
from nautobot_circuit_maintenance.pipeline.outcomes import ApplyResult
from nautobot_circuit_maintenance.pipeline.report import RunReport

_ROWS_PER_QUERY = 1_000


def settle(report: RunReport, *, since: datetime) -> None:
    """Count the recorded notifications by their current state, and what they did to maintenances since then."""
    states = dict(_states([pk for each in report.sources for pk in each.recorded]))
    report.states = Counter(states.values())
    for each in report.sources:
        each.settle(states)
    own = {pk for each in report.sources for pk in each.ends}
    helped = [pk for pk, state in states.items() if state == State.PARSED and pk not in own]
    if helped:
        change_ids = {each for one in report.sources for each in one.change_ids}
        report.changes_of_helpers = _changes_of(helped, since, change_ids)


def _states(recorded: Sequence[UUID]) -> Iterator[tuple[UUID, str]]:
    for start in range(0, len(recorded), _ROWS_PER_QUERY):
        rows = Notification.objects.filter(pk__in=recorded[start : start + _ROWS_PER_QUERY]).order_by()
        yield from rows.values_list("pk", "state")


def _changes_of(notifications: Sequence[UUID], since: datetime, own: Collection[UUID]) -> Counter[ApplyResult]:
    """Count what other workers did with these notifications, by their change records."""
    maintenances: set[UUID] = set()
    updates = 0
    for start in range(0, len(notifications), _ROWS_PER_QUERY):
        evidence = ParsedNotification.objects.filter(notification__in=notifications[start : start + _ROWS_PER_QUERY])
        found = list(evidence.order_by().values_list("maintenance", flat=True))
        maintenances |= set(found)
        updates += len(found)
    records = ObjectChange.objects.filter(
        changed_object_type=ContentType.objects.get_for_model(CircuitMaintenance),
        change_context_detail=PIPELINE_CONTEXT,
        time__gte=since,
    ).exclude(request_id__in=own)
    actions = Counter(
        action for pk, action in records.order_by().values_list("changed_object_id", "action") if pk in maintenances
    )
    created, updated = actions[Action.ACTION_CREATE], actions[Action.ACTION_UPDATE]
    return +Counter(
        {
            ApplyResult.CREATED: created,
            ApplyResult.UPDATED: updated,
            ApplyResult.UNCHANGED: max(updates - created - updated, 0),
        }
    )
