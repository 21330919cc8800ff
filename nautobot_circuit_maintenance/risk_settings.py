"""What PLUGINS_CONFIG says about the risk of losing redundancy, as values; names are not looked up here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from nautobot_circuit_maintenance.mailboxes.secret_settings import SettingsProblem

LONGEST_WORK = timedelta(days=30)
"""Of the work that *What If* answers."""
RISK_PERMISSIONS = (
    "nautobot_circuit_maintenance.view_circuitmaintenance",
    "nautobot_circuit_maintenance.view_circuitimpact",
    "circuits.view_circuit",
    "dcim.view_location",
)
"""Permissions without which "no site is at risk" would mean nothing."""
DEFAULT_CIRCUITS: Mapping[str, Any] = MappingProxyType({"status": ["Active"]})


@dataclass(frozen=True)
class RiskSettings:
    """The settings of the assessment of risk."""

    site_location_types: tuple[str, ...] | None = None
    """Names of the location types of sites; None: those of locations in which circuits end."""
    risk_circuits: Mapping[str, Any] = field(default_factory=lambda: DEFAULT_CIRCUITS)
    """Filter of the circuits that count, as the list of circuits accepts it."""
    hub_locations: tuple[str, ...] = ()
    """Primary keys or paths ("Region/Site") of the locations that every site has to reach; any one of them is enough."""
    exit_circuit_types: tuple[str, ...] | None = None
    """Names of the types of circuits that lead outside if one end is known; None: all types."""
    degraded_is_down: bool = False
    """Whether the impact DEGRADED takes a circuit down."""
    risk_margin: int = 0
    """Minutes by which each window is taken to overrun."""
    problems: tuple[SettingsProblem, ...] = ()
    """What is wrong with these settings: nothing is assessed then, because a default might hide a risk."""

    @property
    def needs_lookup(self) -> bool:
        """Whether there are names to be found in the database, beside the default."""
        names = (self.site_location_types, self.hub_locations, self.exit_circuit_types)
        return any(names) or self.risk_circuits != DEFAULT_CIRCUITS


NAMES = tuple(each.name for each in fields(RiskSettings) if each.name != "problems")
_LISTS = ("site_location_types", "hub_locations", "exit_circuit_types")


def parse(config: Mapping[str, Any]) -> RiskSettings:
    """Turn these settings into values; never raises, mistakes are in ``problems``."""
    values = {name: config[name] for name in NAMES if config.get(name) is not None}
    problems = tuple(_problems(values))
    if problems:
        return RiskSettings(problems=problems)
    lists = {name: tuple(values[name]) for name in _LISTS if name in values}
    if not lists.get("site_location_types"):
        lists.pop("site_location_types", None)  # an empty list would make every location a site
    return RiskSettings(**{**values, **lists})


def _problems(values: Mapping[str, Any]) -> Iterator[SettingsProblem]:
    for name in _LISTS:
        value = values.get(name, ())
        if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) and each for each in value):
            yield SettingsProblem(
                "E030", f"'{name}' is not a list of names.", f"Use a list of strings: {name} = ['...']."
            )
    circuits = values.get("risk_circuits", {})
    if not isinstance(circuits, Mapping) or not all(isinstance(key, str) for key in circuits):
        hint = "Use a filter of circuits: {'status': ['Active']}."
        yield SettingsProblem("E031", "'risk_circuits' is not a dictionary.", hint)
    if not isinstance(values.get("degraded_is_down", False), bool):
        yield SettingsProblem("E032", "'degraded_is_down' is neither True nor False.", "Use True or False.")
    margin = values.get("risk_margin", 0)
    if not isinstance(margin, int) or isinstance(margin, bool) or margin < 0:
        yield SettingsProblem(
            "E033", f"Invalid value {margin!r} for risk_margin.", "Use a number of minutes: 0 or more."
        )
