"""Channels that do not work: since when, and when each is tried again. Their messages wait and lose no attempt."""

from datetime import datetime, timedelta

from django.db import transaction

from nautobot_circuit_maintenance.models import ChannelState
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable

PROBES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30))
"""Pauses before each attempt; the last one repeats."""
_SLACK = timedelta(seconds=30)
"""A run that starts a little early does not put a probe off until the next one."""


def is_resting(name: str, now: datetime) -> bool:
    """Return whether a channel is down and not to be tried yet."""
    return bool(ChannelState.objects.filter(name=name, down_since__isnull=False, next_probe__gt=now + _SLACK).exists())


def down_and_due(now: datetime) -> list[str]:
    """Return the names of the channels that are down and are to be tried now."""
    due = ChannelState.objects.filter(down_since__isnull=False, next_probe__lte=now + _SLACK)
    return list(due.order_by("name").values_list("name", flat=True))


def note_down(name: str, error: ChannelUnavailable, now: datetime) -> None:
    """Store that a channel does not work, and when to try it again."""
    with transaction.atomic():
        ChannelState.objects.get_or_create(name=name)
        row = ChannelState.objects.select_for_update().get(name=name)
        pause = PROBES[min(row.probes, len(PROBES) - 1)]
        asked = timedelta(seconds=min(error.retry_after or 0, PROBES[-1].total_seconds()))
        row.down_since = row.down_since or now
        row.next_probe, row.probes, row.error = now + max(pause, asked), row.probes + 1, str(error)
        row.probes = min(row.probes, len(PROBES))
        row.save()


def note_up(name: str) -> None:
    """Store that a channel works."""
    down = ChannelState.objects.filter(name=name, down_since__isnull=False)
    down.update(down_since=None, next_probe=None, probes=0, error="")
