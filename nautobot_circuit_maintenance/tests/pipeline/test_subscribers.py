"""Who subscribes to changes receives the same as from core's own loop over change records; without one it does not run."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from uuid import uuid4

from celery.signals import task_prerun
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from nautobot.apps.change_logging import web_request_context
from nautobot.apps.choices import ObjectChangeEventContextChoices
from nautobot.apps.events import EventBroker, deregister_event_broker, register_event_broker
from nautobot.apps.jobs import JobHookReceiver, register_jobs
from nautobot.circuits.models import Provider
from nautobot.extras.models import Job, JobHook, JobResult, ObjectChange, Webhook

from nautobot_circuit_maintenance.choices import PIPELINE_CONTEXT
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification
from nautobot_circuit_maintenance.pipeline.chunk import Chunk
from nautobot_circuit_maintenance.pipeline.digest import digest
from nautobot_circuit_maintenance.pipeline.queue import Queue
from nautobot_circuit_maintenance.pipeline.subscribers import change_context
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.end_to_end.world import forget_everything
from nautobot_circuit_maintenance.tests.pipeline.test_chunks import STORY, record

MADE_HERE = ("id", "created", "last_updated", "timestamp", "request_id")
"""What has another value in each run: generated keys and times of writing."""
CREATES, UPDATES = {"type_create": True}, {"type_update": True}
OURS = "nautobot.*.nautobot_circuit_maintenance.*"


class HookReceiver(JobHookReceiver):
    """A job hook that someone subscribed."""

    def receive_job_hook(self, change, action, changed_object):
        """Do nothing; that it is put into the queue is what counts."""


register_jobs(HookReceiver)


class Broker(EventBroker):
    """Keeps what is published."""

    def __init__(self, **topics):
        """Keep nothing yet."""
        super().__init__(**topics)
        self.published = []

    def publish(self, *, topic, payload):
        """Keep an event."""
        self.published.append((topic, comparable(json.loads(payload))))


def comparable(value):
    """Return a value without what has another value in each run."""
    if isinstance(value, dict):
        return {name: comparable(each) for name, each in value.items() if name not in MADE_HERE}
    return [comparable(each) for each in value] if isinstance(value, list) else value


@contextmanager
def sent_webhooks() -> Iterator[list]:
    """Collect what Nautobot's webhook task is started with."""
    sent = []

    def note(task, args, **_kwargs):
        if task.name == "nautobot.extras.tasks.process_webhook":
            webhook, data, model, event, _time, user, _request, snapshots = args
            name = Webhook.objects.get(pk=webhook).name
            sent.append((name, comparable(data), model, event, user, comparable(snapshots)))

    task_prerun.connect(note)
    try:
        yield sent
    finally:
        task_prerun.disconnect(note)


class TestSubscribers(PipelineTestCase):
    """The same story for every set of subscribers, digested by us and within core's context."""

    def setUp(self):
        """Enable the job of the job hooks."""
        super().setUp()
        self.job, _ = Job.objects.get_or_create(
            module_name=HookReceiver.__module__,
            job_class_name="HookReceiver",
            defaults={"name": "Hook Receiver", "grouping": "Test"},
        )
        Job.objects.filter(pk=self.job.pk).update(enabled=True, installed=True)

    def webhook(self, model=CircuitMaintenance, **options) -> Callable[[], object]:
        """Subscribe a webhook."""
        name = f"Webhook {Webhook.objects.count()}"
        hook = Webhook.objects.create(name=name, payload_url="http://127.0.0.1:9/", http_method="POST", **options)
        hook.content_types.add(ContentType.objects.get_for_model(model))
        return hook.delete

    def job_hook(self, model=CircuitMaintenance, **options) -> Callable[[], object]:
        """Subscribe a job hook."""
        hook = JobHook.objects.create(name=f"Hook {JobHook.objects.count()}", job=self.job, **options)
        hook.content_types.add(ContentType.objects.get_for_model(model))
        return hook.delete

    def received(self, run, topics=None) -> dict[str, list]:
        """Let the story be digested; return what subscribers receive, and the change records."""
        forget_everything()
        ObjectChange.objects.all().delete()
        JobResult.objects.all().delete()
        record(*STORY)
        broker = Broker(**(topics or {}))
        with ExitStack() as stack:
            if topics is not None:
                register_event_broker(broker)
                stack.callback(deregister_event_broker, broker)
            sent = stack.enter_context(sent_webhooks())
            run()
        changes = ObjectChange.objects.order_by("time").values_list(
            "action", "user_name", "change_context", "change_context_detail", "object_data", "object_data_v2"
        )
        return {
            "webhooks": sent,
            "jobs": list(JobResult.objects.filter(job_model=self.job).values_list("name", "user__username")),
            "events": broker.published,
            "records": [comparable(list(change)) for change in changes],
        }

    def by_us(self) -> None:
        """Digest as a run does."""
        digest(Notification.objects.all(), user=self.user)

    def by_core(self) -> None:
        """Digest within core's context, whose loop over the change records always runs."""
        for claims in Queue(Notification.objects.all(), counts_attempts=True).chunks():
            change_id = uuid4()
            with web_request_context(
                self.user, PIPELINE_CONTEXT, change_id, context=ObjectChangeEventContextChoices.CONTEXT_JOB
            ):
                Chunk(claims, lambda: True, user=self.user, change_id=change_id, dry_run=False).digest()

    def assert_same(self, *, webhooks: int = 0, jobs: int = 0, events: int = 0, topics=None) -> None:
        """Check that both ways send the same, this many of each, and that the records are the same."""
        ours = self.received(self.by_us, topics)
        self.assertEqual(ours, self.received(self.by_core, topics))
        self.assertEqual([len(ours[name]) for name in ("webhooks", "jobs", "events")], [webhooks, jobs, events])
        self.assertEqual([each[0] for each in ours["records"]], ["create"] * 2 + ["update"] * 5)

    def test_hooks_receive_the_same(self):
        """Whichever action they want; what is disabled, or about something else, receives nothing."""
        both = {**CREATES, **UPDATES}
        for subscriptions, expected in (
            ([], {}),
            ([(self.webhook, both)], {"webhooks": 7}),
            ([(self.webhook, CREATES)], {"webhooks": 2}),
            ([(self.webhook, UPDATES)], {"webhooks": 5}),
            ([(self.webhook, {"type_delete": True})], {}),
            ([(self.webhook, {**both, "enabled": False})], {}),
            ([(self.webhook, {**both, "model": Provider})], {}),
            ([(self.job_hook, both)], {"jobs": 7}),
            ([(self.job_hook, UPDATES)], {"jobs": 5}),
            ([(self.job_hook, {**both, "enabled": False})], {}),
            ([(self.job_hook, {**both, "model": Provider})], {}),
            ([(self.job_hook, CREATES), (self.webhook, UPDATES)], {"jobs": 2, "webhooks": 5}),
            ([(self.webhook, both), (self.webhook, CREATES), (self.job_hook, both)], {"jobs": 7, "webhooks": 9}),
        ):
            with self.subTest([(subscribe.__name__, options) for subscribe, options in subscriptions]):
                removals = [subscribe(**options) for subscribe, options in subscriptions]
                self.assert_same(**expected)
                for remove in removals:
                    remove()

    def test_event_brokers_receive_the_same(self):
        for topics, expected in (
            ({}, 7),
            ({"include_topics": [OURS]}, 7),
            ({"include_topics": ["nautobot.create.*"]}, 2),
            ({"include_topics": ["nautobot.*.dcim.*"]}, 0),
            ({"exclude_topics": [OURS]}, 0),
            ({"exclude_topics": ["nautobot.update.*"]}, 2),
        ):
            with self.subTest(topics):
                self.assert_same(events=expected, topics=topics)

    def test_what_receivers_of_signals_change_in_between_is_sent_too(self):
        """Whatever has the change ID of the chunk, in one order with our own records."""
        self.webhook(model=Provider, **UPDATES)

        with sent_webhooks() as sent, change_context(self.user, uuid4()):
            self.provider.comments = "Changed meanwhile"
            self.provider.validated_save()

        self.assertEqual([(model, event) for _, _, model, event, *_ in sent], [("provider", "update")])

    def test_records_are_sent_even_if_the_chunk_fails_after_some_were_stored(self):
        """As core's context does: notifications that were digested alone are committed."""
        self.webhook(model=Provider, **UPDATES)

        with sent_webhooks() as sent, self.assertRaises(ValueError), change_context(self.user, uuid4()):
            self.provider.validated_save()
            raise ValueError

        self.assertEqual(len(sent), 1)

    def test_if_no_one_subscribes_each_chunk_asks_three_questions(self):
        """What changed, which webhooks, and which job hooks; it reads no change record."""
        with CaptureQueriesContext(connection) as captured, change_context(self.user, uuid4()):
            self.provider.validated_save()
            changed = len(captured)

        asked = [query["sql"] for query in captured.captured_queries[changed:]]
        self.assertEqual(len(asked), 3, "\n".join(asked))
        self.assertFalse([sql for sql in asked if "object_repr" in sql])
