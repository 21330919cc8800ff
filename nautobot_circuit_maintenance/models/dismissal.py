"""Dismiss the result of notifications: one implementation for the pages and the REST API."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from nautobot.extras.choices import ObjectChangeActionChoices
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.compat import signed
from nautobot_circuit_maintenance.models.notifications import Notification
from nautobot_circuit_maintenance.models.querysets import NotificationQuerySet


@dataclass(frozen=True)
class DismissResult:
    """What happened to each notification that a user dismissed; what is neither needs no attention."""

    dismissed: list[Notification] = field(default_factory=list)
    changed: list[Notification] = field(default_factory=list)
    """Processed again after the user saw them, with another result, and therefore not dismissed."""


def dismiss(
    notifications: NotificationQuerySet, user: Any, *, reason: str, now: datetime, seen: str = ""
) -> DismissResult:
    """Dismiss the results of notifications on behalf of a user, and log it.

    ``seen`` is the ``result_key`` that the user saw; another result than that is not dismissed. Reprocessing with the
    same result leaves a notification dismissed, with another one it needs attention again.
    """
    result = DismissResult()
    with transaction.atomic():
        # In the order in which workers lock them.
        rows = notifications.dismissible().select_for_update(of=("self",)).order_by("received_at", "fingerprint")
        for row in rows:
            (result.changed if seen and seen != row.result_key else result.dismissed).append(row)
        for row in result.dismissed:
            row.dismissed_at, row.dismissed_by, row.dismissed_reason = now, user, reason
            row.dismissed_state, row.dismissed_error = row.result
        Notification.objects.bulk_update(
            result.dismissed,
            ["dismissed_at", "dismissed_by", "dismissed_reason", "dismissed_state", "dismissed_error"],
            batch_size=500,
        )
        ObjectChange.objects.bulk_create([signed(_record(row), user) for row in result.dismissed])
    return result


def _record(row: Notification) -> ObjectChange:
    """Return the change record, not saved and without a user; notifications have no others."""
    facts = {"state": row.state, "error": row.error, "dismissed_reason": row.dismissed_reason}
    return ObjectChange(
        changed_object=row,
        object_repr=str(row)[:200],
        action=ObjectChangeActionChoices.ACTION_UPDATE,
        object_data=facts,
        object_data_v2={"id": str(row.pk), "object_type": row._meta.label_lower, "display": str(row), **facts},
    )
