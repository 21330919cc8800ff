"""Puts recorded notifications back into the queue, to be digested again from their stored bytes."""

from uuid import UUID

from django.db.models import Q, QuerySet
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory

_NOBODY_TO_TRUST = (
    "It was refused, and PLUGINS_CONFIG does not name its source any more, so nobody says whom to trust: it stays so. "
    "Name the source there as before, then Reprocess; or if you know it to be genuine, hand its file in (ingest)."
)


def requeue(notifications: QuerySet[Notification]) -> tuple[int, int]:
    """Reset these notifications; return how many wait now, and how many cannot be read again.

    Those are without raw bytes, or were refused by a source that is gone. An address that another provider owns by now
    takes its mail along.
    """
    distrusted = _distrusted(notifications)
    left = notifications.filter(Q(raw__isnull=True) | Q(pk__in=distrusted)).count()
    readable = notifications.filter(raw__isnull=False).exclude(pk__in=distrusted)
    chosen = list(readable.values_list("pk", "sender", "provider"))
    directory = SenderDirectory.of_all_providers()
    moved: dict[Provider, list[UUID]] = {}
    for pk, sender, provider_id in chosen:
        owner = directory.identify(sender)
        if owner and owner.pk != provider_id:
            moved.setdefault(owner, []).append(pk)
    for owner, pks in moved.items():
        Notification.objects.filter(pk__in=pks).update(provider=owner)
    # Asked once more: retention may have emptied one meanwhile, and what waits must have bytes.
    waiting = Notification.objects.filter(pk__in=[pk for pk, _, _ in chosen], raw__isnull=False)
    return waiting.update(state=State.RECEIVED, attempts=0, error=""), left


def _distrusted(notifications: QuerySet[Notification]) -> list[UUID]:
    """Return the refused ones whose policy nobody knows any more, and say so on them."""
    refused = notifications.filter(state=State.REFUSED).exclude(source__name__in=get_app_settings().source_names)
    found = list(refused.values_list("pk", flat=True))
    Notification.objects.filter(pk__in=found).update(error=_NOBODY_TO_TRUST)
    return found
