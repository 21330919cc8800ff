"""What is known of a job that no worker reports."""

from unittest import mock

from django.test import SimpleTestCase
from nautobot.core import celery
from nautobot.core.celery import app

from nautobot_circuit_maintenance.outbound.channels.job.workers import lost

TASK = "00000000-0000-4000-8000-000000000000"


class Lost(SimpleTestCase):
    """No worker runs here; the broker is in memory."""

    def test_nothing_is_lost_as_long_as_no_worker_answers(self) -> None:
        self.assertEqual(lost([TASK], ["default"]), set())

    def test_nothing_is_lost_while_the_broker_does_not_answer(self) -> None:
        before = app.conf.broker_read_url
        app.conf.broker_read_url = "redis://127.0.0.1:9/0"
        self.addCleanup(setattr, app.conf, "broker_read_url", before)
        self.assertEqual(lost([TASK], ["default"]), set())

    def test_without_tasks_no_worker_is_asked(self) -> None:
        with mock.patch.object(app.control, "inspect") as inspect:
            self.assertEqual(lost([], ["default"]), set())
        inspect.assert_not_called()

    def test_lost_is_what_no_worker_knows_and_no_queue_has(self) -> None:
        with (
            mock.patch.object(celery, "_get_celery_queue_items", {"default": ["queued"]}.__getitem__, create=True),
            mock.patch.object(app.control, "inspect") as inspect,
        ):
            inspect.return_value.query_task.return_value = {"worker-1": {"running": ["active", {}]}, "worker-2": {}}
            self.assertEqual(lost([TASK, "running", "queued"], ["default"]), {TASK})
