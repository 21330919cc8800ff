"""The channels of the settings that send messages."""

from collections.abc import Mapping
from dataclasses import dataclass

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.channel_settings.calendar import CalendarSettings
from nautobot_circuit_maintenance.channel_settings.kinds import CHANNEL_KINDS


@dataclass(frozen=True)
class MessageChannels:
    """The settings of every channel that sends messages, by name."""

    instance: str
    """The name of this Nautobot."""
    entries: Mapping[str, ChannelSettings]
    known: frozenset[str] = frozenset()
    """The names of all channels in the settings, whatever they do."""
    calendar: str = ""
    """The name of one whose subscriptions are calendars; empty: there is none."""

    @classmethod
    def configured(cls) -> "MessageChannels":
        """Return those of PLUGINS_CONFIG."""
        channels = get_app_settings().channels
        entries = {each.name: each for each in channels.entries if CHANNEL_KINDS[each.kind].channel}
        calendars = sorted(each.name for each in channels.entries if isinstance(each, CalendarSettings))
        return cls(channels.instance, entries, frozenset(channels.names), next(iter(calendars), ""))

    @property
    def names(self) -> list[str]:
        """The names of all of them."""
        return sorted(self.entries)

    def is_addressed(self, name: str) -> bool:
        """Return whether each recipient gets a message at an address of their own."""
        return self.entries[name].is_addressed
