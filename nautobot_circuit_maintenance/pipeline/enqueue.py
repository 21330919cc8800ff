"""Starts a worker that digests what waits; web processes never digest themselves."""

from datetime import timedelta

from django.contrib.auth.models import AbstractUser
from django.utils import timezone
from nautobot.extras.choices import JobQueueTypeChoices, JobResultStatusChoices
from nautobot.extras.models import Job, JobResult
from nautobot.extras.utils import get_worker_count

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.compat import enqueue_job

JOB_MODULE = "nautobot_circuit_maintenance.jobs"
JOB_CLASS = "ReprocessNotifications"

_LONGEST_START = timedelta(minutes=1)


def enqueue_digestion(user: AbstractUser) -> JobResult | None:
    """Start a worker that digests everything that waits; return its run, or None if none can: then it waits for the next run.

    To be called once the rows are in the database.
    """
    job = Job.objects.filter(module_name=JOB_MODULE, job_class_name=JOB_CLASS, enabled=True, installed=True).first()
    if job is None:
        return None
    # A run that has not started yet will find our rows too; a thousand messages must not make a thousand runs.
    created_after = timezone.now() - _LONGEST_START
    waiting = JobResult.objects.filter(
        job_model=job, status=JobResultStatusChoices.STATUS_PENDING, date_created__gt=created_after
    )
    if (run := waiting.first()) is not None:
        return run
    queue = job.default_job_queue
    if queue.queue_type == JobQueueTypeChoices.TYPE_CELERY and not get_worker_count(queue=queue):
        return None
    return enqueue_job(job, user, {"which": State.RECEIVED})
