"""Starts a worker that digests what waits; web processes never digest themselves."""

from datetime import timedelta

from django.contrib.auth.models import AbstractUser
from django.utils import timezone
from nautobot.extras.choices import JobQueueTypeChoices, JobResultStatusChoices
from nautobot.extras.models import Job, JobResult
from nautobot.extras.utils import get_worker_count

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.compat import enqueue_job
from nautobot_circuit_maintenance.models import MailLayout

JOB_MODULE = "nautobot_circuit_maintenance.jobs"
JOB_CLASS = "ReprocessNotifications"
REPLAY_CLASS = "ReplayMailLayout"

_LONGEST_START = timedelta(minutes=1)


def enqueue_replay(user: AbstractUser, layout: MailLayout) -> bool:
    """Let a worker try a layout on all stored notifications; return False if none can."""
    job = _job(REPLAY_CLASS)
    if job is None or not _has_worker(job):
        return False
    enqueue_job(job, user, {"layout": str(layout.pk)})
    return True


def _job(class_name: str) -> Job | None:
    return Job.objects.filter(module_name=JOB_MODULE, job_class_name=class_name, enabled=True, installed=True).first()


def _has_worker(job: Job) -> bool:
    queue = job.default_job_queue
    return queue.queue_type != JobQueueTypeChoices.TYPE_CELERY or bool(get_worker_count(queue=queue))


def enqueue_digestion(user: AbstractUser) -> JobResult | None:
    """Start a worker that digests everything that waits; return its run, or None if none can: then it waits for the next run.

    To be called once the rows are in the database.
    """
    job = _job(JOB_CLASS)
    if job is None:
        return None
    # A run that has not started yet will find our rows too; a thousand messages must not make a thousand runs.
    created_after = timezone.now() - _LONGEST_START
    waiting = JobResult.objects.filter(
        job_model=job, status=JobResultStatusChoices.STATUS_PENDING, date_created__gt=created_after
    )
    if (run := waiting.first()) is not None:
        return run
    return enqueue_job(job, user, {"which": State.RECEIVED}) if _has_worker(job) else None
