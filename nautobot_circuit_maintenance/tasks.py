"""Celery tasks: additional workers that help a run with its backlog."""

import logging
from typing import Any

from celery.exceptions import OperationalError as BrokerError
from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone
from nautobot.core.celery import nautobot_task
from nautobot.extras.choices import JobQueueTypeChoices
from nautobot.extras.models import JobQueue

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.mail.limits import time_left

logger = logging.getLogger(__name__)


# The outcome of each notification is on its row; the task itself has no result.
@nautobot_task(ignore_result=True)
def digest_waiting(user_pk: str | None = None) -> None:
    """Digest waiting notifications on behalf of a user until none is left or time runs out."""
    # Web processes import the tasks too; only a worker needs the modules that digest.
    from nautobot_circuit_maintenance.pipeline import run  # pylint: disable=import-outside-toplevel  # heavy

    user = get_user_model().objects.filter(pk=user_pk).first() if user_pk else None
    limit = settings.CELERY_TASK_SOFT_TIME_LIMIT
    run.drain_waiting(run.RunOptions(now=timezone.now(), user=user, is_time_left=time_left(limit)))


class BacklogFanOut:
    """Starts additional workers for a run with a backlog; the run continues by itself and never waits for them."""

    def __init__(self, user: Any, queue: str | None) -> None:
        """``queue`` is the Celery queue of the run, whose workers have this app installed."""
        self._user_pk = str(user.pk) if user else None
        self._queue = queue or settings.CELERY_TASK_DEFAULT_QUEUE
        self._recorded = 0
        self._started = 0

    def on_recorded(self, count: int) -> None:
        """Count more waiting notifications; start one more worker per ``backlog_per_worker`` of them."""
        self._recorded += count
        wanted = self._recorded // get_app_settings().backlog_per_worker
        if wanted > self._started and self._has_workers():
            for _ in range(wanted - self._started):
                self._start_worker()
        self._started = max(wanted, self._started)

    def _has_workers(self) -> bool:
        """Return whether Celery workers read the queue; the queue of a Kubernetes job has none."""
        others = JobQueue.objects.filter(name=self._queue).exclude(queue_type=JobQueueTypeChoices.TYPE_CELERY)
        return not others.exists()

    def _start_worker(self) -> None:
        try:
            digest_waiting.apply_async(kwargs={"user_pk": self._user_pk}, queue=self._queue)
        except BrokerError as error:
            sentence = "Could not start additional workers; continuing alone: %s"
            logger.warning(sentence, error, extra={"grouping": "run"})
