"""Puts recorded notifications back into the queue, to be digested again from their stored bytes."""

from uuid import UUID

from django.db.models import QuerySet
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.inbound.identify import SenderDirectory
from nautobot_circuit_maintenance.models import Notification


def await_digestion(notifications: QuerySet[Notification]) -> tuple[int, int]:
    """Reset these notifications; return how many wait now, and how many have no raw bytes to read again.

    An address that another provider owns by now takes its mail along.
    """
    without_bytes = notifications.filter(raw__isnull=True).count()
    chosen = list(notifications.filter(raw__isnull=False).values_list("pk", "sender", "provider"))
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
    return waiting.update(state=State.RECEIVED, attempts=0, error=""), without_bytes
