"""The Jobs as users meet them: what they report, what they leave, and how they fail."""

import json
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from django.utils import timezone
from nautobot.apps.testing import TestCase, TransactionTestCase
from nautobot.core.utils.logging import sanitize
from nautobot.extras.models import Job, JobLogEntry, JobResult, ObjectChange

from development.services.embedded import ROOT
from development.services.imap import ImapServer, make_certificates
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, NotificationSource
from nautobot_circuit_maintenance.models.providers import PARSERS_FIELD
from nautobot_circuit_maintenance.pipeline.report import MOST_NAMED
from nautobot_circuit_maintenance.tests.cases import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.end_to_end.world import (
    HANDLE,
    OPERATOR,
    PURGE,
    REPROCESS,
    comparable_rows,
    configured,
    exact_rows,
    log_lines,
    new_folder,
    prepare_job,
    reading,
    run_job,
)
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail
from nautobot_circuit_maintenance.tests.reading import parser_mails

MOST_LOG_LINES = 8
BODY = "Words that only the body of the mail has."


class JobTestCase(TestCase):
    """A provider "ISP" with two circuits, and an empty folder that the source "Mail" reads."""

    server: ImapServer

    @classmethod
    def setUpTestData(cls):
        """Create the world."""
        cls.provider = create_provider("ISP", "noc@isp.example")
        create_circuits(cls.provider, "C-1", "C-2")

    def setUp(self):
        """Point the source at a folder of its own."""
        super().setUp()
        self.folder = new_folder()
        self.server.deliver_all([], self.folder)
        self.configure(reading(self.server, self.folder))

    def configure(self, *sources: dict[str, Any], **others: Any) -> None:
        """Use these settings for the rest of the test."""
        settings = configured(*sources, **others)
        settings.enable()
        self.addCleanup(settings.disable)

    def deliver(self, count: int, first: int = 1) -> None:
        """Deliver mails about as many maintenances."""
        numbers = range(first, first + count)
        mails = [(mail(Bcop(f"M-{n}"), subject=f"Notice {n}", text=BODY), NOON) for n in numbers]
        self.server.deliver_all(mails, self.folder)

    def states(self) -> list[str]:
        """Return the states of all notifications."""
        return sorted(Notification.objects.values_list("state", flat=True))


class TestDeclaration(TestCase):
    """What Nautobot knows about the Jobs before anybody runs one."""

    def test_the_jobs_have_the_names_that_people_look_for(self):
        """All stand in one group."""
        found = dict(Job.objects.filter(grouping="Circuit Maintenance").values_list("job_class_name", "name"))
        self.assertEqual(
            found,
            {
                HANDLE: "Handle Circuit Maintenance Notifications",
                REPROCESS: "Reprocess Notifications",
                PURGE: "Purge Raw Notifications",
                "FindSitesAtRisk": "Find Sites At Risk",
                "ReplayMailLayout": "Replay Mail Layout",
                "SendCircuitMaintenanceUpdates": "Send Circuit Maintenance Updates",
            },
        )

    def test_new_jobs_are_disabled_and_can_be_scheduled(self):
        """An administrator enables them; without sensitive variables Nautobot lets them run by a schedule."""
        for job in Job.objects.filter(grouping="Circuit Maintenance"):
            with self.subTest(job.name):
                self.assertTrue(job.installed)
                self.assertFalse(job.enabled)
                self.assertFalse(job.has_sensitive_variables)

    def test_the_main_job_asks_for_sources_a_day_and_whether_to_rehearse(self):
        """Nothing must be filled in."""
        form = Job.objects.get(job_class_name=HANDLE).job_class.as_form()
        self.assertEqual([name for name in form.fields if not name.startswith("_")], ["sources", "since", "dryrun"])
        self.assertFalse(any(form.fields[name].required for name in ("sources", "since", "dryrun")))


class TestResult(JobTestCase):
    """What a run reports."""

    def test_the_result_counts_what_happened_to_each_mail(self):
        """New, duplicate, unknown sender; parsed and failed; in all, and what became of maintenances."""
        self.deliver(2)
        self.server.deliver(mail(), self.folder, NOON)
        self.server.deliver(mail(Bcop("M-9"), sender="who@else.example"), self.folder, NOON)
        result = run_job()
        outcomes = {"new": 3, "unknown sender": 1, "parsed": 2, "failed": 1}
        unknown = {"else.example": {"mails": 1, "address": "who@else.example"}}
        self.assertEqual(result.status, "SUCCESS", result.traceback)
        self.assertEqual(
            result.result,
            {
                "recorded": 3,
                "digested": 3,
                "states": {"parsed": 2, "failed": 1},
                "maintenances": {"created": 2},
                "complete": True,
                "sources": {"Mail": {"outcomes": outcomes, "unknown_senders": unknown, "error": ""}},
            },
        )

    def test_a_log_line_is_grouped_by_its_source_and_links_to_it(self):
        self.deliver(1)
        result = run_job()
        source = NotificationSource.objects.get()
        line = JobLogEntry.objects.get(job_result=result, grouping="Mail")
        self.assertEqual((line.log_object, line.absolute_url), (str(source), source.get_absolute_url()))

    def test_the_log_names_the_domains_that_most_unknown_mail_came_from(self):
        """Also that of a dry run; the result has an address of each, whereas Nautobot's log hides what is before an @."""
        for dryrun in (False, True):  # the first makes the row of the source
            for sender in ("noc-1@isp7.example", "noc@isp8.example", "noc-2@isp7.example"):
                self.server.deliver(mail(sender=sender), self.folder, NOON)
            self.server.deliver(b"Subject: without a sender\r\n\r\n", self.folder, NOON)
            result = run_job(dryrun=dryrun)
            self.assertEqual(
                [line for line in log_lines(result) if "skipped email from" in line],
                [
                    "Mail: skipped email from unknown senders: isp7.example (2), isp8.example (1). To process them,"
                    " add the address to the provider."
                ],
            )
            senders = result.result["sources"]["Mail"]["unknown_senders"]
            self.assertEqual(senders["isp7.example"], {"mails": 2, "address": "noc-1@isp7.example"})

    def test_the_log_has_a_bounded_number_of_lines_however_many_mails_there_are(self):
        """Twice the emails do not add a line; of bad ones, the first are named and the others counted."""
        lines = []
        for count in (MOST_NAMED + 1, 2 * MOST_NAMED + 2):
            self.deliver(count, first=count)
            bad = [(mail(subject=f"Bad {count} {n}", text=BODY), NOON) for n in range(count)]
            self.server.deliver_all(bad, self.folder)
            lines.append(log_lines(run_job()))
        self.assertEqual(self.states(), ["failed"] * 63 + ["parsed"] * 63)
        self.assertEqual(len(lines[0]), len(lines[1]))
        self.assertLessEqual(len(lines[1]), MOST_LOG_LINES + MOST_NAMED)
        for found, more in zip(lines, (1, 22), strict=True):
            self.assertEqual(sum("Bad" in line for line in found), MOST_NAMED)
            self.assertEqual(sum(line.startswith(f"{more} more notifications") for line in found), 1)

    def test_each_notification_that_was_not_read_is_a_line_that_links_to_it(self):
        """A failed and a refused one, with their reasons; not those that were parsed."""
        self.configure(
            reading(self.server, self.folder, require_authentication=True, trusted_authserv_ids=["mx.example"])
        )
        self.server.deliver(mail(Bcop("M-1"), subject="Forged <b>*notice*</b>"), self.folder, NOON)
        self.check_unread_lines(run_job(), {"Forged <b>*notice*</b>": "refused"})
        self.configure(reading(self.server, self.folder))
        self.deliver(2)
        self.server.deliver(mail(subject="Newsletter", text=BODY), self.folder, NOON)
        self.check_unread_lines(run_job(), {"Newsletter": "failed"})
        self.check_unread_lines(run_job(REPROCESS, which="failed"), {"Newsletter": "failed"})
        self.check_unread_lines(run_job(), {})

    def check_unread_lines(self, result: JobResult, expected: dict[str, str]) -> None:
        """Compare the lines about single notifications: subject and state, reason and link."""
        lines = JobLogEntry.objects.filter(job_result=result, grouping="Failed or refused")
        rows = {row.subject: row for row in Notification.objects.filter(subject__in=expected)}
        self.assertEqual({subject: row.state for subject, row in rows.items()}, expected)
        self.assertEqual(
            {(line.log_object, line.absolute_url, line.message) for line in lines},
            {
                (
                    subject,
                    rows[subject].get_absolute_url(),
                    sanitize(f"Mail: {state.title()}: `{subject}` `{rows[subject].error}`"),
                )
                for subject, state in expected.items()
            },
        )

    def test_a_dry_run_names_them_too_and_links_to_nothing(self):
        """Their rows are gone."""
        run_job()
        for number in range(MOST_NAMED + 2):
            self.server.deliver(mail(subject=f"Bad {number}"), self.folder, NOON)
        result = run_job(dryrun=True)
        lines = list(JobLogEntry.objects.filter(job_result=result, grouping="Failed or refused").order_by("created"))
        self.assertEqual(len(lines), MOST_NAMED + 1)
        self.assertTrue(all(line.message.startswith("Mail: Failed: `Bad ") for line in lines[:-1]), lines)
        self.assertTrue(lines[-1].message.startswith("2 more notifications"))
        self.assertEqual({line.absolute_url for line in lines}, {""})

    def test_no_secret_and_no_body_is_in_log_or_result(self):
        """Neither where all goes well nor where logging in and reading fail."""
        self.configure(
            reading(self.server, self.folder),
            reading(self.server, self.folder, name="Refused", secret="a-wrong-secret"),
        )
        self.deliver(2)
        self.server.deliver(mail(text=BODY), self.folder, NOON)
        result = run_job()
        self.assertEqual(self.states(), ["failed", "parsed", "parsed"])
        reported = json.dumps(
            [*JobLogEntry.objects.values(), *JobResult.objects.filter(pk=result.pk).values()], default=str
        )
        reported += json.dumps(list(NotificationSource.objects.values()), default=str)
        reported += json.dumps(list(Notification.objects.values("error", "subject")))
        self.assertIn("Refused", reported)
        for secret in (self.server.password, "a-wrong-secret", BODY):
            self.assertNotIn(secret, reported)

    def test_a_dry_run_reports_what_would_happen_and_leaves_nothing(self):
        """No row, no cursor, no change record; the run after it finds everything new."""
        run_job()
        before, changes = exact_rows(), ObjectChange.objects.count()
        self.deliver(2)
        self.server.deliver(mail(), self.folder, NOON)
        result = run_job(dryrun=True)
        self.assertEqual(result.result["sources"]["Mail"]["outcomes"], {"new": 3, "parsed": 2, "failed": 1})
        self.assertEqual(exact_rows(), before)
        self.assertEqual(ObjectChange.objects.count(), changes)
        self.assertEqual(run_job().result["states"], {"parsed": 2, "failed": 1})

    def test_only_the_chosen_sources_are_read(self):
        """Another one keeps its mail for another time."""
        other = new_folder()
        self.server.deliver(mail(Bcop("M-9")), other, NOON)
        self.configure(reading(self.server, self.folder), reading(self.server, other, name="Other"))
        self.deliver(1)
        run_job(dryrun=True)
        run_job(sources=[NotificationSource.objects.create(name="Other").pk])
        self.assertEqual(list(CircuitMaintenance.objects.values_list("name", flat=True)), ["M-9"])

    def test_a_mail_from_before_the_backlog_is_read_with_since(self):
        """The first run reads a week, a run with a date everything from that day on, and nothing twice."""
        self.configure(reading(self.server, self.folder), raw_notification_initial_days_since=7)
        now = timezone.now()
        for days in (2, 30, 60):
            self.server.deliver(mail(Bcop(f"M-{days}"), subject=f"{days}"), self.folder, now - timedelta(days=days))
        self.assertEqual(run_job().result["recorded"], 1)
        day = (now - timedelta(days=40)).date().isoformat()
        result = run_job(since=day)
        self.assertEqual(result.result["sources"]["Mail"]["outcomes"], {"new": 1, "duplicate": 1, "parsed": 1})
        self.assertEqual(sorted(CircuitMaintenance.objects.values_list("name", flat=True)), ["M-2", "M-30"])

    def test_a_run_that_is_short_of_time_reports_it_and_the_next_continues(self):
        """It stops by itself before Nautobot stops it; nothing is lost, nothing read twice."""
        job = prepare_job()
        job.soft_time_limit_override, job.soft_time_limit = True, 4
        job.validated_save()
        self.deliver(1800)
        first = run_job()
        self.assertEqual(first.status, "SUCCESS", first.traceback)
        self.assertFalse(first.result["complete"])
        self.assertIn("Job time limit reached; the next run will continue.", log_lines(first))
        self.assertEqual(first.result["recorded"], sum(first.result["states"].values()))
        job.soft_time_limit_override, job.soft_time_limit = False, 0
        job.validated_save()
        second = run_job()
        self.assertTrue(second.result["complete"])
        self.assertEqual(self.states(), ["parsed"] * 1800)
        self.assertEqual(CircuitMaintenance.objects.count(), 1800)


class TestFailure(JobTestCase):
    """Sources that cannot be read."""

    def broken_sources(self, ca_file: Path) -> dict[str, tuple[dict[str, Any], str]]:
        """Return a source for each way to be wrong, and a word that the sentence about it has."""
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        gmail = {"url": "https://accounts.google.com", "account": "a@b.example", "credentials_file": "/nowhere.json"}
        return {
            "Unreachable": (reading(self.server, self.folder, url=f"imaps://localhost:{port}"), f"localhost:{port}"),
            "Refused": (reading(self.server, self.folder, secret="wrong"), "'secret'"),
            "Untrusted": (reading(self.server, self.folder, ca_file=str(ca_file)), "'ca_file'"),
            "No folder": (reading(self.server, "Nowhere"), "'Nowhere'"),
            "No file": (gmail, "/nowhere.json"),
            "Wrong": (reading(self.server, self.folder, url="pop3://localhost"), "imap://"),
        }

    def test_each_failure_is_one_clear_sentence_in_the_result_and_on_the_source(self):
        """The job fails, after the one source that works was read all the same."""
        self.deliver(2)
        with TemporaryDirectory() as name:
            make_certificates(Path(name))
            broken = self.broken_sources(Path(name, "ca.pem"))
            sources = [{**settings, "name": title} for title, (settings, _) in broken.items()]
            self.configure(*sources, reading(self.server, self.folder))
            result = run_job()
        self.assertEqual(result.status, "FAILURE")
        self.assertEqual(self.states(), ["parsed", "parsed"])
        self.assertEqual(NotificationSource.objects.get(name="Mail").last_error, "")
        reported = "\n".join(log_lines(result))
        for title, (_, word) in broken.items():
            with self.subTest(title):
                error = NotificationSource.objects.get(name=title).last_error
                self.assertIn(word, error)
                self.assertRegex(error, r"^[^\n]{20,400}\.$")
                self.assertNotIn("Unexpected", error)
                self.assertEqual(result.result["sources"][title]["error"], error)
                self.assertIn(sanitize(error), reported)
                self.assertIsNone(NotificationSource.objects.get(name=title).last_fetched_at)

    def test_a_source_that_works_again_has_no_error_any_more(self):
        """The next run reads it and forgets the reason."""
        self.deliver(1)
        with configured(reading(self.server, "Nowhere")):
            self.assertEqual(run_job().status, "FAILURE")
        self.assertEqual(run_job().status, "SUCCESS")
        source = NotificationSource.objects.get()
        self.assertEqual(source.last_error, "")
        self.assertIsNotNone(source.last_fetched_at)

    def test_a_run_without_sources_reports_what_is_missing(self):
        """That is not a failure, but the log explains what to configure."""
        self.configure()
        result = run_job()
        self.assertEqual(result.status, "SUCCESS")
        self.assertIn("No notification source is configured: add one to PLUGINS_CONFIG.", log_lines(result))


class TestReprocessAndPurge(JobTestCase):
    """The two Jobs that work on what is recorded already."""

    def test_failed_notifications_are_read_again_after_their_provider_was_corrected(self):
        """The same rows, from their stored bytes; the mailbox is not asked."""
        self.provider.cf[PARSERS_FIELD] = "cogent"
        self.provider.validated_save()
        for number in range(3):
            raw = parser_mails.mail(("text/html", parser_mails.windstream(f"WMT-{number}")), From="noc@isp.example")
            self.server.deliver(raw, self.folder, NOON)
        run_job()
        self.assertEqual(self.states(), ["failed"] * 3)
        self.provider.cf[PARSERS_FIELD] = "windstream"
        self.provider.validated_save()
        self.server.empty(self.folder)
        result = run_job(REPROCESS, which="failed")
        self.assertEqual(result.status, "SUCCESS", result.traceback)
        self.assertEqual(self.states(), ["parsed"] * 3)
        self.assertEqual(CircuitMaintenance.objects.count(), 3)

    def test_reading_everything_again_changes_nothing(self):
        """What is concluded from the same mails is the same."""
        self.deliver(3)
        run_job()
        before = comparable_rows()
        result = run_job(REPROCESS, which="all")
        self.assertEqual(result.status, "SUCCESS", result.traceback)
        self.assertEqual(comparable_rows(), before)

    def test_purged_mail_stays_known_and_is_not_read_in_again(self):
        """Its bytes are gone, its row and what came of it stay, and reading the mailbox again resurrects nothing."""
        self.deliver(2)
        run_job()
        before = comparable_rows()["CircuitMaintenance"]
        Notification.objects.update(received_at=timezone.now() - timedelta(days=400))
        self.assertEqual(run_job(PURGE, days=365).result, {"purged": 2})
        self.assertFalse(Notification.objects.filter(raw__isnull=False).exists())
        result = run_job(since="2000-01-01")
        self.assertEqual(result.result["sources"]["Mail"]["outcomes"], {"duplicate": 2})
        self.assertEqual(run_job(REPROCESS, which="all").status, "SUCCESS")
        self.assertEqual(self.states(), [State.PARSED] * 2)
        self.assertEqual(comparable_rows()["CircuitMaintenance"], before)


class TestCommandLine(TransactionTestCase):
    """The Job as ``nautobot-server runjob --local`` runs it: a process of its own, with settings of its own."""

    server: ImapServer

    def test_the_job_runs_from_the_command_line(self):
        """It reads the mailbox that the configuration names."""
        prepare_job()
        create_provider("ISP", "noc@isp.example")
        folder = new_folder()
        self.server.deliver(mail(Bcop("M-1")), folder)
        config = ROOT / "development" / "nautobot_config.py"
        plugin_config = json.dumps({"notification_sources": [reading(self.server, folder)]})
        command = [str(Path(sys.executable).with_name("nautobot-server")), f"--config={config}", "runjob", "--local"]
        command += ["-u", OPERATOR, f"nautobot_circuit_maintenance.jobs.{HANDLE}"]
        with mock.patch.dict("os.environ", {"NCM_PLUGIN_CONFIG": plugin_config}):
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(JobResult.objects.get().status, "SUCCESS", done.stdout + done.stderr)
        self.assertEqual(CircuitMaintenance.objects.get().name, "M-1")
