"""The first run after the takeover: the older schedule runs our job, on mailboxes that still have the same email, whole."""

from pathlib import Path

import pytest
from django.utils import timezone
from nautobot.core.celery.schedulers import NautobotScheduleEntry
from nautobot.extras.models import JobResult, ScheduledJob

from nautobot_circuit_maintenance.models import Notification, ParsedNotification
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.end_to_end import world
from nautobot_circuit_maintenance.tests.takeover import first_run
from nautobot_circuit_maintenance.tests.takeover.first_run import differences, maintenances, whole

pytestmark = [
    pytest.mark.postgresql("the databases of the older package are PostgreSQL's"),
    pytest.mark.usefixtures("copy_after"),
]

BIG = "322c6d49-366d-4b1d-8a4c-3e813459c529"
"""A message of which the older package kept 8 KiB."""


def in_mailbox(row) -> bytes:
    """Return a message as its mailbox has it."""
    return whole(row, "NL/ETH/0003") if str(row.pk) == BIG else bytes(row.raw)


@pytest.fixture
def mailbox(tmp_path: Path):
    """Configure the source as a folder that has all messages."""
    with first_run.mailbox(tmp_path / "mail", "src-bench", in_mailbox):
        yield


def run_schedule() -> JobResult:
    """Do what the scheduler does when the time has come."""
    schedule = ScheduledJob.objects.get(name="Scheduled Update Circuit Maintenances")
    entry = NautobotScheduleEntry(model=schedule)
    assert entry.args[0] == "nautobot_circuit_maintenance.jobs.HandleCircuitMaintenanceNotifications"
    return JobResult.execute_job(schedule.job_model, schedule.user, job_kwargs=schedule.kwargs)


def test_the_same_email_read_whole_doubles_and_reverts_nothing(mailbox):
    before, messages = maintenances(), Notification.objects.count()
    evidence = ParsedNotification.objects.count()

    result = run_schedule()

    assert result.status == "SUCCESS", world.log_lines(result)
    after = maintenances()
    assert after.keys() == before.keys()
    assert differences(before, after) == {}
    assert Notification.objects.count() == messages
    assert ParsedNotification.objects.count() == evidence
    big = Notification.objects.defer(None).get(pk=BIG)
    assert (big.state, big.error, big.taken_over) == ("parsed", "", "")
    assert len(bytes(big.raw)) > 8192

    run_schedule()

    assert maintenances() == after


def test_a_message_that_was_cut_is_not_read_again_from_its_beginning():
    waiting, skipped = requeue(Notification.objects.filter(pk=BIG))

    assert (waiting, skipped) == (0, 1)


def test_reprocessing_everything_changes_no_maintenance(mailbox):
    before = maintenances()

    assert requeue(Notification.objects.all()) == (44, 2)
    drain_waiting(RunOptions(now=timezone.now()))

    assert differences(before, maintenances()) == {}
    assert set(Notification.objects.values_list("state", flat=True)) == {"parsed", "failed"}
