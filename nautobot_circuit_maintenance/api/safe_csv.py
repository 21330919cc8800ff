"""CSV that a spreadsheet can open without harm, and that is read again as what was written."""

from typing import Any

from nautobot.apps.api import BaseModelSerializer
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from nautobot_circuit_maintenance.domain.escaping import from_csv, in_csv


class SafeCsvMixin(BaseModelSerializer):
    """A serializer that escapes formulas in CSV, for REST, exports and jobs: unknown senders may have written the values.

    It takes the escapes away from what is imported. Rows of which a file holds only a part are not imported at all.
    """

    why_not_imported = ""
    """What to do instead of importing rows from CSV; empty if a file holds all that makes up a row."""

    @property
    def is_csv_import(self) -> bool:
        """Whether the values are from a CSV file: of a request, or of Nautobot's import job, which has none."""
        request = self.context.get("request", False)
        return request is None or bool(request and request.content_type.startswith("text/csv"))

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Escape the values of a CSV file."""
        data: dict[str, Any] = super().to_representation(instance)
        return in_csv(data) if self._is_csv_request() else data

    def to_internal_value(self, data: Any) -> Any:
        """Read the values of a CSV file; raises ValidationError for a row that cannot be imported."""
        if not self.is_csv_import:
            return super().to_internal_value(data)
        if self.instance is None and self.why_not_imported:
            message = f"This cannot be imported from CSV. {self.why_not_imported}"
            raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [message]})
        return super().to_internal_value(from_csv(data))
