"""Windows in the REST API: those of a maintenance, and those in which a circuit is affected."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from nautobot_circuit_maintenance.models import CircuitImpact, MaintenanceWindow
from nautobot_circuit_maintenance.models.windows import Span, as_rest


class WindowSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """One window, inside its maintenance."""

    start_time = serializers.DateTimeField()
    end_time = serializers.DateTimeField()


class DoubtSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """Something about a maintenance that a person should clear up with the provider."""

    kind = serializers.CharField()
    sentence = serializers.CharField()
    fingerprint = serializers.CharField(help_text="Fingerprint of the notification that raised it.")


@extend_schema_field(WindowSerializer(many=True))
class OwnWindowsField(serializers.ListField):
    """The windows in which a circuit is affected; each must be one of the windows of the maintenance."""

    child = WindowSerializer()

    def get_attribute(self, instance: CircuitImpact) -> list[MaintenanceWindow]:
        """Return the prefetched windows."""
        return list(instance.windows.all())


def as_intervals(spans: Iterable[Span]) -> str:
    """Return windows in one cell of a CSV file, as ISO 8601 intervals."""
    return ", ".join(f"{as_rest(start)}/{as_rest(end)}" for start, end in spans)


def choose_windows(attrs: dict[str, Any], impact: CircuitImpact | None) -> None:
    """Replace the windows of a request by rows; raises ValidationError if the maintenance has no such window."""
    spans = [(each["start_time"], each["end_time"]) for each in attrs.get("windows", ())]
    if spans and attrs.get("in_all_windows"):
        raise serializers.ValidationError({"windows": "Leave this empty, or set in_all_windows to false."})
    if spans:
        attrs["in_all_windows"] = False
        attrs["windows"] = _rows(attrs.get("maintenance") or (impact.maintenance if impact else None), spans)
    elif attrs.get("in_all_windows"):
        attrs["windows"] = []


def _rows(maintenance: Any, spans: list[Span]) -> list[MaintenanceWindow]:
    stored = MaintenanceWindow.objects.filter(maintenance=maintenance)
    rows: dict[tuple[datetime, datetime], MaintenanceWindow] = {(row.start_time, row.end_time): row for row in stored}
    missing = [span for span in spans if span not in rows]
    if missing:
        raise serializers.ValidationError({"windows": f"Not a window of this maintenance: {as_intervals(missing)}."})
    return [rows[span] for span in spans]
