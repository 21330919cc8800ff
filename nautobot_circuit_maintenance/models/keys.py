"""What notifications refer to a maintenance by: its maintenance IDs and the UIDs of its calendar events."""

import hashlib

from django.db import models
from nautobot.apps.constants import CHARFIELD_MAX_LENGTH
from nautobot.apps.models import BaseModel

from nautobot_circuit_maintenance.choices import MaintenanceKeyChoices


class MaintenanceKey(BaseModel):
    """One of the IDs of a maintenance; internal, written with every notification that brings a new one."""

    maintenance = models.ForeignKey(
        to="nautobot_circuit_maintenance.CircuitMaintenance", on_delete=models.CASCADE, related_name="keys"
    )
    provider = models.ForeignKey(to="circuits.Provider", on_delete=models.CASCADE, related_name="+")
    """The provider whose notification has it; a person may have given the maintenance to another one."""
    kind = models.CharField(max_length=3, choices=MaintenanceKeyChoices)
    value = models.CharField(max_length=CHARFIELD_MAX_LENGTH)
    """An ID in lower case, or a UID as it is; without blanks around it."""

    natural_key_field_names = ["pk"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("maintenance", "kind", "value")
        indexes = [models.Index(fields=["value", "kind"], name="cm_key_value")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


def id_key(maintenance_id: str) -> str:
    """Return a maintenance ID for comparison: IDs are compared ignoring case and blanks around them."""
    return _bounded(maintenance_id.strip().lower())


def uid_key(uid: str) -> str:
    """Return a UID for comparison: UIDs are compared as they are, without blanks around them."""
    return _bounded(uid.strip())


def _bounded(value: str) -> str:
    """Return a value that fits its column: a longer one as its digest."""
    return value if len(value) <= CHARFIELD_MAX_LENGTH else hashlib.sha256(value.encode()).hexdigest()
