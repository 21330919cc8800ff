"""Asks a worker to digest what waits: web processes never do it themselves."""

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

_PATIENCE = timedelta(minutes=1)


def enqueue_digestion(user: AbstractUser) -> bool:
    """Let a worker digest all that waits; False where none will: the rows wait for the next run then.

    To be called once the rows are in the database.
    """
    job = Job.objects.filter(module_name=JOB_MODULE, job_class_name=JOB_CLASS, enabled=True, installed=True).first()
    if job is None:
        return False
    # A run that has not begun yet will find our rows too: a thousand messages do not make a thousand runs.
    begun_after = timezone.now() - _PATIENCE
    waiting = JobResult.objects.filter(
        job_model=job, status=JobResultStatusChoices.STATUS_PENDING, date_created__gt=begun_after
    )
    if waiting.exists():
        return True
    queue = job.default_job_queue
    if queue.queue_type == JobQueueTypeChoices.TYPE_CELERY and not get_worker_count(queue=queue):
        return False
    enqueue_job(job, user, {"which": State.RECEIVED})
    return True
