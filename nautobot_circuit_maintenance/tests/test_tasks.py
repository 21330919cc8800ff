"""Other workers are asked to help, and to look after jobs in a minute, through Celery's real queue; no one waits for them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.test import TransactionTestCase, override_settings
from django.utils import timezone
from nautobot.core.celery import app
from nautobot.extras.choices import JobQueueTypeChoices
from nautobot.extras.models import Job, JobQueue, JobResult, ObjectChange

from nautobot_circuit_maintenance.models import Delivery, Notification
from nautobot_circuit_maintenance.tasks import BacklogFanOut, digest_waiting, look_after_jobs, look_after_jobs_soon
from nautobot_circuit_maintenance.tests.cases import create_provider
from nautobot_circuit_maintenance.tests.factories.mail import Bcop, mail
from nautobot_circuit_maintenance.tests.pipeline.test_chunks import record

QUEUE = "maintenance-workers"


@contextmanager
def broker_queue(task: Any = digest_waiting, name: str = QUEUE) -> Iterator[Callable[[], list[dict]]]:
    """Let tasks go to the broker instead of running at once; yield a function that takes out one's and returns their arguments."""
    with override_settings(CELERY_TASK_ALWAYS_EAGER=False), app.connection_for_write() as broker:
        queue = broker.SimpleQueue(name)
        queue.clear()

        def take() -> list[dict]:
            messages = [queue.get(block=False) for _ in range(queue.qsize())]
            return [each.payload[1] for each in messages if each.headers["task"] == task.name]

        try:
            yield take
        finally:
            queue.clear()


class AskingForHelp(TransactionTestCase):
    """One more worker for every so many notifications."""

    def setUp(self):
        """Create who runs the job."""
        self.user = get_user_model().objects.create_superuser(username="night-shift")

    def test_a_small_backlog_is_left_to_the_job(self):
        """499 of 500."""
        with broker_queue() as taken:
            BacklogFanOut(self.user, QUEUE).on_recorded(499)

            self.assertEqual(taken(), [])

    def test_each_so_many_ask_one_more_worker_however_they_came_in(self):
        """On the queue of the run, on behalf of its user."""
        with broker_queue() as taken:
            helpers = BacklogFanOut(self.user, QUEUE)
            helpers.on_recorded(499)
            helpers.on_recorded(1)
            self.assertEqual(taken(), [{"user_pk": str(self.user.pk)}])

            helpers.on_recorded(1_100)

            self.assertEqual(len(taken()), 2)

    def test_a_queue_that_kubernetes_works_off_is_left_alone(self):
        """No Celery worker would ever take what lies there."""
        JobQueue.objects.create(name=QUEUE, queue_type=JobQueueTypeChoices.TYPE_KUBERNETES)
        with broker_queue() as taken:
            BacklogFanOut(self.user, QUEUE).on_recorded(5_000)

            self.assertEqual(taken(), [])


class TheHelper(TransactionTestCase):
    """The task, as a worker runs it."""

    def test_it_digests_what_waits_on_behalf_of_the_user(self):
        """The change record names who started the run."""
        user = get_user_model().objects.create_superuser(username="night-shift")
        create_provider("ISP", "noc@isp.example")
        record(mail(Bcop("M-1")), mail(Bcop("M-2")))

        digest_waiting.apply(kwargs={"user_pk": str(user.pk)}, throw=True)

        self.assertEqual(list(Notification.objects.values_list("state", flat=True)), ["parsed"] * 2)
        changes = ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance")
        self.assertEqual(list(changes.values_list("user_name", flat=True)), ["night-shift"] * 2)


class LookingAfterJobs(TransactionTestCase):
    """A singleton that its lock may have refused is looked at each minute until the next run."""

    def setUp(self):
        """Have a job that was enqueued just now."""
        self.job = Job.objects.get(job_class_name="PurgeRawNotifications")
        self.job.is_singleton, self.job.is_singleton_override = True, True
        self.job.save()
        self.delivery = Delivery.objects.create(
            **{"event": "job", "phase": "before", "state": "unsure", "key": uuid4().hex},
            data={"job": str(self.job.pk)},
            job_result=JobResult.objects.create(name=self.job.name, job_model=self.job),
            next_attempt=timezone.now() + timedelta(minutes=2),
        )

    def asked(self, *times: int) -> list[dict]:
        """Return what a worker is asked for."""
        with broker_queue(look_after_jobs) as taken:
            look_after_jobs_soon(QUEUE, *times)
            return taken()

    def test_a_worker_is_asked_as_often_as_there_are_minutes_until_the_next_run(self):
        """Each of them asks for the one after it."""
        self.assertEqual(self.asked(), [{"queue": QUEUE, "times": 3}])
        with broker_queue(look_after_jobs) as taken:
            look_after_jobs.apply(kwargs={"queue": QUEUE, "times": 3}, throw=True)
            self.assertEqual(taken(), [{"queue": QUEUE, "times": 2}])
        self.assertEqual(self.asked(0), [])

    def test_no_one_is_asked_without_a_singleton_that_was_enqueued_just_now_or_without_workers(self):
        """What runs for longer is left to the job that sends."""
        JobResult.objects.update(status="STARTED")
        self.delivery.next_attempt = timezone.now()
        self.delivery.save()
        self.assertEqual(self.asked(), [])
        self.delivery.next_attempt = timezone.now() + timedelta(minutes=2)
        self.delivery.save()
        JobQueue.objects.create(name=QUEUE, queue_type=JobQueueTypeChoices.TYPE_KUBERNETES)
        self.assertEqual(self.asked(), [])
        JobQueue.objects.filter(name=QUEUE).delete()
        self.job.is_singleton = False
        self.job.save()
        self.assertEqual(self.asked(), [])
