"""The contract of every channel that sends messages: what delivery asks for, and how it ends."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.domain.text import shortened
from nautobot_circuit_maintenance.outbound.channels.deadline import within
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, DeliveryError, Unsure
from nautobot_circuit_maintenance.outbound.messages import Message
from nautobot_circuit_maintenance.pipeline import defects

TIMEOUT = 30
"""Seconds that a single network operation may take, whatever Django's EMAIL_TIMEOUT is."""
DEADLINE = 120
"""Seconds that a message, or opening a channel, may take in all: less than a claimed delivery is left alone."""
_LONGEST_REASON = 300


class Channel(ABC):
    """An open channel; a failed message leaves it usable for the next one."""

    def __init__(self, settings: ChannelSettings) -> None:
        """Keep the settings, whose secrets were read: they are in no error that leaves the channel."""
        self.settings = settings
        self._is_stuck = False

    @property
    def name(self) -> str:
        """The name of the channel in PLUGINS_CONFIG."""
        return self.settings.name

    @property
    def kind(self) -> str:
        """The name of its kind."""
        return self.settings.kind

    @classmethod
    @abstractmethod
    def open(cls, settings: Any) -> AbstractContextManager["Channel"]:
        """Connect and log in, where the kind does that before the first message; raises ChannelUnavailable."""

    def send(self, message: Message) -> None:
        """Send a message; returning from here means that it was taken.

        Raises ChannelUnavailable, MessageRefused, TryAgain, or Unsure, each without a secret in it.
        """
        if self._is_stuck:
            raise ChannelUnavailable("CHANNEL-07", "An earlier message took too long, and its connection is given up.")
        late = Unsure("CHANNEL-08", f"Sending took more than {DEADLINE} seconds. Whether it was taken is not known.")
        try:
            within(DEADLINE, lambda: self._send_guarded(message), late)
        except Unsure as error:
            self._is_stuck = error is late  # another message would get into what is still going on
            raise

    def _send_guarded(self, message: Message) -> None:
        with redacted(self.settings):
            try:
                self._send(message)
            except DeliveryError:  # self._send: what the kind has understood
                raise
            except Exception as error:  # pylint: disable=broad-exception-caught  # a bug does not show how far it came
                activity = f"Sending over channel {self.name}"
                raise Unsure("CHANNEL-04", defects.log_and_describe(activity, error, self.settings.redact)) from None

    def check(self) -> None:
        """Show that messages could be sent, without sending one; raises ChannelUnavailable."""
        with redacted(self.settings):
            late = ChannelUnavailable("CHANNEL-10", f"There was no answer within {DEADLINE} seconds.")
            within(DEADLINE, self._check, late)

    @abstractmethod
    def _send(self, message: Message) -> None:
        """Send a message."""

    def _check(self) -> None:  # noqa: B027 # a kind that logs in has shown it by opening the channel
        """Show what opening the channel does not."""


@contextmanager
def redacted(settings: ChannelSettings) -> Iterator[None]:
    """Take the secrets of a channel out of every error of the block."""
    try:
        yield
    except DeliveryError as error:  # whatever is in the block
        error.message = settings.redact(error.message)
        error.args = (error.code, error.message)
        raise


def error_text(error: object, settings: ChannelSettings) -> str:
    """Return what a server or a library says on one line for an error of ours, without a secret."""
    text = settings.redact(str(error))  # before it is shortened: half a secret would not be found
    return shortened(text or type(error).__name__, _LONGEST_REASON).rstrip(".")
