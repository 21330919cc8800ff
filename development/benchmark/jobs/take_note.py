"""What the benchmark puts into Nautobot's JOBS_ROOT: a job hook that somebody wrote."""

from nautobot.apps.jobs import JobHookReceiver, register_jobs


class TakeNote(JobHookReceiver):
    """Listens to every change; the benchmark only puts it into the queue."""

    class Meta:
        name = "Take Note"

    def receive_job_hook(self, change, action, changed_object):
        """Do nothing."""


register_jobs(TakeNote)
