"""Messages that a gateway delivered without their content first, and whole later."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db.models import Q

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.reading.parse import LACKS_CONTENT

_LONGEST_DELAY = timedelta(days=7)

Identity = tuple[object, ...]


def settle_placeholders(parsed: Sequence[Notification], failed: Sequence[Notification]) -> None:
    """Ignore what failed for lack of content if the same message was parsed: same Message-ID, sender and date.

    ``parsed`` and ``failed`` have just been digested; their states are stored.
    """
    for placeholder, whole in [*_placeholders_of(parsed), *_wholes_of(failed)]:
        reason = (
            f"Delivered without its content; the same message arrived on {whole.received_at:%Y-%m-%d at %H:%M} UTC "
            "and was parsed."
        )
        Notification.objects.filter(pk=placeholder.pk, state=State.FAILED).update(state=State.IGNORED, error=reason)


def _placeholders_of(parsed: Iterable[Notification]) -> Iterable[tuple[Notification, Notification]]:
    """Yield what failed for lack of content, with the message that was parsed instead."""
    wholes = {identity: row for row in parsed if (identity := _identity(row))}
    if not wholes:
        return
    ids = [row.message_id for row in wholes.values()]
    lacking = Q()
    for code in LACKS_CONTENT:
        lacking |= Q(error__startswith=code)
    for row in Notification.objects.filter(lacking, state=State.FAILED, message_id__in=ids):
        if whole := wholes.get(_identity(row)):
            yield row, whole


def _wholes_of(failed: Iterable[Notification]) -> Iterable[tuple[Notification, Notification]]:
    """Yield what has just failed for lack of content, with the message that was parsed before."""
    for row in failed:
        if _identity(row) and row.error.startswith(LACKS_CONTENT):
            near = (row.received_at - _LONGEST_DELAY, row.received_at + _LONGEST_DELAY)
            same = Notification.objects.filter(
                provider=row.provider_id,
                received_at__range=near,
                state=State.PARSED,
                message_id=row.message_id,
                sender=row.sender,
                sent_at=row.sent_at,
            )
            if whole := same.first():
                yield row, whole


def _identity(row: Notification) -> Identity:
    """Return what is the same in all copies of a message; empty if it does not identify the message."""
    if not row.message_id or row.sent_at is None:
        return ()
    return row.provider_id, row.message_id, row.sender, row.sent_at
