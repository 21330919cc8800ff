"""Messages that were taken over from the older package, of which it kept no more than the beginning: read again, they are renewed."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State, TakenOverChoices as TakenOver
from nautobot_circuit_maintenance.models import Notification, ParsedNotification

IDENTITY = ("taken_over", "provider", "sender", "sent_at", "message_id", "subject")
"""What is the same in the whole message and in what the older package kept of it."""

_RENEWED = ("fingerprint", "source", "sender", "subject", "message_id", "server_id", "received_at", "size", "raw")
_VERDICT = ("sender_confirmed", "requires_confirmation")


def may_be_taken_over(messages: Iterable[Notification]) -> Q:
    """Return the condition on stored rows that may be these messages; their time of receipt is not known, only the Date."""
    rows = [row for row in messages if row.sent_at]
    moments, providers = {row.sent_at for row in rows}, {row.provider_id for row in rows}
    return Q(provider__in=providers, received_at__in=moments, taken_over__in=TakenOver.values())


def renew_taken_over(messages: Sequence[Notification], stored: Iterable[Notification]) -> list[Notification]:
    """Give rows that were taken over the whole message, to be read again; return the messages that are new.

    What was taken over stays the evidence until then, under the new fingerprint, so that the message says nothing new about
    what a person edited. A message that is not admitted renews nothing.
    """
    older = {_identity(row): row for row in stored if row.taken_over}
    fresh = []
    for row in messages:
        known = older.pop(_identity(row), None) if row.state == State.RECEIVED else None
        if known is None:
            fresh.append(row)
            continue
        values = {name: getattr(row, name) for name in (*_RENEWED, *_VERDICT)}
        undismissed = {"dismissed_at": None, "dismissed_by": None, "dismissed_reason": ""}
        reset = {"state": State.RECEIVED, "error": "", "attempts": 0, "taken_over": "", **undismissed}
        Notification.objects.filter(pk=known.pk).update(**values, **reset)
        ParsedNotification.objects.filter(notification=known.pk).update(
            fingerprint=row.fingerprint, received_at=row.received_at, subject=row.subject
        )
    return fresh


def _identity(row: Notification) -> tuple[Any, ...]:
    """Return what distinguishes a message from others; its subject where it has no Message-ID."""
    return row.provider_id, row.sender.lower(), row.sent_at, row.message_id or row.subject
