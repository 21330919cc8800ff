"""A worker that is killed, again and again, costs nothing but time."""

import time
from collections.abc import Callable
from datetime import timedelta
from random import Random

from django.db import transaction
from nautobot.apps.testing import TransactionTestCase

from development.services.imap import ImapServer
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification
from nautobot_circuit_maintenance.pipeline.queue import MAX_ATTEMPTS
from nautobot_circuit_maintenance.tests.cases import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.end_to_end import mails
from nautobot_circuit_maintenance.tests.end_to_end.world import (
    comparable_rows,
    configured,
    expecting_rest_of,
    forget_everything,
    new_folder,
    prepare_job,
    reading,
    run_job,
    start_in_child,
)
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail

MAILS = 400
SECONDS = 60


class TestKill(TransactionTestCase):
    """A job in a process of its own, which is killed with SIGKILL."""

    server: ImapServer

    maxDiff = None

    def setUp(self):
        """Create the providers and an empty mail folder."""
        super().setUp()
        prepare_job()
        self.providers = [create_provider(name, address) for name, address in mails.ISPS.items()]
        for provider in self.providers:
            create_circuits(provider, *mails.CIDS[::2])
        self.folder = new_folder()
        settings = configured(reading(self.server, self.folder))
        settings.enable()
        self.addCleanup(settings.disable)

    def wait_for(self, happened: Callable[[], bool]) -> None:
        """Wait until something can be seen in the database."""
        deadline = time.monotonic() + SECONDS
        while not happened():
            self.assertLess(time.monotonic(), deadline, "it did not happen")
            time.sleep(0.002)

    def kill_job_after(self, happened: Callable[[], bool], seconds: float = 0.0) -> None:
        """Start a job, wait until something happened and a moment longer, and kill the job."""
        job = start_in_child(run_job)
        with expecting_rest_of(job):
            self.wait_for(lambda: happened() or not job.is_alive())
            time.sleep(seconds)
            job.kill()
        self.assertEqual(job.exitcode, -9, "the job came to its end before it was killed")

    def test_a_job_killed_at_random_moments_is_completed_by_the_next(self):
        """Whatever it was at, fetching or digesting, the run after it leaves what an undisturbed run leaves."""
        found = mails.contradicting_mails(MAILS, seed=5)
        self.server.deliver_all([(each.raw, each.received_at) for each in found], self.folder)
        run_job()
        undisturbed = comparable_rows()
        self.assertEqual({row["state"] for row in undisturbed["Notification"]}, {State.PARSED})
        forget_everything()
        random = Random(5)
        for _ in range(2):
            self.kill_job_after(lambda: True, random.uniform(0.02, 0.15))
        for goal in (self.digested_and(random.randint(1, 6)) for _ in range(5)):
            self.kill_job_after(goal, random.uniform(0, 0.03))
        waiting = Notification.objects.filter(state=State.RECEIVED)
        self.assertTrue(0 < waiting.count() < MAILS)
        self.assertLess(max(waiting.values_list("attempts", flat=True)), MAX_ATTEMPTS)
        result = run_job()
        self.assertEqual(result.status, "SUCCESS", result.traceback)
        self.assertEqual(comparable_rows(), undisturbed)

    @staticmethod
    def digested_and(more: int) -> Callable[[], bool]:
        """Return a question: are so many mails more through than now?"""
        digested = Notification.objects.exclude(state=State.RECEIVED)
        goal = digested.count() + more
        return lambda: digested.count() >= goal

    def test_a_mail_that_kills_its_worker_again_and_again_is_set_aside(self):
        """After three attempts it is failed with the reason; the mails behind it are read."""
        stuck = CircuitMaintenance.objects.create(name="M-1", provider=self.providers[0])
        sender = mails.ISPS[self.providers[0].name]
        self.server.deliver(mail(Bcop("M-1"), sender=sender), self.folder, NOON)
        later = NOON + timedelta(minutes=1)
        self.server.deliver(mail(Bcop("M-2"), sender=sender, subject="Behind it"), self.folder, later)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            self.kill_job_while_locked(stuck, attempt)
        result = run_job()
        first, second = Notification.objects.get(subject="Planned work"), Notification.objects.get(subject="Behind it")
        self.assertEqual((result.status, second.state), ("SUCCESS", State.PARSED))
        self.assertEqual((first.state, first.attempts), (State.FAILED, MAX_ATTEMPTS))
        self.assertIn("stopped the worker 3 times", first.error)
        self.assertFalse(first.parsed_notifications.exists())

    def kill_job_while_locked(self, maintenance: CircuitMaintenance, attempt: int) -> None:
        """Hold the lock of the maintenance, so that the job stands still in the middle of the mail, and kill it."""
        job = start_in_child(run_job)
        with expecting_rest_of(job), transaction.atomic():
            CircuitMaintenance.objects.select_for_update().get(pk=maintenance.pk)
            self.wait_for(lambda: Notification.objects.filter(attempts=attempt).exists())
            job.kill()
            job.join()
