"""What a source must live through: a run on a network that does damage, and after it one that nothing disturbs."""

import signal
import threading
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from typing import TypeVar
from unittest import mock

from django.db import transaction
from django.test import TestCase

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes import batching
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline.run import RunOptions, run
from nautobot_circuit_maintenance.pipeline.validate import validate
from nautobot_circuit_maintenance.tests.cases import create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, mail

T = TypeVar("T")
OLD = [mail(subject="Old 1"), mail(subject="Old 2")]
NEW = [mail(subject="New 1"), mail(subject="New 2")]
"""Nothing that a parser reads: what counts is which bytes are recorded."""
OPTIONS = RunOptions(now=NOON + timedelta(days=1))
TIMEOUT = 0.25
"""Seconds that a run on the bad network waits for an answer."""
LONGEST_RUN = 8
"""Seconds after which such a run must have ended; far more than a few time-outs, because machines are busy."""


class Endless(BaseException):
    """A run did not end by itself; no handler of exceptions keeps it from ending the test."""


@contextmanager
def ending() -> Iterator[None]:
    """Raise Endless in the block if it takes too long."""

    def stop(*_args: object) -> None:
        raise Endless

    before = signal.signal(signal.SIGUSR2, stop)
    timer = threading.Timer(LONGEST_RUN, signal.pthread_kill, (threading.main_thread().ident, signal.SIGUSR2))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        signal.signal(signal.SIGUSR2, before)


class NetworkCase(TestCase):
    """A source with two old mails and, for who has read those, two new ones; each batch has one message."""

    @classmethod
    def setUpTestData(cls):
        """Create who reads and who writes."""
        cls.source = NotificationSource.objects.create(name="Mail")
        cls.source.providers.add(create_provider("ISP", "noc@isp.example"))

    def setUp(self):
        """Deliver everything; the first run reads the old mails where a test asks for it."""
        super().setUp()
        self.running = ExitStack()
        self.addCleanup(self.running.close)
        # The number is a limit: with one message a batch, the cursor moves as often as it can.
        self.running.enter_context(mock.patch.object(batching, "BATCH_MESSAGES", 1))

    @classmethod
    def begun(cls, context: AbstractContextManager[T]) -> T:
        """Begin what lasts as long as the class; Python 3.10 has no way of its own."""
        running = ExitStack()
        cls.addClassCleanup(running.close)
        return running.enter_context(context)

    @abstractmethod
    def hurried(self) -> AbstractContextManager[None]:
        """Wait no longer than TIMEOUT for an answer."""

    def read(self) -> str:
        """Run the pipeline on the source as it stands; return the error that it reports."""
        report = run([NotificationSource.objects.get()], OPTIONS)
        source = NotificationSource.objects.get()
        self.assertEqual(source.last_error, report.sources[0].error)
        self.assertEqual(report.unaccounted, 0)
        return source.last_error

    def stored(self) -> list[bytes]:
        """Return the messages that are recorded."""
        return sorted(bytes(raw) for raw in Notification.objects.values_list("raw", flat=True))

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Take back what the block does to the database."""
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    def disturbed(self, delivered: list[bytes]) -> str:
        """Run on the bad network; return the error, which may be none."""
        with self.hurried(), ending():
            error = self.read()
        if error:
            self.assertActionable(error)
        self.assertLessEqual(set(self.stored()), set(delivered), "half a message was recorded")
        return error

    def validate(self) -> None:
        """Validate the source on the bad network; nothing but a MailboxError may come of it."""
        with self.hurried(), ending():
            try:
                validate(NotificationSource.objects.get())
            except MailboxError as error:
                self.assertActionable(str(error))

    def state(self) -> tuple[object, ...]:
        """Return what is recorded and how far the mailbox is read."""
        source = NotificationSource.objects.get()
        return self.stored(), source.cursor, source.searched_senders, source.last_fetched_at

    def assertActionable(self, error: str) -> None:  # pylint: disable=invalid-name  # unittest's style
        """A sentence (it may begin with localhost) that names the account or its server, of our own making and without a secret."""
        self.assertRegex(error, r"(?s)^[A-Zl].{20,700}\.$")
        self.assertRegex(error, r"account '|localhost:\d+|127\.0\.0\.1:\d+")
        self.assertNotIn("RUN-03", error)
        self.assertNotIn("Traceback", error)

    def assertCompleted(self, delivered: list[bytes]) -> None:  # pylint: disable=invalid-name  # unittest's style
        """The next run, which nothing disturbs, has every message exactly once, byte by byte."""
        self.assertEqual(self.read(), "")
        self.assertEqual(self.stored(), sorted(delivered))
