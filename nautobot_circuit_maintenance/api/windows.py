"""Windows in the REST API: those of a maintenance, and those in which a circuit is affected."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from nautobot.apps.api import BaseModelSerializer
from rest_framework import serializers

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, MaintenanceWindow
from nautobot_circuit_maintenance.models.windows import Span, as_rest, whole_of

_TIMES = ("start_time", "end_time")


class WindowSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """One window, inside its maintenance."""

    start_time = serializers.DateTimeField()
    end_time = serializers.DateTimeField()


class DoubtSerializer(serializers.Serializer):  # pylint: disable=abstract-method  # only for reading
    """Something about a maintenance that a person should clear up with the provider."""

    kind = serializers.CharField()
    sentence = serializers.CharField()
    fingerprint = serializers.CharField(help_text="Fingerprint of the notification that raised it.")


class _EnteredWindowSerializer(WindowSerializer):  # pylint: disable=abstract-method  # only for reading
    """A window that a client sends: as an object, or as the interval of a CSV file."""

    def to_internal_value(self, data: Any) -> Any:
        """Read an ISO 8601 interval, too."""
        if isinstance(data, str):
            start, _, end = data.strip().partition("/")
            data = {"start_time": start, "end_time": end}
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Reject what no window can be."""
        MaintenanceWindow(**attrs).clean()
        return attrs


@extend_schema_field(WindowSerializer(many=True))
class WindowsField(serializers.ListField):
    """Windows: in CSV, intervals in one cell."""

    child = _EnteredWindowSerializer()

    def get_attribute(self, instance: Any) -> list[MaintenanceWindow]:
        """Return the prefetched windows."""
        return list(instance.windows.all())

    def to_representation(self, data: list[MaintenanceWindow]) -> Any:
        """Return intervals for CSV."""
        # pylint: disable-next=protected-access  # Nautobot has no other name for it
        if isinstance(self.parent, BaseModelSerializer) and self.parent._is_csv_request():
            return as_intervals((window.start_time, window.end_time) for window in data)
        return super().to_representation(data)


class OwnWindowsField(WindowsField):
    """The windows in which a circuit is affected; each must be one of the windows of the maintenance."""

    def get_attribute(self, instance: CircuitImpact) -> list[MaintenanceWindow]:
        """Return the windows; without a query if it is affected in all."""
        return [] if instance.in_all_windows else super().get_attribute(instance)


def as_intervals(spans: Iterable[Span]) -> str:
    """Return windows in one cell of a CSV file, as ISO 8601 intervals."""
    return ", ".join(f"{as_rest(start)}/{as_rest(end)}" for start, end in spans)


def take_windows(attrs: dict[str, Any], maintenance: CircuitMaintenance | None) -> None:
    """Derive start and end from the windows of a request; raises ValidationError if it states others.

    Windows that are stored already change nothing: a client may send them back beside another start or end. Nor does an
    empty list beside a start or an end.
    """
    spans = sorted({(each["start_time"], each["end_time"]) for each in attrs.pop("spans")})
    entered = {name: attrs[name] for name in _TIMES if attrs.get(name)}
    if spans == _stored(maintenance) or (entered and not spans):
        return
    whole = dict(zip(_TIMES, whole_of(spans) if spans else (None, None)))
    kept = {name: getattr(maintenance, name, None) for name in _TIMES}
    wrong = [name for name, moment in entered.items() if moment not in (whole[name], kept[name])]
    if wrong:
        raise serializers.ValidationError({name: f"By the windows, it is {as_rest(whole[name])}." for name in wrong})
    attrs.update(spans=spans, **whole)


def _stored(maintenance: CircuitMaintenance | None) -> list[Span]:
    rows = maintenance.windows.all() if maintenance else ()
    return sorted((row.start_time, row.end_time) for row in rows)


def require_windows(attrs: dict[str, Any], impact: CircuitImpact | None) -> None:
    """Raise ValidationError if a CSV file limits an impact to some windows and has no column with them."""
    is_limited = attrs.get("in_all_windows") is False and (impact is None or impact.in_all_windows)
    if is_limited and "windows" not in attrs:
        raise serializers.ValidationError({"windows": "Without this column, the circuit would not be affected at all."})


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
