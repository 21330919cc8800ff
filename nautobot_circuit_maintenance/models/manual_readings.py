"""What a person made of a message: it replaces what a parser reads, however often the message is read again."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.models import BaseModel

from nautobot_circuit_maintenance.domain.evidence import from_json, to_json
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Provenance
from nautobot_circuit_maintenance.models.notifications import Notification

PARSER = "person"
"""The name of the parser in the evidence that a person added."""


class ManualReading(BaseModel):
    """What a person made of a message.

    It belongs to the message, not to a row that reprocessing or a deletion may replace.
    """

    fingerprint = models.CharField(max_length=64, unique=True)
    updates = models.JSONField()
    """One for each maintenance, in the schema of the evidence."""
    read_by = models.ForeignKey(
        to=settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    read_by_name = models.CharField(max_length=CHARFIELD_MAX_LENGTH)
    """Kept if the user is deleted."""
    read_at = models.DateTimeField()

    natural_key_field_names = ["pk"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("read_at",)

    def __str__(self) -> str:
        return f"{self.read_by_name}, {self.read_at}"

    def as_updates(self, provenance: Provenance) -> tuple[MaintenanceUpdate, ...]:
        """Return the updates of the message that was received this way."""
        return tuple(from_json(each, provenance) for each in self.updates)


def manual_readings(rows: Iterable[Notification]) -> dict[str, ManualReading]:
    """Return what people made of these messages, by fingerprint."""
    fingerprints = [row.fingerprint for row in rows]
    return {each.fingerprint: each for each in ManualReading.objects.filter(fingerprint__in=fingerprints)}


def record_reading(row: Notification, updates: Sequence[MaintenanceUpdate], user: Any, now: datetime) -> ManualReading:
    """Record what a person made of a message, in place of what anyone made of it before."""
    values = {
        "updates": [to_json(update) for update in updates],
        "read_by": user,
        "read_by_name": user.get_username(),
        "read_at": now,
    }
    reading, _ = ManualReading.objects.update_or_create(fingerprint=row.fingerprint, defaults=values)
    return reading
