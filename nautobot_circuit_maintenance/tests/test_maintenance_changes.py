"""Changes that wait for subscriptions: a row for each, in the transaction of the change, and a count of revisions."""

from datetime import timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, MaintenanceChange, Notification
from nautobot_circuit_maintenance.models.linking import link_circuit_id
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.core import create_circuit
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail
from nautobot_circuit_maintenance.tests.statements import statements

LATER = NOON + timedelta(hours=1)


class WaitingChangesTestCase(PipelineTestCase):
    """Looks at the changes that wait."""

    def waiting(self) -> list[str]:
        """Return the kinds of the changes that wait, and forget them."""
        kinds = [change.kind for change in MaintenanceChange.objects.order_by("at", "id")]
        MaintenanceChange.objects.all().delete()
        return kinds

    def revision(self) -> int:
        """Return the revision of the only maintenance."""
        return CircuitMaintenance.objects.get().revision

    def create(self) -> CircuitMaintenance:
        """Add a maintenance with one window; its creation waits no longer."""
        maintenance = CircuitMaintenance(name="M-1", provider=self.provider, status="TENTATIVE")
        maintenance.set_windows([(START, START + timedelta(hours=4))])
        maintenance.validated_save()
        self.assertEqual(self.waiting(), ["created"])
        return maintenance


class FromNotifications(WaitingChangesTestCase):
    """Changes by email."""

    def test_a_new_maintenance_and_its_change(self):
        self.receive(mail(Bcop()))
        self.assertEqual((self.waiting(), self.revision()), (["created"], 0))

        self.receive(mail(Bcop(status="CANCELLED", issued=LATER)))
        change = MaintenanceChange.objects.get()
        self.assertEqual((change.before["status"], change.after["status"]), ("CONFIRMED", "CANCELLED"))
        self.assertEqual((self.waiting(), self.revision()), (["changed"], 1))

    def test_a_reminder_changes_nothing(self):
        self.receive(mail(Bcop()))
        self.waiting()
        self.receive(mail(Bcop(issued=LATER)))

        self.assertEqual((self.waiting(), self.revision()), ([], 0))

    def test_several_notifications_of_one_chunk_are_one_change_and_one_statement(self):
        messages = [mail(Bcop(f"M-{number}")) for number in range(20)]
        with CaptureQueriesContext(connection) as queries:
            self.receive(*messages, mail(Bcop("M-0", status="CANCELLED", issued=LATER)))

        written = [sql for sql in statements(queries) if 'INTO "nautobot_circuit_maintenance_maintenancechange"' in sql]
        self.assertEqual((len(written), self.waiting()), (1, ["created"] * 20))

    def test_reprocessing_never_decreases_the_revision(self):
        self.receive(mail(Bcop()), mail(Bcop(status="CANCELLED", issued=LATER)))
        CircuitMaintenance.objects.update(revision=7)
        self.waiting()
        requeue(Notification.objects.all())
        drain_waiting(RunOptions(now=NOON))

        self.assertEqual((self.waiting(), self.revision()), ([], 7))

    def test_a_withdrawn_maintenance(self):
        self.receive(mail(Bcop()))
        self.waiting()
        Notification.objects.update(raw=mail(Bcop("M-2")))
        requeue(Notification.objects.all())
        drain_waiting(RunOptions(now=NOON))

        self.assertEqual(sorted(self.waiting()), ["created", "deleted"])

    def test_a_dry_run_records_nothing(self):
        self.receive(mail(Bcop()), dry_run=True)

        self.assertEqual(self.waiting(), [])

    def test_a_window_that_moves_is_a_new_row_and_one_that_stays_keeps_its_row(self):
        nights = [(START, START + timedelta(hours=4)), (START + timedelta(days=1), START + timedelta(days=1, hours=4))]
        maintenance = self.create()
        maintenance.set_windows(nights)
        maintenance.validated_save()
        first, second = maintenance.windows.all()
        impact = CircuitImpact.objects.create(maintenance=maintenance, cid="C-1")
        impact.limit_to([second])

        moved = (nights[1][0] + timedelta(hours=1), nights[1][1])
        maintenance.set_windows([nights[0], moved])
        maintenance.validated_save()

        stays, is_new = maintenance.windows.all()
        self.assertEqual((stays.pk, is_new.pk in (first.pk, second.pk)), (first.pk, False))
        self.assertEqual(list(impact.windows.all()), [is_new])

    def test_a_window_that_email_moves_is_a_new_row(self):
        self.receive(mail(Bcop()))
        before = self.maintenance().windows.get()
        self.receive(mail(Bcop(start=START + timedelta(hours=1), issued=LATER)))

        after = self.maintenance().windows.get()
        self.assertNotEqual((before.pk, before.start_time), (after.pk, after.start_time))
        self.assertGreater(after.created, before.created)


class FromPeople(WaitingChangesTestCase):
    """Manual edits, of a maintenance and of what belongs to it."""

    def test_an_edit(self):
        maintenance = self.create()
        maintenance.status = "CONFIRMED"
        maintenance.validated_save()

        change = MaintenanceChange.objects.get()
        self.assertEqual((change.before["status"], change.after["status"]), ("TENTATIVE", "CONFIRMED"))
        self.assertEqual((self.waiting(), self.revision()), (["changed"], 1))

    def test_a_save_without_a_change(self):
        maintenance = self.create()
        maintenance.set_windows([(START, START + timedelta(hours=4))])
        maintenance.validated_save()

        self.assertEqual((self.waiting(), self.revision()), ([], 0))

    def test_other_windows_only(self):
        """Start and end stay the same."""
        maintenance = self.create()
        maintenance.set_windows(
            [(START, START + timedelta(hours=1)), (START + timedelta(hours=3), START + timedelta(hours=4))]
        )
        maintenance.validated_save()

        self.assertEqual((self.waiting(), self.revision()), (["changed"], 1))

    def test_a_stale_copy_does_not_decrease_the_revision(self):
        stale = self.create()
        for ticket in ("1", "2"):
            fresh = CircuitMaintenance.objects.get()
            fresh.ticket = ticket
            fresh.validated_save()
        stale.description = "Work"
        stale.validated_save()

        self.assertEqual((self.waiting(), self.revision()), (["changed"] * 3, 3))

    def test_an_impact_that_is_added_edited_and_removed(self):
        maintenance = self.create()
        impact = CircuitImpact(maintenance=maintenance, cid="C-9", impact="OUTAGE")
        impact.validated_save()
        self.assertEqual((self.waiting(), self.revision()), (["details"], 1))

        impact.validated_save()
        self.assertEqual((self.waiting(), self.revision()), ([], 1))

        impact.impact = "NO-IMPACT"
        impact.validated_save()
        self.assertEqual((self.waiting(), self.revision()), (["details"], 2))

        CircuitImpact.objects.all().delete()
        self.assertEqual((self.waiting(), self.revision()), (["details"], 3))

    def test_the_windows_of_an_impact(self):
        maintenance = self.create()
        impact = CircuitImpact.objects.create(maintenance=maintenance, cid="C-9")
        self.waiting()
        impact.limit_to(maintenance.windows.all())

        self.assertIn("details", self.waiting())

    def test_a_window_that_is_deleted(self):
        maintenance = self.create()
        maintenance.windows.get().delete()

        self.assertEqual(self.waiting(), ["details"])

    def test_links_with_circuits(self):
        """A circuit that is added later, an alias, and a circuit that is deleted."""
        maintenance = self.create()
        CircuitImpact.objects.create(maintenance=maintenance, cid="LATER-1")
        CircuitImpact.objects.create(maintenance=maintenance, cid="Their words")
        self.waiting()

        circuit = create_circuit(self.provider, "LATER-1")
        self.assertEqual(self.waiting(), ["details"])
        link_circuit_id(CircuitImpact.objects.get(cid="Their words"), circuit)
        self.assertEqual(self.waiting(), ["details"])
        circuit.delete()
        self.assertEqual(self.waiting(), ["details"])

    def test_a_deletion_is_one_change(self):
        maintenance = self.create()
        CircuitImpact.objects.create(maintenance=maintenance, cid="C-9")
        self.waiting()
        key = maintenance.pk
        maintenance.delete()

        change = MaintenanceChange.objects.get()
        self.assertEqual((change.kind, change.maintenance_id), ("deleted", key))
        self.assertEqual(change.before["status"], "TENTATIVE")

    def test_an_edit_that_is_rolled_back_is_not_recorded(self):
        maintenance = self.create()
        with transaction.atomic():
            maintenance.status = "CONFIRMED"
            maintenance.validated_save()
            transaction.set_rollback(True)

        self.assertEqual((self.waiting(), self.revision()), ([], 0))
