"""Celery tasks: other workers digest what waits, as many as there are."""

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError
from nautobot.core.celery import nautobot_task
from nautobot.extras.choices import JobQueueTypeChoices
from nautobot.extras.models import JobQueue

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.mail.limits import time_left

logger = logging.getLogger(__name__)


# What came of each notification stands on its row: the task itself has no result.
@nautobot_task(ignore_result=True)
def digest_waiting(user_pk: str | None = None) -> None:
    """Digest whatever waits, on behalf of a user, until nothing is left or time is up."""
    # Web processes know the tasks too: what digests mail is loaded by those who run one.
    from nautobot_circuit_maintenance.pipeline import run  # pylint: disable=import-outside-toplevel  # heavy

    user = get_user_model().objects.filter(pk=user_pk).first() if user_pk else None
    limit = settings.CELERY_TASK_SOFT_TIME_LIMIT
    run.drain_waiting(run.RunOptions(now=timezone.now(), user=user, is_time_left=time_left(limit)))


class BacklogFanOut:
    """Other workers, asked for help by a run with a backlog; it goes on by itself and never waits for them."""

    def __init__(self, user: Any, queue: str | None) -> None:
        """Remember on whose behalf, and the Celery queue of the run: its workers know this app."""
        self._user_pk = str(user.pk) if user else None
        self._queue = queue or settings.CELERY_TASK_DEFAULT_QUEUE
        self._recorded = 0
        self._asked = 0

    def on_recorded(self, count: int) -> None:
        """Hear how many more notifications wait; ask one more worker for every so many (``backlog_per_worker``)."""
        self._recorded += count
        wanted = self._recorded // get_app_settings().backlog_per_worker
        if wanted > self._asked and self._has_workers():
            for _ in range(wanted - self._asked):
                self._ask()
        self._asked = max(wanted, self._asked)

    def _has_workers(self) -> bool:
        """Tell whether Celery workers read the queue: a job that Kubernetes runs has a queue without any."""
        others = JobQueue.objects.filter(name=self._queue).exclude(queue_type=JobQueueTypeChoices.TYPE_CELERY)
        return not others.exists()

    def _ask(self) -> None:
        try:
            digest_waiting.apply_async(kwargs={"user_pk": self._user_pk}, queue=self._queue)
        except BrokerError as error:
            logger.warning("No other worker could be asked to help, this one goes on alone: %s", error)
