"""Digest: the queue is the table; what happens to each waiting notification, and which records that leaves."""

import threading
from collections import Counter
from contextlib import contextmanager, suppress
from datetime import timedelta
from uuid import uuid4

from celery.signals import task_prerun
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test import TransactionTestCase, override_settings
from nautobot.apps.jobs import JobHookReceiver, register_jobs
from nautobot.extras.models import Job, JobHook, JobResult, ObjectChange, Webhook

from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, ParsedNotification
from nautobot_circuit_maintenance.models.providers import PARSERS_FIELD
from nautobot_circuit_maintenance.pipeline.digest import digest
from nautobot_circuit_maintenance.pipeline.outcomes import Outcome
from nautobot_circuit_maintenance.pipeline.queue import MAX_ATTEMPTS
from nautobot_circuit_maintenance.pipeline.record import record_messages
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail, message
from nautobot_circuit_maintenance.tests.reading.parser_mails import mail as html_mail, windstream
from nautobot_circuit_maintenance.tests.refusals import Refusal, accept, lock_timeout, refuse

EVIDENCE = ParsedNotification._meta.db_table
OPTIONS = RunOptions(now=NOON + timedelta(days=1))


class Listener(JobHookReceiver):
    """A job hook that someone subscribed."""

    def receive_job_hook(self, change, action, changed_object):
        """Do nothing: that it is called is all that matters."""


register_jobs(Listener)


def waiting(*raws: bytes) -> list[Notification]:
    """Record messages and leave them in the queue; return the rows as the messages stand."""
    messages = [message(raw) for raw in raws]
    record_messages(SenderDirectory.of_all_providers(), messages)
    return [Notification.objects.get(fingerprint=each.fingerprint) for each in messages]


class States(PipelineTestCase):
    """received -> parsed | ignored | failed, with the reason on the row."""

    def state(self, raw: bytes, parsers: str = "genericprovider") -> tuple[str, str]:
        """Digest one message with these parsers; return its state and the reason."""
        self.provider.cf[PARSERS_FIELD] = parsers
        self.provider.save()
        row = waiting(raw)[0]
        drain_waiting(OPTIONS)
        row.refresh_from_db()
        return row.state, row.error

    def test_what_a_parser_understands_is_parsed(self):
        """There is no reason to give."""
        self.assertEqual(self.state(mail(Bcop())), ("parsed", ""))

    def test_what_no_parser_understands_has_failed(self):
        """With the parser's name and a reason."""
        state, reason = self.state(mail(text="Our office is closed on Friday."))

        self.assertEqual(state, "failed")
        self.assertIn("genericprovider", reason)

    def test_what_the_library_filtered_is_ignored(self):
        """Only what it positively recognized as something else."""
        raw = mail(subject="Your invoice", text="Dear customer, please find attached.")

        state, reason = self.state(raw, parsers="equinix")

        self.assertEqual(state, "ignored")
        self.assertTrue(reason)

    def test_a_provider_without_a_parser_of_its_name_fails_and_the_reason_names_the_field(self):
        """The cure is in the reason."""
        state, reason = self.state(mail(), parsers="")

        self.assertEqual(state, "failed")
        self.assertIn('No parser is chosen for the provider, and none is named "ISP".', reason)
        self.assertIn("Parser for Circuit Maintenance plugin", reason)
        self.assertIn("reprocess", reason)

    def test_a_parser_that_was_set_and_does_not_exist_is_unknown(self):
        """It is what a person has to correct; a comma alone sets nothing."""
        self.assertIn('Unknown parser "nonsense".', self.state(mail(), parsers="nonsense")[1])
        self.assertIn("No parser is chosen", self.state(mail(text="Another"), parsers=" , ")[1])

    def test_a_value_that_the_database_refuses_fails_with_the_reason_and_leaves_nothing_behind(self):
        """A defect of ours in one message: no maintenance, no evidence, and the mail behind it is digested."""
        first, second = waiting(mail(Bcop("M-1")), mail(Bcop("M-2", issued=NOON + timedelta(hours=1))))
        refuse(EVIDENCE, column="fingerprint", value=first.fingerprint)

        report = drain_waiting(OPTIONS)

        first.refresh_from_db()
        second.refresh_from_db()
        self.assertEqual((first.state, second.state), ("failed", "parsed"))
        self.assertIn("refused by the test", first.error)
        self.assertEqual([each.name for each in CircuitMaintenance.objects.all()], ["M-2"])
        self.assertEqual(ObjectChange.objects.filter(object_repr__contains="M-1").count(), 0)
        self.assertEqual(report.sources[0].outcomes, Counter({Outcome.FAILED: 1, Outcome.PARSED: 1}))

    def test_a_mail_that_is_read_in_part_is_applied_and_needs_attention(self):
        """What could not be read is the error of a notification that is parsed."""
        state, error = self.state(mail(Bcop("M-1"), Bcop("M-2", end=NOON)))

        self.assertEqual(state, "parsed")
        self.assertIn("READ-30: Event M-2 was not read", error)
        self.assertEqual([row.name for row in CircuitMaintenance.objects.all()], ["M-1"])
        self.assertEqual(Notification.objects.needing_attention().count(), 1)

    def test_a_mail_that_announces_nothing_is_ignored_with_the_reason(self):
        raw = mail(Bcop("M-1")).replace(b"VERSION:2.0", b"METHOD:REPLY")

        state, reason = self.state(raw)

        self.assertEqual(state, "ignored")
        self.assertIn("REPLY", reason)

    def test_a_reply_is_ignored_if_what_it_quotes_is_on_record_and_fails_if_not(self):
        quote = f"<p>Thanks.</p><blockquote type='cite'>{windstream()}</blockquote>"
        reply = html_mail(
            ("text/html", quote), **{"From": "noc@isp.example", "Subject": "Re: x", "In-Reply-To": "<1@x>"}
        )
        notice = html_mail(("text/html", windstream()), **{"From": "noc@isp.example"})

        self.assertIn("READ-33", self.state(reply, parsers="windstream")[1])
        self.assertEqual(Notification.objects.needing_attention().count(), 1)
        self.state(notice, parsers="windstream")
        self.assertEqual(Notification.objects.needing_attention().count(), 0)
        [first] = Notification.objects.filter(state="ignored")
        self.assertIn("quotes a notice about WMT-1", first.error)
        again = reply.replace(b"Thanks", b"Thank you")
        self.assertEqual(self.state(again, parsers="windstream")[0], "ignored")
        self.assertEqual(CircuitMaintenance.objects.count(), 1)

    def test_a_reply_in_one_chunk_with_the_notice_that_it_quotes_is_ignored_whichever_came_first(self):
        quote = f"<p>Thanks.</p><blockquote type='cite'>{windstream()}</blockquote>"
        fields = {"From": "noc@isp.example", "Subject": "Re: x", "In-Reply-To": "<1@x>"}
        notice = html_mail(("text/html", windstream()), **{"From": "noc@isp.example"})
        self.provider.cf[PARSERS_FIELD] = "windstream"
        self.provider.save()
        waiting(html_mail(("text/html", quote), **fields))
        waiting(notice)
        waiting(html_mail(("text/html", quote.replace("Thanks", "Thank you")), **fields))

        drain_waiting(OPTIONS)

        self.assertEqual(
            list(Notification.objects.order_by("state").values_list("state", flat=True)),
            ["ignored", "ignored", "parsed"],
        )

    def test_a_notice_about_other_work_answers_no_reply(self):
        quote = f"<p>Thanks.</p><blockquote type='cite'>{windstream('WMT-11')}</blockquote>"
        fields = {"From": "noc@isp.example", "Subject": "Re: x", "In-Reply-To": "<1@x>"}
        self.state(html_mail(("text/html", quote), **fields), parsers="windstream")

        self.state(html_mail(("text/html", windstream("WMT-1")), **{"From": "noc@isp.example"}), parsers="windstream")

        self.assertEqual(Notification.objects.filter(state="failed", error__startswith="READ-33").count(), 1)


class Queue(PipelineTestCase):
    """Rows in ``received`` are the work."""

    def test_the_oldest_is_digested_first(self):
        """In the order of receipt, whatever the order of rows."""
        hours = [3, 1, 2]
        rows = waiting(*(mail(Bcop(f"M-{hour}", issued=NOON + timedelta(hours=hour))) for hour in hours))

        drain_waiting(RunOptions(now=OPTIONS.now, is_time_left=iter([True, True, False, False, False]).__next__))

        for row in rows:
            row.refresh_from_db()
        self.assertEqual([row.state for row in rows], ["received", "parsed", "parsed"])

    def test_an_attempt_is_counted_once_and_stays_on_the_row(self):
        """It shows how much work a row was."""
        row = waiting(mail(Bcop()))[0]

        drain_waiting(OPTIONS)
        drain_waiting(OPTIONS)

        row.refresh_from_db()
        self.assertEqual((row.state, row.attempts), ("parsed", 1))

    def test_a_row_that_stopped_its_worker_three_times_fails_with_the_reason(self):
        """It is not tried a fourth time."""
        row = waiting(mail(Bcop()))[0]
        Notification.objects.filter(pk=row.pk).update(attempts=3)

        report = drain_waiting(OPTIONS)

        row.refresh_from_db()
        self.assertEqual((MAX_ATTEMPTS, row.state, row.attempts), (3, "failed", 3))
        self.assertIn("3 times", row.error)
        self.assertEqual(CircuitMaintenance.objects.count(), 0)
        self.assertEqual(report.sources[0].outcomes, Counter({Outcome.FAILED: 1}))

    def test_the_third_attempt_is_made(self):
        """Two crashes may have had another cause."""
        row = waiting(mail(Bcop()))[0]
        Notification.objects.filter(pk=row.pk).update(attempts=2)

        drain_waiting(OPTIONS)

        row.refresh_from_db()
        self.assertEqual((row.state, row.attempts), ("parsed", 3))

    def test_a_database_that_fails_leaves_the_row_waiting_and_ends_the_run_with_a_sentence(self):
        """A deadlock: no one's fault, the next run continues."""
        rows = waiting(mail(Bcop("M-1")), mail(Bcop("M-2", issued=NOON + timedelta(hours=1))))
        refuse(EVIDENCE, error=Refusal.DEADLOCK)

        report = drain_waiting(OPTIONS)

        self.assertEqual(Notification.objects.filter(state="received").count(), len(rows))
        self.assertIn("the next run will continue", report.sources[0].error)

        accept(EVIDENCE)
        drain_waiting(OPTIONS)

        self.assertEqual(Notification.objects.filter(state="parsed").count(), len(rows))

    def test_a_database_that_fails_is_never_blamed_on_the_mail(self):
        """However many runs meet the full disk: the worker was not stopped by this row."""
        row = waiting(mail(Bcop()))[0]
        refuse(EVIDENCE, error=Refusal.DISK_FULL)
        for _ in range(MAX_ATTEMPTS + 1):
            drain_waiting(OPTIONS)

        row.refresh_from_db()
        self.assertEqual(row.state, "received")

        accept(EVIDENCE)
        drain_waiting(OPTIONS)

        row.refresh_from_db()
        self.assertEqual(row.state, "parsed")

    def test_more_rows_than_a_chunk_are_all_digested(self):
        """Each once, also where several were received in the same second."""
        same_second = [mail(Bcop(f"M-{number}")) for number in range(60)]
        waiting(*same_second)

        report = drain_waiting(OPTIONS)

        self.assertEqual(report.sources[0].outcomes, Counter({Outcome.PARSED: 60}))
        self.assertEqual(CircuitMaintenance.objects.count(), 60)


class ChangeRecords(PipelineTestCase):
    """One record per changed maintenance and notification; hooks once."""

    def records(self) -> list[tuple[str, str]]:
        """Return type and action of all records about our objects, oldest first."""
        ours = ObjectChange.objects.filter(changed_object_type__app_label="nautobot_circuit_maintenance")
        return list(ours.order_by("time").values_list("changed_object_type__model", "action"))

    def test_each_maintenance_that_changes_gets_one_record_per_notification(self):
        """However many windows, circuits and fields it is about; evidence, windows and impacts get none."""
        several = (("C-1", "OUTAGE"), ("C-2", "OUTAGE"), ("X-9", "DEGRADED"))
        self.receive(mail(Bcop("M-1", circuits=several), Bcop("M-2")))
        self.assertEqual(self.records(), [("circuitmaintenance", "create")] * 2)

        later = NOON + timedelta(hours=5)
        self.receive(mail(Bcop("M-1", issued=later, start=START + timedelta(days=1), status="RE-SCHEDULED")))

        self.assertEqual(self.records()[2:], [("circuitmaintenance", "update")])

    def test_a_reminder_leaves_no_record(self):
        """Nothing changed."""
        self.receive(mail(Bcop()))
        self.receive(mail(Bcop(issued=NOON + timedelta(hours=5), sequence=1)))

        self.assertEqual(len(self.records()), 1)

    def test_a_record_has_user_context_and_the_resulting_maintenance(self):
        """Scalars, windows and impacts as the notification left them, in both dictionaries, and no mail in it."""
        self.receive(mail(Bcop(circuits=(("C-1", "OUTAGE"), ("C-2", "DEGRADED"))), text="The secret body"))

        record = ObjectChange.objects.get(changed_object_type__model="circuitmaintenance")
        self.assertEqual((record.user, record.user_name, record.change_context), (self.user, "operator", "job"))
        self.assertEqual(record.changed_object, self.maintenance())
        for data in (record.object_data, record.object_data_v2):
            self.assertEqual((data["name"], data["status"]), ("M-1", "CONFIRMED"))
            self.assertEqual(data["windows"], [["2026-11-30T12:00:00Z", "2026-11-30T16:00:00Z"]])
            impacts = [
                {"cid": "C-1", "impact": "OUTAGE", "windows": None},
                {"cid": "C-2", "impact": "DEGRADED", "windows": None},
            ]
            self.assertEqual(data["impacts"], impacts)
            self.assertEqual(data["issued_at"], "2026-11-20T12:00:00Z")
            self.assertNotIn("secret body", str(data))

    def test_the_record_of_an_update_has_the_state_after_it(self):
        """The next diff starts from there."""
        self.receive(mail(Bcop()))
        self.maintenance().acknowledge(self.user, NOON)
        CircuitMaintenance.objects.update(ack=True)
        self.receive(mail(Bcop(issued=NOON + timedelta(hours=5), status="CANCELLED", circuits=(("C-2", "OUTAGE"),))))

        data = ObjectChange.objects.filter(action="update").latest("time").object_data_v2
        self.assertEqual((data["status"], data["ack"]), ("CANCELLED", False))
        # An ending word removes no circuit, and adds one that was not announced.
        impacts = [{"cid": cid, "impact": "OUTAGE", "windows": None} for cid in ("C-1", "C-2")]
        self.assertEqual(data["impacts"], impacts)

    def test_a_job_hook_and_a_webhook_are_started_once_per_change(self):
        """After what they announce is stored; an unchanged maintenance starts none."""
        kind = ContentType.objects.get_for_model(CircuitMaintenance)
        job, _ = Job.objects.get_or_create(
            module_name=Listener.__module__,
            job_class_name="Listener",
            defaults={"name": "Listener", "grouping": "Test"},
        )
        Job.objects.filter(pk=job.pk).update(enabled=True, installed=True)
        hook = JobHook.objects.create(name="Hook", job=job, type_create=True, type_update=True)
        webhook = Webhook.objects.create(
            name="Web", payload_url="http://127.0.0.1:9/", type_create=True, type_update=True, http_method="POST"
        )
        hook.content_types.add(kind)
        webhook.content_types.add(kind)

        with sent_webhooks() as sent:
            self.receive(mail(Bcop()))
            self.receive(mail(Bcop(issued=NOON + timedelta(hours=1), sequence=1)))
            self.receive(mail(Bcop(issued=NOON + timedelta(hours=2), status="CANCELLED")))

        self.assertEqual([(name, event) for name, event, _ in sent], [("M-1", "create"), ("M-1", "update")])
        self.assertTrue(all(was_stored for _, _, was_stored in sent))
        self.assertEqual(JobResult.objects.filter(job_model=job).count(), 2)


@contextmanager
def sent_webhooks():
    """Collect what Nautobot's webhook task is started with: name, event, and whether the maintenance is stored."""
    sent = []

    def note(task, args, **_kwargs):
        if task.name == "nautobot.extras.tasks.process_webhook":
            data, event = args[1], args[3]
            status = CircuitMaintenance.objects.get(pk=data["id"]).status
            sent.append((data["name"], event, status == data["status"]))

    task_prerun.connect(note)
    try:
        yield sent
    finally:
        task_prerun.disconnect(note)


class Workers(TransactionTestCase):
    """Several workers, each with a connection of its own."""

    def setUp(self):
        """Create a provider and three waiting notifications."""
        self.user = get_user_model().objects.create_superuser(username=f"worker-{uuid4().hex[:8]}")
        create_provider("ISP", "noc@isp.example")
        mails = [
            mail(Bcop("M-1", issued=NOON + timedelta(hours=number), sequence=number, summary=f"Work {number}"))
            for number in range(12)
        ]
        self.rows = waiting(*mails)

    def test_workers_that_drain_at_once_digest_each_row_once_and_end_in_one_maintenance(self):
        """All mails are about one maintenance: the worst case for locks."""
        outcomes: Counter[Outcome] = Counter()

        def work() -> None:
            try:
                for report in drain_waiting(RunOptions(now=NOON, user=self.user)).sources:
                    outcomes.update(
                        {outcome: n for outcome, n in report.outcomes.items() if outcome != Outcome.WAITING}
                    )
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(3)]
        for each in workers:
            each.start()
        for each in workers:
            each.join(timeout=60)

        self.assertEqual(outcomes, Counter({Outcome.PARSED: 12}))
        self.assertEqual(CircuitMaintenance.objects.get().description, "Work 11")
        self.assertEqual(ParsedNotification.objects.filter(outdated=False).count(), 1)
        self.assertEqual(ParsedNotification.objects.count(), 12)

    def test_a_row_that_another_worker_holds_is_skipped_and_not_waited_for(self):
        """The rest is digested at once."""
        held, stop = threading.Event(), threading.Event()

        def hold() -> None:
            try:
                with transaction.atomic():
                    Notification.objects.select_for_update().get(pk=self.rows[0].pk)
                    held.set()
                    stop.wait(60)
            finally:
                connection.close()

        holder = threading.Thread(target=hold)
        holder.start()
        self.assertTrue(held.wait(60))
        try:
            with lock_timeout(seconds=2):
                report = drain_waiting(RunOptions(now=NOON, user=self.user))
        finally:
            stop.set()
            holder.join()

        self.assertEqual(report.sources[0].error, "")
        self.assertEqual(report.sources[0].outcomes, Counter({Outcome.PARSED: 11}))
        self.assertEqual([row.pk for row in Notification.objects.filter(state="received")], [self.rows[0].pk])

    def test_a_worker_that_dies_leaves_its_attempt_on_the_row_and_three_deaths_set_it_aside(self):
        """Real deaths: the server ends the worker's connection in the middle of the work."""
        Notification.objects.exclude(pk=self.rows[0].pk).delete()
        refuse(EVIDENCE, error=Refusal.DEATH)
        attempts = []
        try:
            for _ in range(4):
                with suppress(OperationalError, InterfaceError):
                    digest(Notification.objects.all())
                connection.close()
                attempts.append(Notification.objects.get().attempts)
        finally:
            connection.close()
            accept(EVIDENCE)

        row = Notification.objects.get()
        self.assertEqual((attempts, row.state), ([1, 2, 3, 3], "failed"))
        self.assertIn("3 times", row.error)
        self.assertEqual(CircuitMaintenance.objects.count(), 0)


class WithoutRedis(PipelineTestCase):
    """What becomes of messages while Redis, which Nautobot keeps its caches in, is restarted."""

    def test_no_message_is_blamed(self):
        waiting(mail(Bcop("M-1")), mail(Bcop("M-2")))
        nowhere = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/redis.sock"}}
        with override_settings(CACHES=nowhere):
            report = drain_waiting(OPTIONS)

        self.assertIn("RUN-02", report.sources[0].error)
        self.assertEqual(set(Notification.objects.values_list("state", "attempts")), {("received", 0)})

        drain_waiting(OPTIONS)

        self.assertEqual(CircuitMaintenance.objects.count(), 2)
