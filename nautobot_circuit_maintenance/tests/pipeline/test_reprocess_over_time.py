"""Reprocess years later: parsers name maintenances otherwise, retention has emptied old mail, addresses changed hands."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg2
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections
from django.test import TransactionTestCase
from nautobot.extras.models import (
    Contact,
    ContactAssociation,
    DynamicGroup,
    MetadataType,
    ObjectMetadata,
    Relationship,
    RelationshipAssociation,
    Role,
    Status,
)

from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, NotificationSource
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD
from nautobot_circuit_maintenance.pipeline.record import record_messages
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.retention import purge_raw
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.end_to_end.world import comparable_rows
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, FakeMailbox, mail, message
from nautobot_circuit_maintenance.tests.reading import parser_mails

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STATUS_WORDS = {"CONFIRMED": "Planned", "CANCELLED": "Cancelled", "IN-PROCESS": "Emergency"}


def two_readings(name: str, hours: int, status: str = "CONFIRMED") -> bytes:
    """Return a mail with a calendar about "CHG-...", and HTML that the parser of Windstream reads as "WMT-..."."""
    event = parser_mails.event(
        f"CHG-{name}", X_MAINTNOTE_STATUS=status, DTSTAMP=f"{NOON + hours * HOUR:%Y%m%dT%H%M%SZ}"
    )
    html = parser_mails.windstream(f"WMT-{name}", title=f"{STATUS_WORDS[status]} Maintenance Notification")
    return parser_mails.mail(
        parser_mails.calendar(event),
        ("text/html", html),
        From="noc@isp.example",
        Subject=f"{status} {name}",
        Date=f"{NOON + hours * HOUR:%a, %d %b %Y %H:%M:%S} +0000",
    )


class OverTime(PipelineTestCase):
    """A provider that gets another parser."""

    def reprocess(self) -> tuple[int, int]:
        """Read every notification again that can be."""
        counts = requeue(Notification.objects.all())
        drain_waiting(RunOptions(now=NOON + 2 * DAY, user=self.user))
        return counts

    def use_parser(self, name: str) -> None:
        """Set the provider's parser, as after an upgrade that reads its mail otherwise.

        A calendar of the standard is read whatever the parser: in mail on record it is one only for "genericprovider".
        """
        names = (b"X-MAINTNOTE-MAINTENANCE-ID", b"X-ANOTHER-WAY-TO-CALL-ITID")
        before, after = names if name == "windstream" else names[::-1]
        for row in Notification.objects.filter(raw__isnull=False).defer(None):
            Notification.objects.filter(pk=row.pk).update(raw=bytes(row.raw).replace(before, after))
        self.provider.cf[PARSERS_FIELD] = name
        self.provider.validated_save()

    def names(self) -> dict[str, str]:
        """Return the status of every maintenance by provider and name."""
        return {str(each): each.status for each in CircuitMaintenance.objects.all()}

    def warnings(self, maintenance: CircuitMaintenance) -> list[str]:
        """Return the warnings on a maintenance."""
        return list(maintenance.maintenance_notes.filter(level="WARNING").values_list("comment", flat=True))


class AnotherId(OverTime):
    """The same mail names another maintenance than before."""

    def test_an_untouched_maintenance_is_replaced(self):
        """One maintenance before, one afterwards."""
        self.receive(two_readings("1", 0))
        self.assertEqual(self.names(), {"ISP CHG-1": "CONFIRMED"})
        self.use_parser("windstream")

        self.reprocess()

        self.assertEqual(list(self.names()), ["ISP WMT-1"])

    def test_work_of_people_stays_with_a_warning_that_names_the_new_one(self):
        """Ticket, acknowledgement, window and impacts as they left them; the new one waits for its acknowledgement."""
        self.receive(two_readings("1", 0))
        old = self.maintenance("CHG-1")
        old.ticket, old.ack, old.start_time, old.end_time = "T-1", True, NOON, NOON + HOUR
        old.validated_save()
        old.impacts.create(cid="X-9", impact="OUTAGE")
        before = set(old.impacts.values_list("cid", "impact"))
        self.use_parser("windstream")

        self.reprocess()

        old, new = self.maintenance("CHG-1"), self.maintenance("WMT-1")
        self.assertEqual((old.status, old.ticket, old.ack), ("UNKNOWN", "T-1", True))
        self.assertEqual(list(old.windows.values_list("start_time", "end_time")), [(NOON, NOON + HOUR)])
        self.assertEqual(set(old.impacts.values_list("cid", "impact")), before)
        self.assertFalse(new.ack)
        [warning] = self.warnings(old)
        self.assertIn("its notifications refer to `ISP WMT-1`.", warning)

    def hang_a_contact(self, row: CircuitMaintenance, kind: ContentType) -> None:
        """Name someone who is responsible."""
        ContactAssociation.objects.create(
            contact=Contact.objects.create(name="Eve", email="eve@customer.example"),
            associated_object_type=kind,
            associated_object_id=row.pk,
            role=Role.objects.get_for_model(ContactAssociation).first(),
            status=Status.objects.get_for_model(ContactAssociation).first(),
        )

    def hang_metadata(self, row: CircuitMaintenance, kind: ContentType) -> None:
        """Say something about it in Nautobot's own way."""
        metadata_type = MetadataType.objects.create(name="Risk", data_type="text")
        metadata_type.content_types.add(kind)
        ObjectMetadata.objects.create(
            metadata_type=metadata_type,
            assigned_object_type=kind,
            assigned_object_id=row.pk,
            _value="high",
            scoped_fields=[],
        )

    def hang_a_relationship(self, row: CircuitMaintenance, kind: ContentType) -> None:
        """Relate it to a circuit."""
        circuit_type = ContentType.objects.get_for_model(self.circuits[0])
        related = Relationship.objects.create(
            label="Backup", key="backup", type="many-to-many", source_type=kind, destination_type=circuit_type
        )
        RelationshipAssociation.objects.create(relationship=related, source=row, destination=self.circuits[0])

    def hang_a_group(self, row: CircuitMaintenance, kind: ContentType) -> None:
        """Put it into a group."""
        group = DynamicGroup(name="This week", content_type=kind, group_type="static")
        group.validated_save()
        group.add_members([row])

    def test_whatever_people_hang_on_a_maintenance_keeps_it(self):
        """Each for itself."""
        hang: dict[str, Callable[[CircuitMaintenance, ContentType], None]] = {
            "1": self.hang_a_contact,
            "2": self.hang_metadata,
            "3": self.hang_a_relationship,
            "4": self.hang_a_group,
        }
        self.receive(*(two_readings(name, 0) for name in ("0", *hang)))
        for name, touch in hang.items():
            row = self.maintenance(f"CHG-{name}")
            touch(row, ContentType.objects.get_for_model(row))
        self.use_parser("windstream")

        self.reprocess()

        left = {name for name in self.names() if "CHG" in name}
        self.assertEqual(left, {f"ISP CHG-{name}" for name in hang})


class Emptied(OverTime):
    """Retention has emptied the announcement; what came later is read again and names another maintenance."""

    def setUp(self):
        """Announce and cancel, and empty the announcement."""
        super().setUp()
        self.receive(two_readings("1", 0), two_readings("1", 5, "CANCELLED"), two_readings("1", 6, "CANCELLED"))
        self.assertEqual(purge_raw(before=NOON + HOUR), 1)
        self.assertEqual(self.names(), {"ISP CHG-1": "CANCELLED"})

    def assert_not_revived(self, other: str) -> None:
        """Expect that the old maintenance is unknown again, with the reason."""
        old = CircuitMaintenance.objects.get(provider=self.provider, name="CHG-1")
        self.assertEqual((old.status, old.parsed_notifications.count()), ("UNKNOWN", 1))
        [warning] = self.warnings(old)
        self.assertIn(f"refers to `{other}`.", warning)

    def test_a_cancelled_maintenance_is_not_planned_again_by_a_parser_that_names_it_otherwise(self):
        """Only its announcement is left, and that must not speak alone; said once."""
        self.use_parser("windstream")

        self.assertEqual(self.reprocess(), (2, 1))

        self.assert_not_revived("ISP WMT-1")
        self.assertIn("ISP WMT-1", self.names())

    def test_nor_by_an_address_that_belongs_to_another_provider_now(self):
        """The emptied mail cannot go along."""
        self.provider.cf[EMAILS_FIELD] = ""
        self.provider.validated_save()
        create_provider("Carrier", "noc@isp.example")

        self.reprocess()

        self.assert_not_revived("Carrier CHG-1")
        self.assertEqual(self.names()["Carrier CHG-1"], "CANCELLED")

    def test_the_next_new_word_of_the_provider_counts_again(self):
        """The doubt is about what is left, not about what comes."""
        self.use_parser("windstream")
        self.reprocess()
        self.use_parser("genericprovider")

        self.receive(two_readings("1", 8, "IN-PROCESS"))

        self.assertEqual(self.names()["ISP CHG-1"], "IN-PROCESS")

    def test_what_changes_nothing_raises_no_doubt(self):
        """A reminder goes by another name; the cancellation before it stands."""
        reminder = Notification.objects.get(sent_at=NOON + 6 * HOUR)
        self.use_parser("windstream")

        requeue(Notification.objects.filter(pk=reminder.pk))
        drain_waiting(RunOptions(now=NOON + 2 * DAY))

        old = self.maintenance("CHG-1")
        self.assertEqual((old.status, self.warnings(old)), ("CANCELLED", []))

    def test_reading_mailbox_and_rows_again_with_the_same_parser_changes_nothing(self):
        """Nothing comes back, nothing goes."""
        before = comparable_rows()
        NotificationSource.objects.update(cursor={}, searched_senders=[])
        self.read(FakeMailbox(list(self.folder.messages)))

        self.reprocess()

        self.assertEqual(comparable_rows(), before)


@pytest.mark.postgresql("locks a table, and sees in PostgreSQL's catalog who waits for it")
class WhileRetentionWorks(TransactionTestCase):
    """Reprocess and retention at the same moment."""

    def test_a_mail_that_is_emptied_after_it_was_chosen_stays_what_it_was(self):
        """It would fail for want of bytes, though it was understood once."""
        create_provider("ISP", "noc@isp.example")
        record_messages(SenderDirectory.of_all_providers(), [message(mail(Bcop("M-1"))), message(mail(Bcop("M-2")))])
        drain_waiting(RunOptions(now=NOON + DAY))
        counts = []

        def choose() -> None:
            counts.append(requeue(Notification.objects.all()))
            connections.close_all()

        with self.retention() as emptying:
            emptying.execute("LOCK TABLE circuits_provider IN ACCESS EXCLUSIVE MODE")  # reprocess reads it in between
            thread = threading.Thread(target=choose)
            thread.start()
            self.wait_for_a_lock(emptying)
            emptying.execute(
                "UPDATE nautobot_circuit_maintenance_notification SET raw = NULL WHERE subject = 'Planned work' AND fingerprint = "
                "(SELECT min(fingerprint) FROM nautobot_circuit_maintenance_notification)"
            )
            emptying.connection.commit()
            thread.join()

        self.assertEqual(counts, [(1, 0)])
        rows = Notification.objects.defer(None).order_by("fingerprint")
        self.assertEqual([(row.state, row.raw is None) for row in rows], [("parsed", True), ("received", False)])

    def retention(self):
        """Return a cursor of a session of its own."""
        settings = connection.get_connection_params()
        own = psycopg2.connect(
            **{key: settings[key] for key in ("dbname", "user", "password", "host", "port") if key in settings}
        )
        self.addCleanup(own.close)
        return own.cursor()

    def wait_for_a_lock(self, cursor) -> None:
        """Wait until the other session waits for this one."""
        for _ in range(200):
            # Of this database only: sessions of other tests on the same server wait for locks, too.
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'circuits_provider'::regclass "
                "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.05)
        self.fail("no session waits for the lock")
