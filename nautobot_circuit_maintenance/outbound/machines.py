"""One run of what acts on machines and sends no messages: silences in Alertmanager, and jobs before and after windows."""

from datetime import datetime

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.channel_settings.alertmanager import AlertmanagerSettings
from nautobot_circuit_maintenance.channel_settings.job import JobSettings
from nautobot_circuit_maintenance.outbound.channels.alertmanager.reconcile import reconcile
from nautobot_circuit_maintenance.outbound.channels.job.drain import run_jobs


def run_machines(now: datetime) -> list[str]:
    """Bring every configured channel in order, also those without a subscription; return lines for the log of the run."""
    entries = get_app_settings().channels.entries
    lines = []
    for settings in entries:
        if isinstance(settings, AlertmanagerSettings):
            found = reconcile(settings, now=now)
            if found and (found.posted or found.expired or found.errors):
                counts = f"{found.posted} silences made or changed, {found.expired} ended"
                lines.append(f"{settings.name}: {counts}. {found.error}".rstrip())
    run_job_channels(now)
    return lines


def run_job_channels(now: datetime) -> None:
    """Bring the jobs of every configured channel forward."""
    entries = get_app_settings().channels.entries
    run_jobs({each.name: each for each in entries if isinstance(each, JobSettings)}, now=now)
