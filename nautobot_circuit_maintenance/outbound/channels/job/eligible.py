"""Which jobs a subscription can run, and what keeps it from running one."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import transaction
from django.utils import timezone
from nautobot.extras.choices import JobExecutionType
from nautobot.extras.models import Job, ScheduledJob

from nautobot_circuit_maintenance.compat import unlogged
from nautobot_circuit_maintenance.outbound.channels.errors import MessageRefused

VARIABLES = ("maintenance", "circuits", "phase")
"""What a job is given: a CircuitMaintenance, Circuits, and "before" or "after"."""


def jobs_for(owner: Any) -> list[Job]:
    """Return the jobs that a subscription of this user can run, by name: what the form offers."""
    if not owner.is_active:  # an inactive superuser may run everything
        return []
    jobs = Job.objects.restrict(owner, "run").filter(enabled=True, installed=True).order_by("grouping", "name")
    return [job for job in jobs if not _unsuitable(job) and not needs_approval(job, owner, {})]


def check_job(job: Job | None, owner: Any) -> None:
    """Raise MessageRefused with the reason why a job cannot be run for this user now."""
    if job is None:
        raise MessageRefused("DRAIN-01", "No job is selected, or it was deleted.")
    if not (job.installed and job.enabled and job.job_class):
        raise MessageRefused("DRAIN-02", f"The job '{job}' is not installed, or not enabled.")
    if not (owner and owner.is_active and Job.objects.restrict(owner, "run").filter(pk=job.pk).exists()):
        raise MessageRefused("DRAIN-03", f"{owner or 'A deleted user'} may not run the job '{job}'.")
    unsuitable = _unsuitable(job)
    if unsuitable:
        raise MessageRefused("DRAIN-04", f"The job '{job}' {unsuitable}.")


def checked_data(job: Job, owner: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables as they are given to a worker; raises MessageRefused if the job refuses them.

    Objects are written as primary keys, which are strings.
    Raises it, too, if the job would have to be approved.
    """
    try:
        cleaned = job.job_class.validate_data(dict(data))
    except (ValidationError, ObjectDoesNotExist) as error:  # validate_data: one is missing, or refers to what is gone
        reasons = "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        raise MessageRefused("DRAIN-05", f"The job '{job}' does not accept its variables: {reasons}") from None
    serialized: dict[str, Any] = job.job_class.serialize_data(job.job_class.prepare_job_kwargs(cleaned))
    if needs_approval(job, owner, serialized):
        raise MessageRefused("DRAIN-06", f"An approval workflow applies to the job '{job}'.")
    return serialized


def needs_approval(job: Job, owner: Any, data: Mapping[str, Any]) -> bool:
    """Return whether an approval workflow applies to a job, as Nautobot's own REST view finds out: by a scheduled job.

    Nothing of it is left, and no workflow begins.
    """
    now = timezone.now()
    row = ScheduledJob(
        name=f"{job.name} - {now}",
        task=job.class_path,
        job_model=job,
        start_time=now,
        time_zone=now.tzinfo,
        kwargs=dict(data),
        interval=JobExecutionType.TYPE_FUTURE,
        one_off=True,
        user=owner,
        job_queue=job.default_job_queue,
    )
    with unlogged(), transaction.atomic():
        ScheduledJob.objects.bulk_create([row])  # unlike save(), it begins no workflow
        found = bool(row.has_approval_workflow_definition())
        transaction.set_rollback(True)
    return found


def _unsuitable(job: Job) -> str:
    """Return why the code of a job cannot be run with our variables; empty if it can."""
    if not job.job_class:
        return "has no code"
    if job.has_sensitive_variables:  # their values would have to be stored
        return "may have sensitive variables: set has_sensitive_variables = False in its Meta class"
    variables = job.job_class._get_vars()  # pylint: disable=protected-access  # as core's own REST view does
    missing = [name for name in VARIABLES if name not in variables]
    if missing:
        return f"has no variable {', '.join(missing)}"
    others = [name for name in variables if name not in VARIABLES]
    required = [name for name in others if variables[name].field_attrs.get("required", True)]
    return f"requires other variables: {', '.join(required)}" if required else ""
