"""Delivers what waits, one transaction for each message: claimed, marked as unsure and committed; sent; noted.

A kill at any moment leaves a delivery waiting or unsure. What is unsure is sent again as it is, under the same key.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.choices import DeliveryStateChoices as State
from nautobot_circuit_maintenance.models import Delivery
from nautobot_circuit_maintenance.outbound.attempts import (
    Claim,
    claim,
    give_back,
    note_failed,
    note_sent,
    put_off,
)
from nautobot_circuit_maintenance.outbound.channels.base import Channel
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.channels.errors import (
    ChannelUnavailable,
    DeliveryError,
    MessageRefused,
    TryAgain,
)
from nautobot_circuit_maintenance.outbound.channels.opening import open_channel
from nautobot_circuit_maintenance.outbound.downtime import is_resting, note_down, note_up
from nautobot_circuit_maintenance.outbound.folding import fold
from nautobot_circuit_maintenance.outbound.messages import Message, Recipient
from nautobot_circuit_maintenance.outbound.report import SendReport
from nautobot_circuit_maintenance.service_errors import ABORTS_THE_RUN

Opening = Callable[[ChannelSettings], AbstractContextManager[Channel]]


@dataclass
class Delivering:
    """What sending needs in one run."""

    channels: MessageChannels
    clock: Callable[[], datetime]
    is_time_left: Callable[[], bool]
    report: SendReport
    opening: Opening = open_channel

    def deliver(self) -> None:
        """Send what is due over every channel; one that does not work does not stop the others."""
        due = Delivery.objects.messages().filter(
            channel__in=self.channels.names, state__in=State.OPEN, next_attempt__lte=self.clock()
        )
        for name in sorted(set(due.order_by().values_list("channel", flat=True))):
            if self.is_time_left() and not is_resting(name, self.clock()):
                self._deliver_over(self.channels.entries[name])

    def _deliver_over(self, settings: ChannelSettings) -> None:
        """Send what is due over one channel until it is down or time is over."""
        try:
            with self.opening(settings) as channel:
                channel.check()
                fold(self.channels, settings.name, self.clock())
                while self.is_time_left() and (claimed := claim(settings.name, self.clock())):
                    self._send(channel, claimed)
        except ChannelUnavailable as error:  # opening, check and _send
            note_down(settings.name, error, self.clock())
            self.report.down[settings.name] = str(error)

    def _send(self, channel: Channel, claimed: Claim) -> None:
        """Send one message, and note how that ended; raises ChannelUnavailable."""
        try:
            channel.send(message_of(claimed.delivery))
        except ChannelUnavailable as error:  # send: nothing of it was taken
            give_back(claimed, str(error), self.clock())
            raise
        except MessageRefused as error:  # send
            self._count(note_failed(claimed, str(error)))
        except TryAgain as error:  # send: nothing of it was taken
            self._count(put_off(claimed, str(error), self.clock(), is_taken=False, retry_after=error.retry_after or 0))
        except ABORTS_THE_RUN:  # send: about neither the message nor the channel; it stays unsure
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught  # libraries: it may have been taken
            reason = str(error) if isinstance(error, DeliveryError) else f"SUB-08: Unexpected {type(error).__name__}."
            self._count(put_off(claimed, reason, self.clock(), is_taken=True))
            return
        else:
            self._count(note_sent(claimed, self.clock()))
        note_up(channel.name)

    def _count(self, outcome: str) -> None:
        self.report.outcomes[outcome] += 1


def message_of(row: Delivery) -> Message:
    """Return a delivery as the message that a channel sends."""
    return Message(
        key=row.key,
        event=row.event,
        recipient=Recipient(row.recipient_name, row.recipient),
        subject=row.subject,
        headline=row.headline,
        text=row.text,
        html=row.html,
        root_key=row.root_key,
        data=row.data,
        calendar=row.calendar.encode() if row.calendar else None,
    )
