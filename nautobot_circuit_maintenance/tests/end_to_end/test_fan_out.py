"""A backlog is shared with other workers; the run that found it waits for none of them."""

from datetime import timedelta

from celery.signals import task_prerun
from nautobot.apps.testing import TransactionTestCase

from development.services.imap import ImapServer
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification
from nautobot_circuit_maintenance.tasks import digest_waiting
from nautobot_circuit_maintenance.tests.cases import create_provider
from nautobot_circuit_maintenance.tests.end_to_end.world import (
    configured,
    log_lines,
    new_folder,
    prepare_job,
    reading,
    run_job,
)
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail
from nautobot_circuit_maintenance.tests.test_tasks import broker_queue

HOUR = timedelta(hours=1)


class TestFanOut(TransactionTestCase):
    """Five mails, one more worker for every two of them."""

    server: ImapServer

    def setUp(self):
        """Deliver the mails."""
        super().setUp()
        prepare_job()
        create_provider("ISP", "noc@isp.example")
        self.folder = new_folder()
        mails = [(mail(Bcop(f"M-{number}"), subject=f"Work {number}"), NOON) for number in range(5)]
        self.server.deliver_all(mails, self.folder)
        settings = configured(reading(self.server, self.folder), backlog_per_worker=2)
        settings.enable()
        self.addCleanup(settings.disable)

    def test_the_job_asks_for_help_and_digests_everything_itself_without_it(self):
        """The tasks still wait for a worker when it is through."""
        with broker_queue(name="default") as taken:
            result = run_job()
            waiting = taken()

        self.assertEqual(result.status, "SUCCESS", result.traceback)
        self.assertEqual([sorted(each) for each in waiting], [["user_pk"]] * 2)
        self.assertEqual((CircuitMaintenance.objects.count(), result.result["states"]), (5, {"parsed": 5}))

    def test_a_poll_with_nothing_new_asks_no_worker(self):
        """However much came before."""
        run_job()
        with broker_queue(name="default") as taken:
            run_job()

            self.assertEqual(taken(), [])

    def test_a_run_counts_what_became_of_its_messages_whoever_digested_them(self):
        """Updates of what is on record, too; and its own share is not counted twice."""
        run_job()
        more = [
            (mail(Bcop(f"M-{number}", status="COMPLETED", sequence=1, issued=NOON + HOUR)), NOON) for number in range(3)
        ]
        self.server.deliver_all(more, self.folder)

        result = run_job()

        self.assertEqual(result.result["sources"]["Mail"]["outcomes"], {"new": 3, "parsed": 3})
        self.assertEqual(result.result["maintenances"], {"updated": 3})

    def test_helpers_that_were_faster_leave_the_job_nothing_to_do_and_nothing_is_counted_twice(self):
        """Here they run at once, while the job still fetches; its result has the states of its mails."""
        helped = []

        def note(task, **_kwargs):
            helped.append(task.name)

        task_prerun.connect(note)
        try:
            result = run_job()
        finally:
            task_prerun.disconnect(note)

        self.assertEqual(helped.count(digest_waiting.name), 2)
        self.assertEqual((result.status, result.result["states"]), ("SUCCESS", {"parsed": 5}))
        self.assertEqual(result.result["sources"]["Mail"]["outcomes"], {"new": 5, "parsed": 5})
        self.assertEqual(result.result["maintenances"], {"created": 5})
        self.assertEqual(list(result.result["sources"]), ["Mail"])
        self.assertEqual(Notification.objects.filter(attempts=1, state="parsed").count(), 5)
        self.assertEqual(len([line for line in log_lines(result) if line.startswith("Mail")]), 1)
