"""What notifications last made of each maintenance, see ``domain.baseline``."""

from django.db import models
from nautobot.apps.models import BaseModel


class MaintenanceBaseline(BaseModel):
    """What notifications last made of a maintenance; internal, written whenever that changes.

    A table of its own: the row of a maintenance is read for every list, and this repeats all its circuits.
    """

    maintenance = models.OneToOneField(
        to="nautobot_circuit_maintenance.CircuitMaintenance", on_delete=models.CASCADE, related_name="+"
    )
    json = models.JSONField()

    natural_key_field_names = ["pk"]
    is_metadata_associable_model = False  # metadata would need a serializer

    class Meta:
        ordering = ("maintenance",)

    def __str__(self) -> str:
        return str(self.pk)
