"""Celery tasks: additional workers that help a run with its backlog, and a check of jobs between two runs."""

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

_BETWEEN_RUNS = 4
"""Times that jobs are looked at until the next run, a minute apart: the job that sends is scheduled every five minutes."""
_MINUTE = 60


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
        if wanted > self._started and has_workers(self._queue):
            for _ in range(wanted - self._started):
                self._start_worker()
        self._started = max(wanted, self._started)

    def _start_worker(self) -> None:
        try:
            digest_waiting.apply_async(kwargs={"user_pk": self._user_pk}, queue=self._queue)
        except BrokerError as error:
            sentence = "Could not start additional workers; continuing alone: %s"
            logger.warning(sentence, error, extra={"grouping": "run"})


def has_workers(queue: str) -> bool:
    """Return whether Celery workers read a queue; the queue of a Kubernetes job has none."""
    others = JobQueue.objects.filter(name=queue).exclude(queue_type=JobQueueTypeChoices.TYPE_CELERY)
    return not others.exists()


@nautobot_task(ignore_result=True)
def look_after_jobs(queue: str, times: int) -> None:
    """Bring the jobs of subscriptions forward, and ask for that again as often as this."""
    # pylint: disable-next=import-outside-toplevel  # heavy, see above
    from nautobot_circuit_maintenance.outbound.machines import run_job_channels

    run_job_channels(timezone.now())
    look_after_jobs_soon(queue, times)


def look_after_jobs_soon(queue: str | None, times: int = _BETWEEN_RUNS) -> None:
    """Ask a worker to look in a minute whether the lock of a singleton has refused a job, so that it is tried again.

    What gets lost of this, or has no worker, is left to the next run.
    """
    # pylint: disable-next=import-outside-toplevel  # heavy, see above
    from nautobot_circuit_maintenance.outbound.channels.job.runs import may_have_been_refused

    queue = queue or settings.CELERY_TASK_DEFAULT_QUEUE
    if not (times and may_have_been_refused(timezone.now()) and has_workers(queue)):
        return
    try:
        look_after_jobs.apply_async(kwargs={"queue": queue, "times": times - 1}, queue=queue, countdown=_MINUTE)
    except BrokerError as error:  # apply_async
        logger.warning(
            "Could not ask a worker to look after jobs in a minute; the next run does: %s",
            error,
            extra={"grouping": "run"},
        )
