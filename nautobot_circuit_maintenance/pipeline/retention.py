"""Frees the space of raw messages after a while; what was concluded from them stays."""

from datetime import datetime

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import Notification


def purge_raw(*, before: datetime) -> int:
    """Empty the raw bytes of digested notifications received before this (aware) moment; return how many.

    The rows stay: their fingerprints keep a mailbox that is read again from bringing anything back.
    """
    digested = Notification.objects.exclude(state=State.RECEIVED)
    purged: int = digested.filter(received_at__lt=before, raw__isnull=False).update(raw=None)
    return purged
