"""How many statements a message costs the database, counted over whole runs of the Job on both connections."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.test.utils import CaptureQueriesContext
from nautobot.apps.choices import CustomFieldTypeChoices
from nautobot.apps.jobs import JobHookReceiver, register_jobs
from nautobot.apps.testing import TransactionTestCase
from nautobot.circuits.models import Provider
from nautobot.core.celery import app
from nautobot.extras.models import CustomField, Job, JobHook, JobQueue, JobResult, ObjectChange, Tag, Webhook
from nautobot.extras.registry import registry
from nautobot.extras.utils import refresh_job_model_from_job_class

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, Notification, ParsedNotification
from nautobot_circuit_maintenance.tests.cases import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.end_to_end.world import configured, new_folder, prepare_job, reading, run_job
from nautobot_circuit_maintenance.tests.fakes import NOON, Bcop, mail

PROVIDERS = 20
BATCH = 100
CIRCUITS = 5
MOST_PER_MESSAGE = 20
MOST_OF_AN_EMPTY_POLL = 10
_OURS = re.compile(r'"nautobot_circuit_maintenance_\w+"')
_KIND = re.compile(r'^(\w+)(?:.*?(?:FROM|INTO|UPDATE) "(\w+)")?', re.DOTALL)


class TakeNote(JobHookReceiver):
    """A job hook that somebody wrote."""

    class Meta:
        name = "Take Note"

    def receive_job_hook(self, change, action, changed_object):
        """Do nothing; it is only put into the queue here."""


def kind(statement: str) -> str:
    """Return what a statement does, and to which table."""
    return " ".join(filter(None, _KIND.match(statement).groups()))


class TestStatements(TransactionTestCase):
    """A busy Nautobot: 20 providers with tags and custom fields, a webhook and a job hook on every change."""

    def setUp(self):
        """Create the world, and circuits for the maintenances of each provider."""
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
        self.folder = new_folder()
        self.server.deliver_all([], self.folder)

    def subscribe(self):
        """Let a webhook and a job hook hear of every maintenance that is created or updated."""
        register_jobs(TakeNote)
        self.addCleanup(registry["jobs"].pop, TakeNote.class_path)
        model, _ = refresh_job_model_from_job_class(Job, TakeNote, JobQueue)
        model.enabled = True
        model.validated_save()
        told = {"type_create": True, "type_update": True, "enabled": True}
        webhook = Webhook.objects.create(name="Chat", payload_url="https://chat.example/hook", **told)
        job_hook = JobHook.objects.create(name="Note", job=model, **told)
        for hook in (webhook, job_hook):
            hook.content_types.add(ContentType.objects.get_for_model(CircuitMaintenance))

    @staticmethod
    def cids() -> list[str]:
        """Return the circuit ids that each provider uses."""
        return [f"C-{number}" for number in range(CIRCUITS)]

    def mails(self, status: str, day: int) -> list[tuple[bytes, None]]:
        """Return a mail about each of so many maintenances, spread over the providers."""
        issued = NOON + timedelta(days=day)
        circuits = [(cid, "OUTAGE") for cid in self.cids()]
        return [
            (mail(Bcop(f"M-{n}", status, circuits, issued), sender=f"noc@isp{n % PROVIDERS}.example"), issued)
            for n in range(BATCH // 2)
        ]

    @contextmanager
    def real_queue(self) -> Iterator[None]:
        """Put tasks into Celery's queue, as in production; the tests' settings run them at once."""
        eager = app.conf.task_always_eager
        app.conf.task_always_eager = False
        try:
            with app.connection_for_write() as broker:
                self.purge(broker)
                yield
                self.queued = self.purge(broker)
        finally:
            app.conf.task_always_eager = eager

    @staticmethod
    def purge(broker) -> int:
        """Empty Celery's queues; return how many tasks were in them."""
        channel = broker.channel()
        return sum(channel.queue_purge(queue) or 0 for queue in list(channel.queues) + ["default"])

    def statements_of_a_run(self) -> list[str]:
        """Run the Job on the mailbox; return every statement on both connections."""
        with ExitStack() as stack, configured(reading(self.server, self.folder)):
            stack.enter_context(self.real_queue())
            captured = [stack.enter_context(CaptureQueriesContext(connections[name])) for name in ("default", "job_logs")]
            self.result = run_job()
            statements = [query["sql"] for each in captured for query in each.captured_queries]
        self.assertEqual(self.result.status, "SUCCESS", self.result.traceback)
        return statements

    def test_a_batch_of_which_half_changes_something_stays_within_its_budget(self):
        """A hundred mails, of which fifty announce a maintenance and fifty repeat it word by word."""
        self.server.deliver_all(self.mails("CONFIRMED", 0) + self.mails("CONFIRMED", 1), self.folder)
        statements = self.statements_of_a_run()
        print(len(statements), Counter(map(kind, statements)).most_common())
        self.assertEqual(Notification.objects.filter(state="parsed").count(), BATCH)
        self.assertEqual(CircuitImpact.objects.filter(circuit__isnull=False).count(), BATCH // 2 * CIRCUITS)
        self.assert_hooks(BATCH // 2)
        self.assertLessEqual(len(statements) / BATCH, MOST_PER_MESSAGE)

    def test_a_batch_of_which_half_updates_a_maintenance_stays_within_its_budget(self):
        """Fifty maintenances are known; a hundred mails follow, of which fifty cancel and fifty repeat that."""
        self.server.deliver_all(self.mails("CONFIRMED", 0), self.folder)
        self.statements_of_a_run()
        ObjectChange.objects.all().delete()
        JobResult.objects.filter(name="Take Note").delete()
        self.server.deliver_all(self.mails("CANCELLED", 1) + self.mails("CANCELLED", 2), self.folder)
        statements = self.statements_of_a_run()
        print(len(statements), Counter(map(kind, statements)).most_common())
        self.assertEqual(CircuitMaintenance.objects.filter(status="CANCELLED").count(), BATCH // 2)
        self.assertEqual(ParsedNotification.objects.filter(outdated=True).count(), BATCH)
        self.assert_hooks(BATCH // 2)
        self.assertLessEqual(len(statements) / BATCH, MOST_PER_MESSAGE)

    def assert_hooks(self, changes: int) -> None:
        """Each change has one record, and was handed to the webhook and to the job hook."""
        self.assertEqual(ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance").count(), changes)
        self.assertEqual(JobResult.objects.filter(name="Take Note").count(), changes)
        self.assertEqual(self.queued, 2 * changes)

    def test_a_poll_that_finds_nothing_costs_a_few_statements(self):
        """Nautobot's own statements around a job aside, there are at most ten."""
        self.server.deliver_all(self.mails("CONFIRMED", 0), self.folder)
        self.statements_of_a_run()
        statements = self.statements_of_a_run()
        print(len(statements), Counter(map(kind, statements)).most_common())
        ours = [statement for statement in statements if _OURS.search(statement)]
        self.assertLessEqual(len(ours), MOST_OF_AN_EMPTY_POLL, "\n".join(ours))
