"""A mail server that sends a byte now and then: no time-out of a single read ever strikes, the time of the job does."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import FrameType

from celery.exceptions import SoftTimeLimitExceeded

from development.services.imap import ImapServer, imap_server
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline.run import OUT_OF_TIME, RunOptions, run
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail
from nautobot_circuit_maintenance.tests.pipeline.test_chunks import record
from nautobot_circuit_maintenance.tests.pipeline.test_run import settings_of

OPTIONS = RunOptions(now=NOON + timedelta(days=1))
JOB_SECONDS = 2.0


@contextmanager
def dripping_server() -> Iterator[int]:
    """Greet anyone who connects, a byte every now and then; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            with suppress(OSError):  # the test is over
                while True:
                    client = server.accept()[0]
                    with client, suppress(OSError):  # the job hung up
                        for byte in b"* OK " + b"ready " * 100:
                            client.sendall(bytes([byte]))
                            time.sleep(0.1)

        threading.Thread(target=drip, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)  # ends accept()


@contextmanager
def soft_time_limit(seconds: float) -> Iterator[None]:
    """Do what Celery does to a task that takes so long: a signal, whose handler raises."""

    def strike(_number: int, _frame: FrameType | None) -> None:
        raise SoftTimeLimitExceeded

    handler = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


class SlowServer(PipelineTestCase):
    """It comes first by name, before the source that works."""

    def setUp(self):
        """Create its source."""
        self.slow = NotificationSource.objects.create(name="A slow one")

    def run_out_of_time(self, server: ImapServer, port: int) -> None:
        """Run over both sources until the time of the job is over."""
        slow = {"name": "A slow one", "url": f"imap://127.0.0.1:{port}", "account": "ops", "secret": "x", "tls": False}
        works = {
            "name": "Mail",
            "url": f"imap://localhost:{server.tls_port}",
            "account": server.username,
            "secret": server.password,
            "ca_file": str(server.ca_file),
        }
        with settings_of(slow, works), soft_time_limit(JOB_SECONDS), self.assertRaises(SoftTimeLimitExceeded):
            run(NotificationSource.objects.order_by("name"), OPTIONS)

    def assert_the_other_source_is_read_first(self):
        """Run while the other source has an error of its own: its mail is there before time is up."""
        NotificationSource.objects.filter(pk=self.source.pk).update(last_error="UID 7", last_fetched_at=NOON)
        with imap_server() as server, dripping_server() as port:
            server.deliver(mail(Bcop("M-1")))

            self.run_out_of_time(server, port)

        self.assertTrue(Notification.objects.exists())

    def test_it_costs_one_run_and_then_no_other_source_its_turn(self):
        """The first run says on the source what happened; the next reads the others first, and digests what waits."""
        with imap_server() as server, dripping_server() as port:
            server.deliver(mail(Bcop("M-1")))
            self.run_out_of_time(server, port)
            self.slow.refresh_from_db()
            self.assertIn("time limit", self.slow.last_error)
            self.assertFalse(Notification.objects.exists())
            record(mail(Bcop("M-2")))
            Notification.objects.update(attempts=1)

            self.run_out_of_time(server, port)

        self.assertEqual(self.maintenance("M-1").status, "CONFIRMED")
        self.assertEqual(self.maintenance("M-2").status, "CONFIRMED")
        self.source.refresh_from_db()
        self.assertEqual((self.source.last_error, self.source.last_fetched_at), ("", OPTIONS.now))

    def test_it_is_read_after_a_source_with_an_undeliverable_message(self):
        """That one has an error after every run, though it is read to its end."""
        self.slow.last_error = OUT_OF_TIME
        self.slow.save()
        self.assert_the_other_source_is_read_first()

    def test_sources_that_answer_too_late_come_after_one_that_was_read_the_last_time(self):
        """Ten time-outs of half a minute are the time of the job, too."""
        self.slow.last_error, self.slow.last_fetched_at = "IMAP-03: It timed out", NOON - timedelta(days=1)
        self.slow.save()
        self.assert_the_other_source_is_read_first()
