"""Nautobot Jobs, which only call the pipeline. New jobs start disabled; an administrator enables them."""

from datetime import date, datetime, time as day_time, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from nautobot.apps.jobs import (
    ChoiceVar,
    DryRunVar,
    IntegerVar,
    Job,
    MultiObjectVar,
    ObjectVar,
    StringVar,
    register_jobs,
)

from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.domain.escaping import in_markdown
from nautobot_circuit_maintenance.mail.limits import time_left
from nautobot_circuit_maintenance.models import MailLayout, Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline.repeating import repeated
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.retention import purge_raw
from nautobot_circuit_maintenance.pipeline.sources import synchronize_sources
from nautobot_circuit_maintenance.tasks import BacklogFanOut, look_after_jobs_soon

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.pipeline.report import RunReport
    from nautobot_circuit_maintenance.pipeline.run import RunOptions

name = "Circuit Maintenance"  # pylint: disable=invalid-name  # Nautobot's name for the group of a module's jobs

_DATE = r"^\d{4}-\d{2}-\d{2}$"
_OF_THE_RUN = {"grouping": "run"}
"""The group of log lines; without it, Nautobot shows the name of the function that logs."""


class _DigestingJob(Job):  # pylint: disable=abstract-method  # the jobs below have a run()
    """What the jobs that digest share: their time limit, additional workers, and the result."""

    def options(self, **values: Any) -> "RunOptions":
        """Return the options of a run that starts now, with these values."""
        # Web processes import the jobs too; only a worker needs the modules that read and digest email.
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

    def report_result(self, report: "RunReport") -> dict[str, Any]:
        """Return the report as JSON; mark the run as failed if a source failed or a notification is missing."""
        # pylint: disable-next=import-outside-toplevel  # heavy
        from nautobot_circuit_maintenance.pipeline.unread import log_unread

        log_unread(report)
        if not report.is_complete:
            self.logger.warning("Job time limit reached; the next run will continue.", extra=_OF_THE_RUN)
        if report.unaccounted:
            self.fail(
                f"{report.unaccounted} of {report.recorded} recorded notifications are missing from the database. "
                "Please report this as a bug."
            )
        if report.failed_sources:
            self.fail("; ".join(in_markdown(str(each)) for each in report.failed_sources))
        return report.as_json()


def _midnight(day: str) -> datetime | None:
    """Return the start of a day (YYYY-MM-DD) in Nautobot's time zone; None for an empty string."""
    return timezone.make_aware(datetime.combine(date.fromisoformat(day), day_time.min)) if day else None


class HandleCircuitMaintenanceNotifications(_DigestingJob):
    """Read the notification sources and bring the circuit maintenances up to date."""

    dryrun = DryRunVar(description="Fetch and parse, but do not save anything.", default=False)
    sources = MultiObjectVar(model=NotificationSource, required=False, description="Sources to read (default: all).")
    since = StringVar(
        required=False,
        default="",
        regex=_DATE,
        label="Since",
        description="Re-read all mail received since this date (YYYY-MM-DD). Leave empty for new mail only.",
    )

    class Meta:
        name = "Handle Circuit Maintenance Notifications"
        description = "Fetch provider notifications, parse them and update circuit maintenances."
        has_sensitive_variables = False
        dryrun_default = False
        field_order = ["sources", "since", "dryrun"]

    def run(  # pylint: disable=arguments-differ  # Nautobot passes the variables by name
        self, *, dryrun: bool = False, sources: Any = None, since: str = ""
    ) -> dict[str, Any]:
        """Run the pipeline; the result counts the messages by outcome. ``since`` is a day in Nautobot's time zone."""
        # pylint: disable=import-outside-toplevel  # heavy
        from nautobot_circuit_maintenance.analysis.ledger_closing import close_daily
        from nautobot_circuit_maintenance.pipeline import run

        if not dryrun:
            repeated(synchronize_sources)
        chosen = list(sources) if sources else list(NotificationSource.objects.all())
        if not sources:
            chosen = [source for source in chosen if source.is_configured]
        if not chosen:
            self.logger.warning("No notification source is configured: add one to PLUGINS_CONFIG.")
        report = run.run(chosen, self.options(since=_midnight(since), dry_run=dryrun))
        if not dryrun:
            close_daily(timezone.now())
        return self.report_result(report)


class ReprocessNotifications(_DigestingJob):
    """Digest recorded notifications again, from their stored bytes."""

    which = ChoiceVar(
        choices=(
            (State.FAILED, "Failed"),
            (State.IGNORED, "Ignored"),
            (State.REFUSED, "Refused"),
            ("all", "All"),
            (State.RECEIVED, "Only notifications still waiting"),
        ),
        default=State.FAILED,
        description="State of the notifications to reprocess.",
    )
    since = StringVar(
        required=False,
        default="",
        regex=_DATE,
        label="Since",
        description="Received on or after (YYYY-MM-DD). Leave empty for all.",
    )

    class Meta:
        name = "Reprocess Notifications"
        description = (
            "Parse stored notifications again, e.g. after upgrading the parser library or changing a provider's parser."
        )
        has_sensitive_variables = False

    def run(  # pylint: disable=arguments-differ  # Nautobot passes the variables by name
        self, *, which: str = State.FAILED, since: str = ""
    ) -> dict[str, Any]:
        """Put the notifications of this state (or all) back into the queue and digest them; the result is that of a run."""
        from nautobot_circuit_maintenance.pipeline import run  # pylint: disable=import-outside-toplevel  # heavy

        options = self.options()
        if which != State.RECEIVED:
            options.on_recorded(self._requeue(which, since))
        return self.report_result(run.drain_waiting(options))

    def _requeue(self, which: str, since: str) -> int:
        """Put the chosen notifications back into the queue; return how many wait."""
        chosen = Notification.objects.all() if which == "all" else Notification.objects.filter(state=which)
        start = _midnight(since)
        chosen = chosen.filter(received_at__gte=start) if start else chosen
        waiting, skipped = requeue(chosen)
        self.logger.info(
            "%s notifications queued; %s skipped (original message no longer stored, or source removed).",
            waiting,
            skipped,
            extra=_OF_THE_RUN,
        )
        return waiting


class PurgeRawNotifications(Job):
    """Delete the original messages of old notifications; everything concluded from them stays."""

    days = IntegerVar(default=365, min_value=1, label="Days", description="Keep original messages for this many days.")

    class Meta:
        name = "Purge Raw Notifications"
        description = "Delete original messages older than N days; notification records are kept."
        has_sensitive_variables = False

    def run(self, *, days: int = 365) -> dict[str, int]:  # pylint: disable=arguments-differ  # see above
        """Purge messages that were received more than this many days ago; return their number."""
        purged = purge_raw(before=timezone.now() - timedelta(days=days))
        self.logger.info("Removed %s original messages.", purged)
        return {"purged": purged}


class FindSitesAtRisk(Job):
    """List the sites that go dark or keep one way, as a table in the log and as a CSV file."""

    days = IntegerVar(default=30, min_value=1, label="Days", description="Findings that begin within this many days.")

    class Meta:
        name = "Find Sites At Risk"
        description = "List the sites that lose every way to the core, or keep one, because of maintenances."
        has_sensitive_variables = False

    def run(self, *, days: int = 30) -> dict[str, int]:  # pylint: disable=arguments-differ  # see above
        """Assess what the user may view; the result counts the sites."""
        # pylint: disable-next=import-outside-toplevel  # only a worker needs it
        from nautobot_circuit_maintenance.analysis.risk.job_table import find_sites_at_risk

        found = find_sites_at_risk(self.user, timezone.now(), timedelta(days=days))
        for line in found.lines:
            self.logger.info(line)
        self.create_file("sites_at_risk.csv", found.csv)
        return found.counts


class ReplayMailLayout(Job):
    """Try a taught layout on all stored notifications of its provider."""

    layout = ObjectVar(model=MailLayout, description="The layout to try.")

    class Meta:
        name = "Replay Mail Layout"
        description = "Try a taught layout on all stored notifications of its provider; it can go live after that."
        has_sensitive_variables = False

    def run(self, *, layout: MailLayout) -> dict[str, Any]:  # pylint: disable=arguments-differ  # see above
        """Try the layout and return the figures."""
        # pylint: disable-next=import-outside-toplevel  # heavy
        from nautobot_circuit_maintenance.pipeline.layouts.replay import replay

        limit = self.job_result.job_model.soft_time_limit or settings.CELERY_TASK_SOFT_TIME_LIMIT
        found = replay(layout, now=timezone.now(), is_time_left=time_left(limit))
        if not found["is_complete"]:
            self.logger.warning("Job time limit reached after %s of %s notifications.", found["tried"], found["total"])
        return {key: value for key, value in found.items() if not isinstance(value, list)}


class SendCircuitMaintenanceUpdates(Job):
    """Send what subscriptions wait for, and bring silences and drain jobs in order; to be scheduled every five minutes."""

    class Meta:
        name = "Send Circuit Maintenance Updates"
        description = "Send messages of subscriptions, silence alerts, and run jobs before and after windows."
        has_sensitive_variables = False

    def run(self) -> dict[str, Any]:  # pylint: disable=arguments-differ  # see above
        """Send; the result counts attempts by how they ended. A run that is stopped at any moment loses nothing."""
        # pylint: disable=import-outside-toplevel  # heavy
        from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
        from nautobot_circuit_maintenance.outbound.run import send_updates

        limit = self.job_result.job_model.soft_time_limit or settings.CELERY_TASK_SOFT_TIME_LIMIT
        report = send_updates(MessageChannels.configured(), timezone.now, time_left(limit))
        look_after_jobs_soon((self.job_result.celery_kwargs or {}).get("queue"))
        for line in report.lines:
            self.logger.info("%s", in_markdown(line))
        for channel, reason in report.down.items():
            self.logger.error("%s: %s", in_markdown(channel), in_markdown(reason))
        if not report.is_complete:
            self.logger.warning("Job time limit reached; the next run will continue.")
        if report.errors:
            self.fail("; ".join(map(in_markdown, report.errors)))
        return report.as_json()


jobs = [
    SendCircuitMaintenanceUpdates,
    HandleCircuitMaintenanceNotifications,
    ReprocessNotifications,
    PurgeRawNotifications,
    FindSitesAtRisk,
    ReplayMailLayout,
]
register_jobs(*jobs)
