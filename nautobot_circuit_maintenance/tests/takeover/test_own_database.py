"""A small database of our own is taken over, and then read again from mailboxes that still have every message."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    Note,
    Notification,
    NotificationSource,
    ParsedNotification,
)
from nautobot_circuit_maintenance.pipeline.run import RunOptions, run
from nautobot_circuit_maintenance.pipeline.sources import synchronize_sources
from nautobot_circuit_maintenance.takeover import maintenances as copying, report
from nautobot_circuit_maintenance.tests.takeover import databases, first_run, own_database
from nautobot_circuit_maintenance.tests.takeover.first_run import differences, maintenances
from nautobot_circuit_maintenance.tests.takeover.own_database import MORNING, NORDLIGHT

pytestmark = pytest.mark.postgresql("the databases of the older package are PostgreSQL's")

SAME, BIG, CUT = (uuid.UUID(int=number) for number in (31, 32, 22))


def statements() -> str:
    """Return the small database, with a maintenance that is there twice, and a message that was cut at 8 KiB."""
    start = MORNING + timedelta(days=1)
    head = own_database.mail("BIG-1", "2@nordlight").replace(b"text/plain", b'multipart/mixed; boundary="b"')
    raw = head + b"--b\nContent-Type: text/plain\n\n"
    return "\n".join(
        [
            own_database.small(),
            own_database.circuit(uuid.UUID(int=41), "C-1", own_database.DELTA),
            own_database.maintenance("NORDLIGHT-n-1", id=SAME),
            own_database.row("circuitimpact", impact="DEGRADED", circuit_id=uuid.UUID(int=41), maintenance_id=SAME),
            own_database.row(
                "rawnotification",
                id=CUT,
                subject="BIG-1",
                sender="noc@nordlight.example",
                parsed=True,
                provider_id=NORDLIGHT,
                source_id=uuid.UUID(int=10),
                raw=raw.ljust(8192, b"."),
                stamp=MORNING,
            ),
            own_database.maintenance(
                "Nordlight-BIG-1", id=BIG, start_time=start, end_time=start + timedelta(hours=1), ack=True
            ),
            own_database.row(
                "parsednotification",
                json=own_database.announcement("BIG-1", uid="BIG-1@invented"),
                maintenance_id=BIG,
                raw_notification_id=CUT,
            ),
            own_database.row("circuitimpact", impact="OUTAGE", circuit_id=uuid.UUID(int=40), maintenance_id=BIG),
        ]
    )


@pytest.fixture(scope="module")
def own(django_db_setup, django_db_blocker):
    """Yield the name of the small database after the takeover, which copied it a maintenance at a time."""
    with django_db_blocker.unblock(), databases.removed("own") as name, pytest.MonkeyPatch.context() as patch:
        databases.create(name, statements())
        patch.setattr(copying, "_AT_ONCE", 1)
        with databases.inside(name):
            databases.migrate()
        yield name


@pytest.fixture(autouse=True)
def after(own):
    """Run each test in a copy of it."""
    with databases.clone(own):
        yield


def run_pipeline() -> None:
    """Read the mailboxes as the job does."""
    synchronize_sources()
    run(list(NotificationSource.objects.all()), RunOptions(now=timezone.now()))


def test_circuits_of_two_providers_with_one_id_stay_two_when_their_maintenances_become_one():
    assert report.unaccounted() == 0

    rows = CircuitImpact.objects.filter(maintenance__name="N-1").select_related("circuit__provider")

    assert {(row.cid, row.circuit.provider.name, row.impact) for row in rows} == {
        ("C-1", "Nordlight", "OUTAGE"),
        ("C-1 (Delta)", "Delta", "DEGRADED"),
    }
    assert Note.objects.filter(title="Impact on C-1 (Delta)").count() == 1


def test_the_same_email_read_whole_doubles_and_reverts_nothing(tmp_path: Path):
    fields = {
        "emails_circuit_maintenances": "noc@nordlight.example",
        "provider_parser_circuit_maintenances": "genericprovider",
    }
    Provider.objects.filter(pk=NORDLIGHT).update(_custom_field_data=fields)
    before, messages, evidence = maintenances(), Notification.objects.count(), ParsedNotification.objects.count()
    assert Notification.objects.get(pk=CUT).taken_over == "cut"

    def in_mailbox(row) -> bytes:
        return first_run.whole(row, "C-1") if row.pk == CUT else bytes(row.raw)

    with first_run.mailbox(tmp_path / "mail", "mail", in_mailbox):
        for _ in range(2):
            run_pipeline()

            after = maintenances()
            assert after.keys() == before.keys()
            assert differences(before, after) == {}
            assert Notification.objects.count() == messages
            assert ParsedNotification.objects.count() == evidence
    big = Notification.objects.defer(None).get(pk=CUT)
    assert (big.state, big.error, big.taken_over) == ("parsed", "", "")
    assert len(bytes(big.raw)) > 8192


def test_the_migrations_can_be_undone_to_before_the_takeover_and_applied_again():
    before = maintenances()
    names = databases.migration_names()
    [place] = [number for number, name in enumerate(names) if name.endswith("_take_over")]

    databases.migrate(names[place - 1])
    databases.migrate()

    assert differences(before, maintenances()) == {}
    assert report.unaccounted() == 0
