"""The kinds of channels: the settings of each, and the class that sends over it."""

from typing import NamedTuple

from nautobot_circuit_maintenance.channel_settings.alertmanager import AlertmanagerSettings
from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.channel_settings.calendar import CalendarSettings
from nautobot_circuit_maintenance.channel_settings.chat import ChatSettings
from nautobot_circuit_maintenance.channel_settings.email import EmailSettings
from nautobot_circuit_maintenance.channel_settings.job import JobSettings
from nautobot_circuit_maintenance.channel_settings.webhook import WebhookSettings


class ChannelKind(NamedTuple):
    """What the app has to know about a kind of channel before it opens one."""

    settings: type[ChannelSettings]
    channel: str = ""
    """Dotted name of its ``Channel``, imported on first use; empty if it sends no messages."""


CHANNEL_KINDS = {
    EmailSettings.kind: ChannelKind(
        EmailSettings, "nautobot_circuit_maintenance.outbound.channels.email.channel.EmailChannel"
    ),
    WebhookSettings.kind: ChannelKind(
        WebhookSettings, "nautobot_circuit_maintenance.outbound.channels.webhook.WebhookChannel"
    ),
    ChatSettings.kind: ChannelKind(ChatSettings, "nautobot_circuit_maintenance.outbound.channels.chat.ChatChannel"),
    AlertmanagerSettings.kind: ChannelKind(AlertmanagerSettings),
    CalendarSettings.kind: ChannelKind(CalendarSettings),
    JobSettings.kind: ChannelKind(JobSettings),
}
"""Every kind by its name; a new one is one more entry."""
