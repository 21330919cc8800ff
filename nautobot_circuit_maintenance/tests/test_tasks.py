"""Other workers are asked to help with a backlog, through Celery's real queue; no one waits for them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.contrib.auth import get_user_model
from django.test import TransactionTestCase, override_settings
from nautobot.core.celery import app
from nautobot.extras.choices import JobQueueTypeChoices
from nautobot.extras.models import JobQueue, ObjectChange

from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.tasks import BacklogFanOut, digest_waiting
from nautobot_circuit_maintenance.tests.cases import create_provider
from nautobot_circuit_maintenance.tests.factories.mail import Bcop, mail
from nautobot_circuit_maintenance.tests.pipeline.test_chunks import record

QUEUE = "maintenance-workers"


@contextmanager
def broker_queue(name: str = QUEUE) -> Iterator[Callable[[], list[dict]]]:
    """Let tasks go to the broker instead of running at once; yield a function that takes them out and returns their arguments."""
    with override_settings(CELERY_TASK_ALWAYS_EAGER=False), app.connection_for_write() as broker:
        queue = broker.SimpleQueue(name)
        queue.clear()

        def take() -> list[dict]:
            messages = [queue.get(block=False) for _ in range(queue.qsize())]
            return [each.payload[1] for each in messages if each.headers["task"] == digest_waiting.name]

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
