"""Settings of a channel that calendar programs subscribe to."""

from dataclasses import dataclass
from typing import ClassVar

from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings


@dataclass(frozen=True)
class CalendarSettings(ChannelSettings):
    """That there are calendar feeds; each subscription has an address of its own."""

    kind: ClassVar[str] = "calendar"
