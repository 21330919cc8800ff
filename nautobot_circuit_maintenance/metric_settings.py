"""What PLUGINS_CONFIG says about the metrics, as values; fields of circuits are not looked up here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from nautobot_circuit_maintenance.mailboxes.secret_settings import SettingsProblem

NAMES = ("circuit_metric_labels",)
DEFAULT_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "circuit": "cid",
        "provider": "provider__name",
        "type": "circuit_type__name",
        "location_a": "circuit_termination_a__location__name",
        "location_z": "circuit_termination_z__location__name",
    }
)
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
"""Prometheus data model; names that begin with two underscores are Prometheus' own."""
_CUSTOM_FIELD, _CUSTOM_FIELDS = "cf_", "_custom_field_data__"


@dataclass(frozen=True)
class MetricSettings:
    """The settings of the metrics."""

    circuit_labels: Mapping[str, str] = field(default_factory=lambda: DEFAULT_LABELS)
    """Labels of the state of a circuit, with the field that each has its value from, as querysets name it."""
    problems: tuple[SettingsProblem, ...] = ()
    """What is wrong with these settings; the default labels stand in for them."""


def parse(config: Mapping[str, Any]) -> MetricSettings:
    """Turn these settings into values; never raises, mistakes are in ``problems``."""
    written = config.get("circuit_metric_labels")
    if written is None:
        return MetricSettings()
    problems = tuple(_problems(written))
    if problems:
        return MetricSettings(problems=problems)
    return MetricSettings({label: _path_of(each) for label, each in written.items()})


def _problems(written: Any) -> Iterator[SettingsProblem]:
    hint = "Use a dictionary: {'circuit': 'cid', 'provider': 'provider__name'}."
    if not isinstance(written, Mapping) or not written:
        yield SettingsProblem("E070", "'circuit_metric_labels' is not a dictionary of labels and fields.", hint)
        return
    for label, path in written.items():
        if not isinstance(label, str) or not _LABEL.fullmatch(label):
            message = f"'circuit_metric_labels' has {label!r}, which cannot be the name of a label."
            yield SettingsProblem("E071", message, "Use letters, digits and underscores.")
        if not isinstance(path, str) or not path:
            message = f"The label {label!r} in 'circuit_metric_labels' names no field."
            yield SettingsProblem("E072", message, hint)


def _path_of(written: str) -> str:
    """Return the field as querysets name it; ``cf_team`` is the custom field ``team``."""
    if written.startswith(_CUSTOM_FIELD):
        return _CUSTOM_FIELDS + written.removeprefix(_CUSTOM_FIELD)
    return written
