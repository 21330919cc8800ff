"""The first run after the takeover: the older schedule runs our job, on mailboxes that still have the same email, whole."""

import os
import re
from pathlib import Path

import pytest
from django.utils import timezone
from nautobot.core.celery.schedulers import NautobotScheduleEntry
from nautobot.extras.models import JobResult, ScheduledJob

from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, ParsedNotification
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.takeover.tables import OLDER
from nautobot_circuit_maintenance.tests.end_to_end import world

pytestmark = [
    pytest.mark.postgresql("the databases of the older package are PostgreSQL's"),
    pytest.mark.usefixtures("after"),
]

BIG = "322c6d49-366d-4b1d-8a4c-3e813459c529"
"""A message of which the older package kept 8 KiB."""
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Invented//EN
BEGIN:VEVENT
SUMMARY:BIG-1: splice works
DTSTART:{start}
DTEND:{end}
DTSTAMP:{stamp}
UID:BIG-1@invented
SEQUENCE:0
X-MAINTNOTE-PROVIDER:nordlight.example
X-MAINTNOTE-ACCOUNT:1234567
X-MAINTNOTE-MAINTENANCE-ID:BIG-1
X-MAINTNOTE-OBJECT-ID;X-MAINTNOTE-OBJECT-IMPACT=OUTAGE:NL/ETH/0003
X-MAINTNOTE-STATUS:CONFIRMED
ORGANIZER;CN="NOC":mailto:maint@nordlight.example
END:VEVENT
END:VCALENDAR
"""


def whole(row) -> bytes:
    """Return a message as its mailbox has it: with what the older package cut off."""
    raw = bytes(row.raw)
    if str(row.pk) != BIG:
        return raw
    big = CircuitMaintenance.objects.get(name="BIG-1")
    times = {
        name: moment.strftime("%Y%m%dT%H%M%SZ") for name, moment in (("start", big.start_time), ("end", big.end_time))
    }
    calendar = CALENDAR.format(**times, stamp=row.stamp.strftime("%Y%m%dT%H%M%SZ"))
    boundary = re.search(rb'boundary="([^"]+)"', raw)[1].decode()
    part = f"\n--{boundary}\nContent-Type: text/calendar; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{calendar}"
    return raw + f"{part}\n--{boundary}--\n".encode()


@pytest.fixture
def mailbox(tmp_path: Path):
    """Configure the source as a folder that has all messages."""
    folder = tmp_path / "mail"
    folder.mkdir()
    for number, row in enumerate(OLDER["rawnotification"].objects.order_by("stamp")):
        file = folder / f"{number:03}.eml"
        file.write_bytes(whole(row))
        received = row.stamp.timestamp() + 5
        os.utime(file, (received, received))
    entry = {"name": "src-bench", "url": folder.as_uri(), "attach_all_providers": True}
    with world.configured(entry):
        yield


def maintenances():
    """Return everything that an operator sees of each maintenance."""
    fields = (
        "provider",
        "name",
        "status",
        "description",
        "start_time",
        "end_time",
        "ack",
        "acknowledged_at",
        "created",
    )
    rows = {row["pk"]: row for row in CircuitMaintenance.objects.values("pk", *fields)}
    for pk, row in rows.items():
        maintenance = CircuitMaintenance.objects.get(pk=pk)
        row["windows"] = sorted(maintenance.windows.values_list("start_time", "end_time"))
        row["impacts"] = sorted(maintenance.impacts.values_list("cid", "impact", "circuit"), key=str)
        row["notes"] = sorted(maintenance.maintenance_notes.values_list("pk", flat=True))
    return rows


def run_schedule() -> JobResult:
    """Do what the scheduler does when the time has come."""
    schedule = ScheduledJob.objects.get(name="Scheduled Update Circuit Maintenances")
    entry = NautobotScheduleEntry(model=schedule)
    assert entry.args[0] == "nautobot_circuit_maintenance.jobs.HandleCircuitMaintenanceNotifications"
    return JobResult.execute_job(schedule.job_model, schedule.user, job_kwargs=schedule.kwargs)


def differences(before, after):
    """Return what differs, by maintenance."""
    return {
        str(before[pk]["name"]): {key: (row[key], after[pk][key]) for key in row if row[key] != after[pk][key]}
        for pk, row in before.items()
        if row != after[pk]
    }


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
