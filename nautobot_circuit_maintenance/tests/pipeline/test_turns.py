"""Turns of providers: a flood of email that takes long to read delays that of others by more than a run, and starves no one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest import mock

from django.db import connection
from django.test import TransactionTestCase

from nautobot_circuit_maintenance.mailboxes.base import Batch
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline import chunk, turns
from nautobot_circuit_maintenance.pipeline.digest import digest_in_chunks
from nautobot_circuit_maintenance.pipeline.record import record_batch
from nautobot_circuit_maintenance.pipeline.report import SourceReport
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, digest_queue, drain_waiting
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail, message

OPTIONS = RunOptions(now=NOON + timedelta(days=1))
SLOW = 6


def slow_mail(number: int, sender: str = "noc@slow.example") -> bytes:
    """Return a mail that the parser needs about a quarter of a second for: its time grows with the square of the open tags."""
    head = f"From: {sender}\r\nSubject: {number}\r\nMessage-ID: <{number}@{sender}>\r\nContent-Type: text/html\r\n\r\n"
    return head.encode() + b"<div>" * 2_000


class Floods(TransactionTestCase):
    """Slow mails first, and mails of another provider after them."""

    def setUp(self):
        """Create the providers; shorten the time after which a provider is slow, and the time for a chunk."""
        create_provider("Slow", "noc@slow.example", "globalcloudxchange")
        create_provider("Slower", "noc@slower.example", "globalcloudxchange")
        create_provider("ISP", "noc@isp.example")
        for module, name, value in ((turns, "SLOW_SECONDS", 0.15), (chunk, "CHUNK_SECONDS", -1.0)):
            patch = mock.patch.object(module, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    @staticmethod
    def record(*raws: bytes, source: str = "Mail") -> NotificationSource:
        """Record mails of a source, one minute after the other."""
        row, _ = NotificationSource.objects.get_or_create(name=source)
        count = Notification.objects.count()
        arrived = (
            message(raw, received_at=NOON + timedelta(minutes=count + number)) for number, raw in enumerate(raws)
        )
        record_batch(row, SenderDirectory.of_all_providers(), Batch(tuple(arrived), {}))
        return row

    @staticmethod
    def order() -> list[str]:
        """Digest everything that waits; return the providers in the order in which their notifications ended."""
        providers = dict(Notification.objects.values_list("pk", "provider__name"))
        ended = []
        for result in digest_in_chunks(Notification.objects.all()):
            ended += [providers[pk] for pk, outcome in result.ends.items() if outcome.value != "waiting"]
        return ended

    def test_the_others_come_once_a_provider_has_had_its_time(self):
        """And the rest of the flood is read after them, in the same run."""
        self.record(*(slow_mail(number) for number in range(SLOW)), mail(Bcop("M-1")), mail(Bcop("M-2")))

        ended = self.order()

        self.assertLess(ended.index("ISP"), SLOW)
        self.assertEqual(ended[-1], "Slow")
        self.assertEqual((ended.count("Slow"), ended.count("ISP")), (SLOW, 2))

    def test_of_two_floods_the_one_that_had_less_time_is_next(self):
        """None waits for the end of the other."""
        self.record(*(slow_mail(number) for number in range(4)))
        self.record(*(slow_mail(number, "noc@slower.example") for number in range(4)))

        ended = self.order()

        self.assertLess(ended.index("Slower"), 4)
        self.assertIn("Slow", ended[ended.index("Slower") + 1 :])

    def test_notifications_that_are_read_again_have_turns_as_well(self):
        """All of a flood was reprocessed, and one mail of another provider."""
        self.record(*(slow_mail(number) for number in range(SLOW)), mail(Bcop("M-1")))
        self.order()
        Notification.objects.update(attempts=1)
        requeue(Notification.objects.all())
        Notification.objects.update(attempts=1, state="received")

        ended = self.order()

        self.assertLess(ended.index("ISP"), SLOW)
        self.assertEqual((ended.count("Slow"), ended.count("ISP")), (SLOW, 1))

    def test_the_flood_of_one_source_does_not_delay_the_next_source(self):
        """What a run leaves of it is digested at the end of the run."""
        source = self.record(*(slow_mail(number) for number in range(SLOW)))
        options = RunOptions(now=NOON + timedelta(days=1))

        digest_queue(Notification.objects.filter(source=source), options, SourceReport("Mail"), only_new=True)

        waiting = Notification.objects.filter(state="received").count()
        self.assertGreater(waiting, 0)
        drain_waiting(options)
        self.assertFalse(Notification.objects.filter(state="received").exists())

    def test_several_workers_have_the_same_turns(self):
        """Each works for the flood for its time, then for the others."""
        self.record(*(slow_mail(number) for number in range(SLOW + 4)), mail(Bcop("M-1")))
        ended: list[str] = []
        providers = dict(Notification.objects.values_list("pk", "provider__name"))

        def work() -> None:
            try:
                for result in digest_in_chunks(Notification.objects.all()):
                    ended.extend(providers[pk] for pk, outcome in result.ends.items() if outcome.value != "waiting")
            finally:
                connection.close()

        with ThreadPoolExecutor() as pool:
            for each in [pool.submit(work) for _ in range(2)]:
                each.result()

        self.assertLess(ended.index("ISP"), SLOW + 4)
        self.assertEqual((ended.count("Slow"), ended.count("ISP")), (SLOW + 4, 1))
