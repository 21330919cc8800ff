"""Try a channel for a person who waits: show that it works, or send a message without content."""

import threading
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.channel_settings.kinds import CHANNEL_KINDS
from nautobot_circuit_maintenance.models import Subscription
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, DeliveryError
from nautobot_circuit_maintenance.outbound.channels.opening import open_channel, read_secrets, settings_of
from nautobot_circuit_maintenance.outbound.messages import Message, Recipient
from nautobot_circuit_maintenance.outbound.state import digest_of
from nautobot_circuit_maintenance.pipeline import defects

SECONDS = 20
"""How long a web process waits for a server."""
SENDING = tuple(name for name, kind in CHANNEL_KINDS.items() if kind.channel)
"""The kinds of channels that send messages."""


@dataclass(frozen=True)
class Tried:
    """How it ended."""

    recipients: tuple[str, ...] = ()
    """Addresses to which a message was sent."""
    problem: str = ""
    """Why not; empty if it worked."""


def validate(name: str) -> Tried:
    """Connect and log in to a channel that sends messages, without sending one."""
    return _try(name, _check, ())


def send_test(subscription: Subscription, recipients: tuple[Recipient, ...], now: datetime) -> Tried:
    """Send a message without content to these recipients; it is not recorded."""
    channels = get_app_settings().channels
    return _try(
        subscription.channel,
        _send,
        tuple(_test_message(subscription, each, channels.instance, now) for each in recipients),
    )


def _try(name: str, work: Callable[[ChannelSettings, tuple[Message, ...]], None], given: tuple[Message, ...]) -> Tried:
    """Do this in a thread of its own: a server that sends a byte now and then would block a web process forever."""
    attempt: futures.Future[None] = futures.Future()
    try:
        settings = settings_of(get_app_settings(), name)
        read_secrets(settings)  # here: a connection to the database belongs to its thread
    except ChannelUnavailable as error:  # settings_of, read_secrets
        return Tried(problem=str(error))
    # A daemon thread, because Python waits for all others before it exits.
    threading.Thread(target=_attempt, args=(work, settings, given, attempt), daemon=True).start()
    if not futures.wait([attempt], SECONDS).done:
        return Tried(problem=f"CHANNEL-05: The server did not answer within {SECONDS} seconds.")
    error = attempt.exception()
    return Tried(tuple(each.recipient.address for each in given if each.recipient.address), str(error) if error else "")


def _attempt(
    work: Callable[[ChannelSettings, tuple[Message, ...]], None],
    settings: ChannelSettings,
    given: tuple[Message, ...],
    attempt: "futures.Future[None]",
) -> None:
    """Set the result of the attempt."""
    try:
        work(settings, given)
    except DeliveryError as error:  # work
        attempt.set_exception(error)
    except Exception as error:  # pylint: disable=broad-exception-caught  # or the reason would be lost in this thread
        text = defects.log_and_describe(f"Trying channel {settings.name}", error, settings.redact)
        attempt.set_exception(ChannelUnavailable("CHANNEL-06", text))
    else:
        attempt.set_result(None)


def _check(settings: ChannelSettings, _given: tuple[Message, ...]) -> None:
    with open_channel(settings) as channel:
        channel.check()


def _send(settings: ChannelSettings, given: tuple[Message, ...]) -> None:
    with open_channel(settings) as channel:
        for each in given:
            channel.send(each)


def _test_message(subscription: Subscription, recipient: Recipient, instance: str, now: datetime) -> Message:
    headline = f"Test of the subscription {subscription.name} of Nautobot {instance}."
    text = "No maintenance is behind it. Messages about maintenances come by the same way."
    return Message(
        key=digest_of("test", str(subscription.pk), recipient.address, now.isoformat()),
        event="test",
        recipient=recipient,
        subject=f"Test: {subscription.name}",
        headline=headline,
        text=f"{headline}\n\n{text}\n",
        html=format_html("<p>{}</p><p>{}</p>", headline, text),
        data={"version": 1, "event": "test", "subscription": subscription.name},
    )
