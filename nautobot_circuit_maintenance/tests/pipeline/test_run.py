"""The pipeline: accounts for every message, keeps errors where they belong, rehearses without a trace."""

import socket
from collections import Counter
from datetime import timedelta
from unittest import mock

from django.test import override_settings
from nautobot.apps.testing import create_job_result_and_run_job
from nautobot.extras.models import JobLogEntry, ObjectChange

from development.services.imap import imap_server
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Notification,
    NotificationSource,
    ParsedNotification,
)
from nautobot_circuit_maintenance.pipeline.outcomes import Outcome
from nautobot_circuit_maintenance.pipeline.report import SourceReport
from nautobot_circuit_maintenance.pipeline.run import RunOptions, handle_source, run
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, FakeMailbox, mail

OPTIONS = RunOptions(now=NOON + timedelta(days=1))
SECRET = "correct horse battery staple"


def closed_port() -> int:
    """Return a port of this machine that no one listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def settings_of(*sources: dict) -> override_settings:
    """Configure these sources."""
    config = {"notification_sources": list(sources), "raw_notification_initial_days_since": 3650}
    return override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": config})


def dead(name: str) -> dict:
    """Return the settings of a source whose server does not answer."""
    return {"name": name, "url": f"imap://127.0.0.1:{closed_port()}", "account": "ops", "secret": SECRET}


class Accounting(PipelineTestCase):
    """Recorded = parsed + ignored + refused + failed + waiting."""

    def test_every_message_is_counted_once_for_what_became_of_it(self):
        """New, known, an unknown sender's; parsed and failed."""
        report = self.receive(
            mail(Bcop("M-1")),
            mail(Bcop("M-1")),
            mail(Bcop("M-2")),
            mail(text="Hello"),
            mail(sender="x@elsewhere.example"),
        )

        expected = {
            Outcome.NEW: 3,
            Outcome.DUPLICATE: 1,
            Outcome.UNKNOWN_SENDER: 1,
            Outcome.PARSED: 2,
            Outcome.FAILED: 1,
        }
        self.assertEqual(Counter(report.outcomes), Counter(expected))
        self.assertEqual(len(report.recorded), 3)

    def test_the_second_run_finds_nothing_new(self):
        """Whatever became of the messages of the first."""
        self.receive(mail(Bcop("M-1")), mail(text="Hello"))

        report = self.receive()

        self.assertEqual(+report.outcomes, Counter())
        self.assertEqual(str(report), "Mail: nothing new")

    def test_an_oversize_message_is_counted_as_failed(self):
        """In the real run and in the rehearsal."""
        header = mail(Bcop()).partition(b"\r\n\r\n")[0]
        oversize = MailMessage.oversize(header, size=30_000_000, received_at=NOON)

        for dry_run in (True, False):
            with self.subTest(dry_run=dry_run):
                report = self.read(FakeMailbox([oversize]), dry_run=dry_run)
                self.assertEqual(+report.outcomes, Counter({Outcome.NEW: 1, Outcome.FAILED: 1}))


class Errors(PipelineTestCase):
    """A failure ends in a sentence on the source; the others continue."""

    def test_an_unreachable_server_is_a_sentence_on_the_source_and_in_the_report(self):
        """With the host and the port, without the password."""
        settings = dead("Mail")
        with settings_of(settings):
            report = handle_source(self.source, OPTIONS)

        self.source.refresh_from_db()
        self.assertEqual(report.error, self.source.last_error)
        self.assertIn("127.0.0.1", report.error)
        self.assertNotIn(SECRET, report.error)
        self.assertIsNone(self.source.last_fetched_at)

    def test_a_source_that_left_the_configuration_reports_it(self):
        """It is not a crash."""
        with settings_of():
            self.assertIn("PLUGINS_CONFIG", handle_source(self.source, OPTIONS).error)

    def test_a_source_with_a_mistake_in_its_settings_names_it(self):
        """And what to write instead."""
        with settings_of({**dead("Mail"), "url": "pop3://mail.example"}):
            report = handle_source(self.source, OPTIONS)

        self.assertIn("url", report.error)
        self.assertIn("imap://host:port", report.error)

    def test_a_run_reads_the_other_sources_when_one_is_dead_and_clears_an_old_error(self):
        """A dead server before and behind a real one."""
        first = NotificationSource.objects.create(name="A dead one")
        last = NotificationSource.objects.create(name="Z dead one")
        NotificationSource.objects.filter(pk=self.source.pk).update(last_error="Yesterday's")
        with imap_server() as server:
            server.deliver(mail(Bcop()))
            alive = {
                "name": "Mail",
                "url": f"imap://localhost:{server.tls_port}",
                "account": server.username,
                "secret": server.password,
                "ca_file": str(server.ca_file),
            }
            with settings_of(dead("A dead one"), alive, dead("Z dead one")):
                report = run([first, self.source, last], OPTIONS)

        self.source.refresh_from_db()
        self.assertEqual([each.name for each in report.failed_sources], ["A dead one", "Z dead one"])
        self.assertEqual((self.source.last_error, self.source.last_fetched_at), ("", OPTIONS.now))
        self.assertEqual(self.maintenance().status, "CONFIRMED")
        self.assertEqual((report.recorded, report.unaccounted, dict(report.states)), (1, 0, {"parsed": 1}))

    def test_what_a_dead_source_recorded_before_is_digested_all_the_same(self):
        """The queue does not depend on the mailbox."""
        mailbox = FakeMailbox.of([mail(Bcop(f"M-{number}")) for number in range(4)])
        mailbox.breaks_after = 1
        with self.assertRaises(MailboxError):
            self.read(mailbox)

        with settings_of(dead("Mail")):
            run([self.source], OPTIONS)

        self.assertEqual(set(Notification.objects.values_list("state", flat=True)), {"parsed"})

    def test_unknown_circuits_are_linked_once_per_run(self):
        """Bulk imports send no signal."""
        self.receive(mail(Bcop(circuits=(("X-9", "OUTAGE"),))))
        type(self.circuits[0]).objects.filter(pk=self.circuits[2].pk).update(cid="X-9")

        run([], OPTIONS)

        self.assertEqual(CircuitImpact.objects.get().circuit, self.circuits[2])

    def test_a_run_that_runs_out_of_time_is_incomplete_and_its_rows_are_waiting(self):
        """Accounted for, and continued by the next."""
        self.read(FakeMailbox.of([mail(Bcop(f"M-{n}")) for n in range(5)]), is_time_left=lambda: False)

        self.assertEqual(list(Notification.objects.values_list("state", flat=True)), ["received"] * 2)
        self.assertFalse(run([], RunOptions(now=OPTIONS.now, is_time_left=lambda: False)).is_complete)


class DryRun(PipelineTestCase):
    """The same code without a trace."""

    def everything(self) -> list:
        """Return all rows of ours, and the change records."""
        models = (
            NotificationSource,
            Notification,
            ParsedNotification,
            CircuitMaintenance,
            MaintenanceWindow,
            CircuitImpact,
            ObjectChange,
        )
        return [list(model.objects.order_by("pk").values()) for model in models]

    def test_it_counts_what_would_happen_and_changes_no_row(self):
        """New mail, an update of a known maintenance, a mail that fails: rows, cursor and records stay."""
        self.receive(mail(Bcop("M-1")))
        before = self.everything()

        report = self.receive(
            mail(Bcop("M-1", issued=NOON + timedelta(hours=5), status="CANCELLED")),
            mail(Bcop("M-2")),
            mail(text="Hello"),
            dry_run=True,
        )

        expected = {Outcome.NEW: 3, Outcome.PARSED: 2, Outcome.FAILED: 1}
        self.assertEqual(+report.outcomes, Counter(expected))
        self.assertEqual(self.everything(), before)

    def test_waiting_rows_keep_their_attempts(self):
        """It digests what it fetched and nothing else."""
        self.read(FakeMailbox.of([mail(Bcop())]), is_time_left=lambda: False)
        before = self.everything()

        with settings_of(dead("Mail")):
            run([self.source], RunOptions(now=OPTIONS.now, dry_run=True))

        self.assertEqual(self.everything(), before)

    def test_the_run_after_it_finds_everything(self):
        """As if it had never been."""
        self.receive(mail(Bcop()), dry_run=True)

        self.assertEqual(self.receive().outcomes[Outcome.NEW], 1)
        self.assertEqual(self.maintenance().status, "CONFIRMED")

    def test_a_dead_mailbox_is_reported_and_not_stored(self):
        """Source rows stay untouched."""
        with settings_of(dead("Mail")):
            report = run([self.source], RunOptions(now=OPTIONS.now, dry_run=True))

        self.source.refresh_from_db()
        self.assertEqual((len(report.failed_sources), self.source.last_error), (1, ""))


class TheJob(PipelineTestCase):
    """What an operator reads afterwards."""

    databases = {"default", "job_logs"}

    def run_job(self, **variables):
        """Run the Job; its log lines are stored in the test's own transaction."""
        with mock.patch("nautobot.extras.models.jobs.JOB_LOGS", None):  # core's other connection would lose them
            return create_job_result_and_run_job(
                "nautobot_circuit_maintenance.jobs", "HandleCircuitMaintenanceNotifications", **variables
            )

    def lines(self, result) -> list[str]:
        """Return the log lines of a run."""
        return list(JobLogEntry.objects.filter(job_result=result).values_list("message", flat=True))

    def test_a_run_with_a_dead_source_ends_as_failed_after_all_had_their_turn(self):
        """A sentence per source in the log and in the result; a handful of lines, no secret, no body."""
        with imap_server() as server:
            for number in range(20):
                server.deliver(mail(Bcop(f"M-{number}"), text="The body of the mail"))
            server.deliver(mail(text="Hello"))
            alive = {
                "name": "Mail",
                "url": f"imap://localhost:{server.tls_port}",
                "account": server.username,
                "secret": server.password,
                "ca_file": str(server.ca_file),
            }
            with settings_of(dead("A dead one"), alive):
                result = self.run_job()

        lines = self.lines(result)
        self.assertEqual((result.status, CircuitMaintenance.objects.count()), ("FAILURE", 20))
        self.assertLessEqual(len(lines), 8)
        self.assertTrue(any(line.startswith("Mail: 21 new, 20 parsed, 1 failed") for line in lines), lines)
        self.assertTrue(any(line.startswith("`A dead one: ") for line in lines), lines)
        found = "\n".join(lines) + str(result.result) + str(result.traceback)
        for secret in (SECRET, server.password, "The body of the mail"):
            self.assertNotIn(secret, found)

    def test_a_dry_run_leaves_no_row_and_no_record_also_inside_the_jobs_own_change_context(self):
        """Nautobot runs jobs in a context that records changes."""
        NotificationSource.objects.all().delete()
        self.source = NotificationSource.objects.create(name="Mail")
        self.source.providers.add(self.provider)
        records = ObjectChange.objects.count()
        with imap_server() as server:
            server.deliver(mail(Bcop()))
            alive = {
                "name": "Mail",
                "url": f"imap://localhost:{server.tls_port}",
                "account": server.username,
                "secret": server.password,
                "ca_file": str(server.ca_file),
            }
            with settings_of(alive):
                result = self.run_job(dryrun=True)

        self.assertEqual(result.status, "SUCCESS", result.traceback)
        self.assertEqual((Notification.objects.count(), CircuitMaintenance.objects.count()), (0, 0))
        ours = ObjectChange.objects.filter(changed_object_type__app_label="nautobot_circuit_maintenance")
        self.assertEqual((ours.count(), ObjectChange.objects.count() - records >= 0), (0, True))
        self.assertEqual(NotificationSource.objects.get().cursor, {})


class Words(PipelineTestCase):
    """The summary of a source in one line."""

    def test_an_error_comes_first_and_the_counts_behind_it(self):
        """What was read before the error is reported too."""
        report = SourceReport("Mail", Counter({Outcome.NEW: 2}), error="The connection was lost.")

        self.assertEqual(str(report), "Mail: The connection was lost. (2 new)")
