"""The way from the name of a channel to the open channel."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from django.utils.module_loading import import_string

from nautobot_circuit_maintenance.app_settings import AppSettings
from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.channel_settings.kinds import CHANNEL_KINDS
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.outbound.channels.base import DEADLINE, Channel, redacted
from nautobot_circuit_maintenance.outbound.channels.deadline import within
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable

_CLOSING = 10
"""Seconds that closing a channel may take."""


def settings_of(app_settings: AppSettings, name: str) -> ChannelSettings:
    """Return the settings of the channel of this name; raises ChannelUnavailable if they are missing or wrong."""
    for each in app_settings.channels.entries:
        if each.name == name:
            return each
    for problem in app_settings.channels.problems:
        if problem.source == name or not (problem.source or app_settings.channels.instance):
            raise ChannelUnavailable("CHANNEL-01", f"{problem.message} {problem.hint}")
    raise ChannelUnavailable("CHANNEL-02", f"The channel '{name}' is no longer in PLUGINS_CONFIG.")


def read_secrets(settings: ChannelSettings) -> None:
    """Read the secrets of a channel, wherever they are kept; raises ChannelUnavailable."""
    try:
        missing = settings.missing_secret()
    except MailboxError as error:  # settings.missing_secret: the secrets group is missing, or its provider fails
        raise ChannelUnavailable(error.code, error.message) from None
    if missing:
        raise ChannelUnavailable("CHANNEL-03", missing)


@contextmanager
def open_channel(settings: ChannelSettings) -> Iterator[Channel]:
    """Open a channel that sends messages; raises ChannelUnavailable, without a secret in it.

    Raises ValueError for a kind that sends no messages.
    """
    dotted = CHANNEL_KINDS[settings.kind].channel
    if not dotted:
        raise ValueError(f"Channels of the kind {settings.kind} send no messages")
    read_secrets(settings)  # first: from here on, no error can contain one
    with redacted(settings):
        manager: AbstractContextManager[Channel] = import_string(dotted).open(settings)
        late = ChannelUnavailable("CHANNEL-09", f"The channel could not be opened within {DEADLINE} seconds.")
        channel = within(DEADLINE, manager.__enter__, late)
        try:
            yield channel
        finally:
            with suppress(ChannelUnavailable):  # within: saying good-bye changes nothing about what was sent
                within(_CLOSING, lambda: manager.__exit__(None, None, None), late)
