"""Custom fields of maintenances that notifications create."""

from typing import Any

from nautobot.extras.models import CustomField

from nautobot_circuit_maintenance.models import CircuitMaintenance


def default_values() -> dict[str, Any]:
    """Return the defaults of the custom fields of maintenances, by key; Nautobot caches the fields."""
    fields = CustomField.objects.get_for_model(CircuitMaintenance)
    return {field.key: field.default for field in fields if field.default is not None}
