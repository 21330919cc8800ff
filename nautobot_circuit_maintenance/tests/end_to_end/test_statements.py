"""Database statements per message, counted over whole runs of the job on both connections."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from nautobot.apps.choices import CustomFieldTypeChoices
from nautobot.apps.jobs import JobHookReceiver, register_jobs
from nautobot.apps.testing import TransactionTestCase
from nautobot.circuits.models import Provider
from nautobot.core.celery import app
from nautobot.extras.models import CustomField, Job, JobHook, JobQueue, JobResult, ObjectChange, Tag, Webhook
from nautobot.extras.registry import registry
from nautobot.extras.utils import refresh_job_model_from_job_class

from development.services.imap import ImapServer
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.tests.cases import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.end_to_end.world import configured, new_folder, prepare_job, reading, run_job
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail

DAY = timedelta(days=1)
PROVIDERS = 20
BATCH = 100
CIRCUITS = 5
MOST_PER_MESSAGE = 6
MOST_OF_AN_EMPTY_POLL = 10
_OURS = re.compile(r'"nautobot_circuit_maintenance_\w+"')
_KIND = re.compile(r'(\w+).*?"(\w+)"|(\w+)', re.DOTALL)


class TakeNote(JobHookReceiver):
    """A job hook, as a user would write it."""

    class Meta:
        name = "Take Note"

    def receive_job_hook(self, change, action, changed_object):
        """Do nothing; it is only put into the queue here."""


def kind(statement: str) -> str:
    """Return the verb and the table of a statement."""
    return " ".join(filter(None, _KIND.match(statement).groups()))


def by_kind(statements: list[str]) -> str:
    """List the number of statements of each kind, the most frequent first."""
    counts = Counter(map(kind, statements)).most_common()
    return "\n".join(f"{count:5} {what}" for what, count in [("in all", len(statements)), *counts])


class TestStatements(TransactionTestCase):
    """A busy Nautobot: 20 providers with tags and custom fields, a webhook and a job hook on every change."""

    server: ImapServer

    def setUp(self):
        """Create providers with circuits, the hooks, and an empty mailbox."""
        super().setUp()
        prepare_job()
        field = CustomField.objects.create(key="contract", label="Contract", type=CustomFieldTypeChoices.TYPE_TEXT)
        field.content_types.add(ContentType.objects.get_for_model(Provider))
        tag = Tag.objects.create(name="Carrier")
        tag.content_types.add(ContentType.objects.get_for_model(Provider))
        for number in range(PROVIDERS):
            provider = create_provider(f"ISP {number:02}", f"noc@isp{number}.example")
            provider.cf["contract"] = f"4711-{number}"
            provider.validated_save()
            provider.tags.add(tag)
            create_circuits(provider, *self.cids())
        self.subscribe()
        self.queued = 0
        self.folder = new_folder()
        self.server.deliver_all([], self.folder)

    def subscribe(self):
        """Create a webhook and a job hook for every created or updated maintenance."""
        register_jobs(TakeNote)
        self.addCleanup(registry["jobs"].pop, TakeNote.class_path)
        model, _ = refresh_job_model_from_job_class(Job, TakeNote, JobQueue)
        model.enabled = True
        model.validated_save()
        events = {"type_create": True, "type_update": True, "enabled": True}
        webhook = Webhook.objects.create(name="Chat", payload_url="https://chat.example/hook", **events)
        job_hook = JobHook.objects.create(name="Note", job=model, **events)
        for hook in (webhook, job_hook):
            hook.content_types.add(ContentType.objects.get_for_model(CircuitMaintenance))

    @staticmethod
    def cids() -> list[str]:
        """Return the circuit ids that each provider uses."""
        return [f"C-{number}" for number in range(CIRCUITS)]

    def deliver(self, *issued: datetime, impact: str = "OUTAGE", **facts: Any) -> None:
        """Deliver an email about each of fifty maintenances of all providers, at each of these times."""
        circuits = [(cid, impact) for cid in self.cids()]
        mails = [
            (mail(Bcop(f"M-{n}", circuits=circuits, issued=at, **facts), sender=f"noc@isp{n % PROVIDERS}.example"), at)
            for at in issued
            for n in range(BATCH // 2)
        ]
        self.server.deliver_all(mails, self.folder)

    @contextmanager
    def real_queue(self) -> Iterator[None]:
        """Put tasks into Celery's queue, as in production, instead of running them at once as the test settings do."""
        with override_settings(CELERY_TASK_ALWAYS_EAGER=False), app.connection_for_write() as broker:
            queue = app.conf.task_default_queue
            broker.channel().queue_purge(queue)
            yield
            self.queued = broker.channel().queue_purge(queue)

    def statements_of_a_run(self) -> list[str]:
        """Run the Job on the mailbox; return every statement on both connections."""
        with ExitStack() as stack, configured(reading(self.server, self.folder)):
            stack.enter_context(self.real_queue())
            captured = [
                stack.enter_context(CaptureQueriesContext(connections[name])) for name in ("default", "job_logs")
            ]
            result = run_job()
            statements = [query["sql"] for each in captured for query in each.captured_queries]
        self.assertEqual(result.status, "SUCCESS", result.traceback)
        return statements

    def test_a_batch_of_which_half_changes_something_stays_within_its_budget(self):
        """A hundred emails, of which fifty announce a maintenance and fifty repeat it word by word."""
        self.deliver(NOON, NOON + DAY)
        statements = self.statements_of_a_run()
        self.assertEqual(Notification.objects.filter(state="parsed").count(), BATCH)
        self.assertEqual(CircuitImpact.objects.filter(circuit__isnull=False).count(), BATCH // 2 * CIRCUITS)
        self.assert_within_budget(statements)

    def test_a_batch_of_which_half_updates_a_maintenance_stays_within_its_budget(self):
        """Fifty maintenances are known; fifty emails change time, status and impact of each, fifty repeat that."""
        self.deliver(NOON)
        self.statements_of_a_run()
        ObjectChange.objects.all().delete()
        JobResult.objects.all().delete()
        moved = {"status": "RE-SCHEDULED", "start": START + DAY, "impact": "DEGRADED", "summary": "Moved"}
        self.deliver(NOON + DAY, NOON + 2 * DAY, **moved)
        statements = self.statements_of_a_run()
        self.assertEqual(CircuitMaintenance.objects.filter(status="RE-SCHEDULED").count(), BATCH // 2)
        self.assertEqual(MaintenanceWindow.objects.filter(start_time=START + DAY).count(), BATCH // 2)
        self.assertEqual(CircuitImpact.objects.filter(impact="DEGRADED").count(), BATCH // 2 * CIRCUITS)
        self.assertEqual(ParsedNotification.objects.filter(outdated=True).count(), BATCH)
        self.assert_within_budget(statements)

    def assert_within_budget(self, statements: list[str]) -> None:
        """Each of fifty changes has one change record and called both hooks, with few enough statements."""
        changes = ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance")
        self.assertEqual(changes.count(), BATCH // 2)
        self.assertEqual(JobResult.objects.filter(name="Take Note").count(), BATCH // 2)
        self.assertEqual(self.queued, BATCH // 2 * 2)
        print(f"{len(statements) / BATCH} statements a message")
        self.assertLessEqual(len(statements) / BATCH, MOST_PER_MESSAGE, by_kind(statements))

    def test_a_poll_that_finds_nothing_costs_a_few_statements(self):
        """At most ten, without Nautobot's own statements around a job."""
        self.deliver(NOON)
        self.statements_of_a_run()
        statements = self.statements_of_a_run()
        ours = [statement for statement in statements if _OURS.search(statement)]
        self.assertLessEqual(len(ours), MOST_OF_AN_EMPTY_POLL, "\n".join(ours))
