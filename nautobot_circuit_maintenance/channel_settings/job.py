"""Settings of a channel that runs jobs of Nautobot before and after each window."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.mailboxes.secret_settings import SettingsProblem


@dataclass(frozen=True)
class JobSettings(ChannelSettings):
    """When it is too late; which job it is, each subscription says."""

    kind: ClassVar[str] = "job"

    lag: int = 15
    """Minutes after the start of a window from which on the job is not begun any more."""

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong with the minutes."""
        yield from super().problems(entry)
        if entry.get("lag", cls.lag) < 0:
            message = f"'lag' of channel '{entry['name']}' is negative."
            yield SettingsProblem("E062", message, "Use 0 or more minutes.", entry["name"])

    def describe_connection(self) -> dict[str, str]:
        """Return when it is too late."""
        return {"Latest Begin": f"{self.lag} minutes after the start of a window"}
