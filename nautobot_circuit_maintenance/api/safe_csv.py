"""CSV that a spreadsheet can open without harm."""

from typing import Any

from nautobot.apps.api import BaseModelSerializer

from nautobot_circuit_maintenance.domain.escaping import in_csv


class SafeCsvMixin(BaseModelSerializer):
    """A serializer that escapes formulas in CSV, for REST, exports and jobs: unknown senders may have written the values."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Escape the values of a CSV file."""
        data: dict[str, Any] = super().to_representation(instance)
        return in_csv(data) if self._is_csv_request() else data
