"""Tries a channel for a person who waits for the answer: *Validate* and *Send a Test*."""

import secrets
from collections.abc import Callable

from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.outbound.channels.base import Channel
from nautobot_circuit_maintenance.outbound.channels.deadline import within
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, DeliveryError
from nautobot_circuit_maintenance.outbound.channels.opening import open_channel, read_secrets
from nautobot_circuit_maintenance.outbound.documents import as_html, as_text, section
from nautobot_circuit_maintenance.outbound.messages import Message, Recipient
from nautobot_circuit_maintenance.pipeline import defects

SECONDS = 20
"""How long a web process waits; a server that sends a byte now and then would block it forever."""


def validate(settings: ChannelSettings) -> None:
    """Connect and log in as a run would, without sending a message; raises ChannelUnavailable."""
    _try(settings, Channel.check)


def send_test(settings: ChannelSettings, recipient: Recipient) -> None:
    """Send one message that says that it is a test; raises DeliveryError with the reason."""
    message = test_message(settings, recipient)
    _try(settings, lambda channel: channel.send(message))


def test_message(settings: ChannelSettings, recipient: Recipient) -> Message:
    """Return a message that no one can take for news of a maintenance; each is the first of a thread of its own."""
    headline = f"This is a test of the channel {settings.name} of {settings.instance}."
    sections = [section(["No maintenance was announced or changed."])]
    return Message(
        key=secrets.token_hex(32),
        event="test",
        recipient=recipient,
        subject=f"Test of the channel {settings.name}",
        headline=headline,
        text=as_text(headline, sections),
        html=as_html(headline, sections),
        data={"version": 1, "event": "test"},
    )


def _try(settings: ChannelSettings, attempt: Callable[[Channel], None]) -> None:
    read_secrets(settings)  # here: a connection to the database belongs to its thread
    sentence = f"There was no answer within {SECONDS} seconds. The job that sends allows more time."
    within(SECONDS, lambda: _run(settings, attempt), ChannelUnavailable("CHANNEL-05", sentence))


def _run(settings: ChannelSettings, attempt: Callable[[Channel], None]) -> None:
    try:
        with open_channel(settings) as channel:
            attempt(channel)
    except DeliveryError:  # open_channel, attempt
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught  # a bug is shown to who tries, without secrets
        sentence = defects.log_and_describe(f"Trying channel {settings.name}", error, settings.redact)
        raise ChannelUnavailable("CHANNEL-06", sentence) from None
