"""Two jobs at once, in two processes, do what one does, whatever the isolation level."""

from multiprocessing import get_context

import pytest
from django.db import connections
from nautobot.apps.testing import TransactionTestCase
from nautobot.extras.models import JobResult, ObjectChange

from development.services.imap import ImapServer
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import CircuitMaintenance
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

MAILS = 240
ROUNDS = 2
SECONDS = 60
SERIALIZABLE = 3
"""In psycopg2's numbers."""


class TestConcurrency(TransactionTestCase):
    """Providers that contradict themselves about a few maintenances, so that the jobs meet at the same rows."""

    server: ImapServer

    maxDiff = None
    options: dict[str, int] = {}
    """Further OPTIONS of the database connections of the jobs."""

    def setUp(self):
        """Deliver the mails, and let a single job show what is to come of them."""
        super().setUp()
        prepare_job()
        for name, address in mails.ISPS.items():
            create_circuits(create_provider(name, address), *mails.CIDS[::2])
        self.folder = new_folder()
        delivered = [(each.raw, each.received_at) for each in mails.contradicting_mails(MAILS, seed=11)]
        self.server.deliver_all(delivered, self.folder)

    def run_at_once(self, jobs: int) -> None:
        """Start jobs in processes of their own, let them go at the same moment, and wait for their end."""
        JobResult.objects.all().delete()
        barrier = get_context("fork").Barrier(jobs)

        def work():
            for connection in connections.all():
                connection.settings_dict["OPTIONS"] = {**connection.settings_dict["OPTIONS"], **self.options}
            barrier.wait(SECONDS)
            run_job()

        processes = [start_in_child(work) for _ in range(jobs)]
        for process in processes:
            with expecting_rest_of(process):
                process.join(SECONDS)
                self.assertEqual(process.exitcode, 0, "a job did not come to an end")
        self.assertEqual(list(JobResult.objects.values_list("status", flat=True)), ["SUCCESS"] * jobs)
        for result in JobResult.objects.all():
            errors = {name: each["error"] for name, each in result.result["sources"].items() if each["error"]}
            self.assertEqual(errors, {})

    @staticmethod
    def digested_in_all() -> int:
        """Return how many mails the jobs digested, one with the other."""
        return sum(result.result["digested"] for result in JobResult.objects.all())

    def assert_every_change_has_one_record(self) -> None:
        """A maintenance was created once, and its last record has its present state."""
        records = ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance")
        self.assertEqual(records.filter(action="create").count(), CircuitMaintenance.objects.count())
        for maintenance in CircuitMaintenance.objects.all():
            last = records.filter(changed_object_id=maintenance.pk).latest("time")
            self.assertEqual(last.object_data_v2["status"], maintenance.status)

    def assert_same_as_one(self, *sources) -> None:
        """Compare several rounds of jobs at once with what a single job leaves."""
        with configured(*sources):
            run_job()
            alone = comparable_rows()
            self.assertEqual([row["state"] for row in alone["Notification"]], [State.PARSED] * MAILS)
            for number in range(ROUNDS):
                with self.subTest(round=number):
                    ObjectChange.objects.all().delete()
                    forget_everything()
                    self.run_at_once(2)
                    self.assertEqual(comparable_rows(), alone)
                    self.assertEqual(self.digested_in_all(), MAILS, "a mail was digested by both")
                    self.assert_every_change_has_one_record()

    def test_two_jobs_on_one_source_leave_what_one_leaves(self):
        """Both find the same mails and drain the same queue; nothing is doubled, none waits for the other for ever."""
        self.assert_same_as_one(reading(self.server, self.folder))

    def test_two_jobs_on_two_sources_with_the_same_mail_leave_what_one_leaves(self):
        """The same mails lie in two folders, read by each job in turn: one row a mail."""
        copy = new_folder()
        delivered = [(each.raw, each.received_at) for each in mails.contradicting_mails(MAILS, seed=11)]
        self.server.deliver_all(delivered, copy)
        self.assert_same_as_one(reading(self.server, self.folder), reading(self.server, copy, name="Mail copy"))


@pytest.mark.postgresql("MariaDB locks what it reads at SERIALIZABLE, so that no transaction is ended for it")
class TestSerializable(TestConcurrency):
    """The same, where the database ends one of two transactions that would have seen half of each other."""

    options = {"isolation_level": SERIALIZABLE}
