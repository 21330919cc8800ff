"""A channel without a network that behaves as it is instructed, and a run over it at any moment."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from nautobot.extras.models import Contact

from nautobot_circuit_maintenance.channel_settings.email import EmailSettings
from nautobot_circuit_maintenance.models import CircuitMaintenance, MaintenanceWindow, Subscription
from nautobot_circuit_maintenance.outbound.channels.base import Channel
from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable
from nautobot_circuit_maintenance.outbound.messages import Message
from nautobot_circuit_maintenance.outbound.report import SendReport
from nautobot_circuit_maintenance.outbound.run import send_updates
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.app import create_impact, create_maintenance
from nautobot_circuit_maintenance.tests.factories.mail import NOON

SETTINGS = EmailSettings(name="mail", instance="test", sender="noc@example.com")


class Killed(BaseException):
    """The worker was killed."""


class PostOffice:
    """Where all messages arrive; ``script`` says what happens to the next ones instead, one entry for each attempt.

    An entry is an exception, and whether the message arrived all the same.
    """

    def __init__(self) -> None:
        """Start empty and working."""
        self.arrived: list[Message] = []
        self.attempts = 0
        self.script: deque[tuple[BaseException | None, bool]] = deque()
        self.is_down = False
        self.fails_with = ""
        """The address whose messages make the channel fail."""
        self.before_next: Callable[[], object] | None = None
        """What happens while the next message is being sent."""

    @contextmanager
    def opening(self, settings: Any) -> Iterator[Channel]:
        """Open the channel, as ``open_channel()`` does."""
        if self.is_down:
            raise ChannelUnavailable("TEST-01", "Refused the connection")
        yield _PostChannel(settings, self)

    @property
    def events(self) -> list[str]:
        """The events of what arrived."""
        return [message.event for message in self.arrived]


class _PostChannel(Channel):
    def __init__(self, settings: Any, office: PostOffice) -> None:
        """Deliver to this office."""
        super().__init__(settings)
        self._office = office

    @classmethod
    def open(cls, settings: Any) -> Any:
        """Not used: the office opens it."""
        raise ValueError(settings)

    def _send(self, message: Message) -> None:
        self._office.attempts += 1
        happens, self._office.before_next = self._office.before_next, None
        if happens:
            happens()
        if message.recipient.address == self._office.fails_with:
            raise ChannelUnavailable("TEST-02", "500")
        error, arrives = self._office.script.popleft() if self._office.script else (None, True)
        if arrives:
            self._office.arrived.append(message)
        if error:
            raise error


class SendingTestCase(PipelineTestCase):
    """A post office, someone who subscribes to everything, and a clock that stands still."""

    def setUp(self):
        """Start at noon."""
        super().setUp()
        self.office = PostOffice()
        self.now = NOON
        self.channels = MessageChannels("test", {"mail": SETTINGS}, frozenset({"mail"}))

    def subscribe(self, *addresses: str, **values: Any) -> Subscription:
        """Add a subscription that has begun at noon, with these recipients."""
        values = {"name": f"Subscription {Subscription.objects.count()}", "owner": self.user, **values}
        subscription = Subscription.objects.create(**{"channel": "mail", "begun": NOON, "clock": NOON, **values})
        for address in addresses or ("noc@example.net",):
            contact, _ = Contact.objects.get_or_create(name=address, email=address)
            subscription.contacts.add(contact)
        return subscription

    def plan(self, name: str = "M-1", *, days: float = 2, **fields: Any) -> CircuitMaintenance:
        """Add a maintenance of circuit C-1 that starts in some days."""
        fields = {"status": "CONFIRMED", **fields}
        maintenance = create_maintenance(name, self.provider, start=NOON + timedelta(days=days), **fields)
        create_impact(maintenance, self.circuits[0])
        return maintenance

    def edit(self, maintenance: CircuitMaintenance, **fields: Any) -> None:
        """Change a maintenance as a person does."""
        row = CircuitMaintenance.objects.get(pk=maintenance.pk)
        for name, value in fields.items():
            setattr(row, name, value)
        row.validated_save()

    def send(self, after: timedelta = timedelta(minutes=5)) -> SendReport:
        """Run the job some time after the last run."""
        MaintenanceWindow.objects.filter(created__gt=self.now).update(
            created=self.now + timedelta(seconds=1)
        )  # by its clock
        self.now += after
        return send_updates(self.channels, self._clock, lambda: True, self.office.opening)

    def _clock(self) -> datetime:
        return self.now
