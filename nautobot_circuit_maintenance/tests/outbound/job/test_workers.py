"""What is known of a job that no worker reports."""

from django.test import SimpleTestCase
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
        self.assertEqual(lost([], ["default"]), set())
