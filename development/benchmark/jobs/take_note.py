"""The job hook that the benchmark puts into Nautobot's JOBS_ROOT."""

from nautobot.apps.jobs import JobHookReceiver, register_jobs


class TakeNote(JobHookReceiver):
    """A job hook on every change; the benchmark only enqueues it."""

    class Meta:
        name = "Take Note"

    def receive_job_hook(self, change, action, changed_object):
        """Do nothing."""


register_jobs(TakeNote)
