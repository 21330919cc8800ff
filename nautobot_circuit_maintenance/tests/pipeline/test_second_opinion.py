"""The second opinion on a reading is stored with the evidence and concluded for the maintenance."""

from datetime import timedelta
from importlib import import_module
from unittest import mock

from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, ParsedNotification
from nautobot_circuit_maintenance.models.providers import PARSERS_FIELD
from nautobot_circuit_maintenance.pipeline import inventories
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.reading.gates import judge
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_circuits
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail
from nautobot_circuit_maintenance.tests.statements import statements

MIGRATION = import_module("nautobot_circuit_maintenance.migrations.0011_second_opinion")
TEXT = """Dear ACME,

Start time: 05:00 PM (Singapore local time) {start}
End time: 09:00 PM (Singapore local time) {start}
Work order number: {name}
Order ID(s) impacted: C-1
Expected downtime: 1 hour

Cogent customers receiving service in Singapore, Singapore will be affected by this work.
{more}"""


def cogent(name="SN1", *, start="12/20/2026", more="", **options):
    """Return a notice as Cogent writes it."""
    subject = f"{start} {name} Planned Network Maintenance - Singapore, Singapore C-1"
    return mail(subject=subject, text=TEXT.format(name=name, start=start, more=more), **options)


class TextCase(PipelineTestCase):
    """A provider that writes text."""

    @classmethod
    def setUpTestData(cls):
        """Choose the parser."""
        super().setUpTestData()
        cls.provider.cf[PARSERS_FIELD] = "genericprovider, cogent"
        cls.provider.validated_save()

    def reprocess(self):
        """Read all notifications again."""
        requeue(Notification.objects.all())
        drain_waiting(RunOptions(now=NOON + timedelta(days=1)))

    def sentences(self, name):
        """Return the doubts of a maintenance."""
        return [doubt["sentence"] for doubt in self.maintenance(name).doubts]


class Stored(TextCase):
    """What the database has."""

    def test_a_text_that_says_what_was_read_is_confirmed(self):
        self.receive(cogent())

        self.assertEqual((self.maintenance("SN1").confidence, self.sentences("SN1")), ("confirmed", []))
        row = ParsedNotification.objects.get()
        self.assertEqual((row.confidence, row.findings), ("confirmed", []))

    def test_a_calendar_that_says_what_was_read_is_confirmed(self):
        self.receive(mail(Bcop()))

        self.assertEqual((self.maintenance().confidence, self.maintenance().doubts), ("confirmed", []))

    def test_a_circuit_of_the_inventory_that_was_not_read_is_a_doubt_with_its_place(self):
        self.receive(cogent(more="Also affected: C-2\n"))

        self.assertEqual(self.maintenance("SN1").confidence, "doubtful")
        self.assertEqual(self.sentences("SN1"), ["The message also lists C-2."])
        [finding] = ParsedNotification.objects.get().findings
        self.assertEqual((finding["gate"], finding["quote"], finding["otherwise"]), ("circuits", "C-2", "C-2"))
        self.assertIn(self.maintenance("SN1"), CircuitMaintenance.objects.doubtful())

    def test_circuits_of_other_providers_are_no_doubt(self):
        Circuit.objects.filter(cid="C-2").delete()

        self.receive(cogent(more="Also affected: C-2\n"))

        self.assertEqual(self.maintenance("SN1").confidence, "confirmed")

    def test_an_alias_is_known(self):
        other = Circuit.objects.get(cid="C-2")
        other.cf["circuit_maintenance_ids"] = "LINK-77"
        other.validated_save()

        self.receive(cogent(more="Also affected: LINK-77\n"))

        self.assertEqual(self.sentences("SN1"), ["The message also lists C-2."])

    def test_a_doubt_goes_when_its_evidence_is_superseded(self):
        self.receive(cogent(more="Also affected: C-2\n"))
        self.receive(cogent(start="12/21/2026", sent=NOON + timedelta(hours=2)))

        self.assertEqual((self.maintenance("SN1").confidence, self.sentences("SN1")), ("confirmed", []))
        self.assertEqual(ParsedNotification.objects.filter(confidence="doubtful", outdated=True).count(), 1)

    def test_reprocessing_adds_it_to_evidence_from_before_and_keeps_its_key(self):
        self.receive(cogent(more="Also affected: C-2\n"))
        row = ParsedNotification.objects.get()
        before = {key: value for key, value in row.json.items() if key != "opinion"}
        ParsedNotification.objects.update(json=before, confidence="unchecked", findings=[])
        CircuitMaintenance.objects.update(confidence="", doubts=[])

        MIGRATION.forwards(apps, None)
        self.assertEqual(self.maintenance("SN1").confidence, "unchecked")
        self.reprocess()

        again = ParsedNotification.objects.get()
        self.assertEqual((again.pk, again.confidence, again.json), (row.pk, "doubtful", row.json))
        self.assertEqual(self.sentences("SN1"), ["The message also lists C-2."])

    def test_a_maintenance_without_notifications_has_none(self):
        manual = CircuitMaintenance.objects.create(name="Manual", provider=self.provider)
        MIGRATION.forwards(apps, None)

        manual.refresh_from_db()
        self.assertEqual(manual.confidence, "")


class Faults(TextCase):
    """A gate with a bug."""

    def test_a_fault_leaves_the_mail_parsed_and_unchecked_with_the_reason(self):
        def broken(_case):
            raise ZeroDivisionError("gate")
            yield

        with mock.patch.object(judge, "GATES", (broken,)):
            self.receive(cogent())

        self.assertEqual(Notification.objects.get().state, "parsed")
        row = ParsedNotification.objects.get()
        self.assertEqual((row.confidence, row.findings[0]["gate"]), ("unchecked", "second opinion"))
        self.assertIn("READ-37", row.findings[0]["sentence"])
        self.assertIn("ZeroDivisionError", row.findings[0]["sentence"])
        self.assertEqual(self.maintenance("SN1").doubts, [])


class Cost(TextCase):
    """Statements and bounds."""

    def statements(self, *mails):
        """Return the statements about circuits and their aliases that a run with these mails needs."""
        with CaptureQueriesContext(
            connection,
        ) as captured:
            self.receive(*mails)
        return [sql for sql in statements(captured) if 'AS "aliases"' in sql and "LIMIT" in sql]

    def test_one_statement_reads_the_inventories_of_a_chunk(self):
        self.assertEqual(len(self.statements(*(cogent(f"SN{number}") for number in range(5)))), 1)

    def test_calendars_need_none(self):
        self.assertEqual(self.statements(*(mail(Bcop(f"M-{number}")) for number in range(5))), [])

    def test_beyond_the_limit_an_inventory_is_unknown_instead_of_half_known(self):
        with mock.patch.object(inventories, "MOST_CIRCUITS", 2):
            create_circuits(self.provider, "C-4", "C-5")
            self.receive(cogent(more="Also affected: C-2\n"))

        self.assertEqual(self.maintenance("SN1").confidence, "confirmed")
