"""Nautobot Jobs: thin shells over the inbound pipeline. New jobs start disabled; an administrator enables them."""

from datetime import date, datetime, time as day_time, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from nautobot.apps.jobs import ChoiceVar, DryRunVar, IntegerVar, Job, MultiObjectVar, StringVar, register_jobs

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.mail.limits import time_left
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.retention import purge_raw
from nautobot_circuit_maintenance.pipeline.sources import synchronise_sources
from nautobot_circuit_maintenance.tasks import BacklogFanOut

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.pipeline.run import RunOptions, RunReport

name = "Circuit Maintenance"  # pylint: disable=invalid-name  # Nautobot's name for the group of a module's jobs

_DATE = r"^\d{4}-\d{2}-\d{2}$"


class _DigestingJob(Job):  # pylint: disable=abstract-method  # the jobs below have a run()
    """What the jobs that digest share: how long they may take, who helps, and how they say what was done."""

    def options(self, **values: Any) -> "RunOptions":
        """Return the options of a run that begins now, with these besides."""
        # Web processes know the jobs too: what reads and digests mail is loaded by those who run one.
        from nautobot_circuit_maintenance.pipeline import run  # pylint: disable=import-outside-toplevel  # heavy

        limit = self.job_result.job_model.soft_time_limit or settings.CELERY_TASK_SOFT_TIME_LIMIT
        queue = (self.job_result.celery_kwargs or {}).get("queue")
        return run.RunOptions(
            now=timezone.now(),
            user=self.user,
            is_time_left=time_left(limit),
            on_recorded=BacklogFanOut(self.user, queue).on_recorded,
            **values,
        )

    def told(self, report: "RunReport") -> dict[str, Any]:
        """Return the report as JSON; mark the run failed if a source was, or if a message is not accounted for."""
        if not report.is_complete:
            self.logger.warning("Time is up; the next run goes on from here.")
        if report.unaccounted:
            self.fail(f"{report.unaccounted} of {report.recorded} recorded messages are not in the database.")
        if report.failed_sources:
            self.fail("; ".join(str(each) for each in report.failed_sources))
        return report.as_json()


def _midnight(text: str) -> datetime | None:
    """Return the start of a day given as YYYY-MM-DD in Nautobot's time zone; None for no text."""
    return timezone.make_aware(datetime.combine(date.fromisoformat(text), day_time.min)) if text else None


class HandleCircuitMaintenanceNotifications(_DigestingJob):
    """Read the notification sources and bring the circuit maintenances up to date."""

    dryrun = DryRunVar(description="Read and digest, but write nothing.", default=False)
    sources = MultiObjectVar(
        model=NotificationSource, required=False, description="Sources to read; all of them when none is chosen."
    )
    since = StringVar(
        required=False,
        default="",
        regex=_DATE,
        label="Since",
        description="Read the mail of every sender again from this day (YYYY-MM-DD); empty: what is new.",
    )

    class Meta:
        name = "Handle Circuit Maintenance Notifications"
        description = "Fetch new notifications, record and parse them, create or update circuit maintenances."
        has_sensitive_variables = False
        dryrun_default = False
        field_order = ["sources", "since", "dryrun"]

    def run(  # pylint: disable=arguments-differ  # Nautobot passes the variables by name
        self, *, dryrun: bool = False, sources: Any = None, since: str = ""
    ) -> dict[str, Any]:
        """Run the pipeline; the result counts what happened to each message. A day is Nautobot's, as YYYY-MM-DD."""
        from nautobot_circuit_maintenance.pipeline import run  # pylint: disable=import-outside-toplevel  # heavy

        if not dryrun:
            synchronise_sources()
        chosen = list(sources) if sources else list(NotificationSource.objects.all())
        if not sources:
            chosen = [source for source in chosen if source.is_configured]
        if not chosen:
            self.logger.warning("No notification source is configured: add one to PLUGINS_CONFIG.")
        return self.told(run.run(chosen, self.options(since=_midnight(since), dry_run=dryrun)))


class ReprocessNotifications(_DigestingJob):
    """Digest recorded notifications again, from their stored bytes."""

    which = ChoiceVar(
        choices=(
            (State.FAILED, "Failed"),
            (State.IGNORED, "Ignored"),
            (State.REFUSED, "Refused"),
            ("all", "All"),
            (State.RECEIVED, "None: digest only what waits"),
        ),
        default=State.FAILED,
        description="Which notifications to digest again.",
    )
    since = StringVar(
        required=False,
        default="",
        regex=_DATE,
        label="Since",
        description="Only what was received from this day on (YYYY-MM-DD); empty: everything.",
    )

    class Meta:
        name = "Reprocess Notifications"
        description = "Digest notifications again: after a parser upgrade, a corrected provider, a new parser name."
        has_sensitive_variables = False

    def run(  # pylint: disable=arguments-differ  # Nautobot passes the variables by name
        self, *, which: str = State.FAILED, since: str = ""
    ) -> dict[str, Any]:
        """Put the notifications of this state (or all) back into the queue and drain it; the result is that of a run."""
        from nautobot_circuit_maintenance.pipeline import run  # pylint: disable=import-outside-toplevel  # heavy

        options = self.options()
        if which != State.RECEIVED:
            options.on_recorded(self._await_digestion(which, since))
        return self.told(run.drain_waiting(options))

    def _await_digestion(self, which: str, since: str) -> int:
        """Reset the chosen notifications and count them; those that wait keep the count of their attempts."""
        chosen = Notification.objects.all() if which == "all" else Notification.objects.filter(state=which)
        start = _midnight(since)
        chosen = chosen.filter(received_at__gte=start) if start else chosen
        waiting, left = requeue(chosen)
        told = (
            "%s notifications to digest again; %s have no raw bytes any more, or were refused by a source that is gone."
        )
        self.logger.info(told, waiting, left)
        return waiting


class PurgeRawNotifications(Job):
    """Empty the raw bytes of old notifications; everything concluded from them stays."""

    days = IntegerVar(default=365, min_value=1, label="Days", description="Keep the raw bytes of this many days.")

    class Meta:
        name = "Purge Raw Notifications"
        description = "Free the space of old raw messages; their rows stay, so that no mail is read in twice."
        has_sensitive_variables = False

    def run(self, *, days: int = 365) -> dict[str, int]:  # pylint: disable=arguments-differ  # see above
        """Purge what was received more than so many days ago; the result says how many."""
        purged = purge_raw(before=timezone.now() - timedelta(days=days))
        self.logger.info("The raw bytes of %s notifications were removed.", purged)
        return {"purged": purged}


jobs = [HandleCircuitMaintenanceNotifications, ReprocessNotifications, PurgeRawNotifications]
register_jobs(*jobs)
