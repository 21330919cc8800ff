"""Deletes the raw bytes of old messages; everything concluded from them stays."""

from datetime import datetime

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import Notification


def purge_raw(*, before: datetime) -> int:
    """Delete the raw bytes of digested notifications received before this (aware) time; return how many.

    The rows stay: by their fingerprints, messages that are read again count as duplicates.
    """
    digested = Notification.objects.exclude(state=State.RECEIVED)
    purged: int = digested.filter(received_at__lt=before, raw__isnull=False).update(raw=None)
    return purged
