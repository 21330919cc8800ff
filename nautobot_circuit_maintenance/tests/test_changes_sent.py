"""Changes of maintenances as values: what subscribers receive from the pipeline and from people's edits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, Notification
from nautobot_circuit_maintenance.models.acknowledgement import acknowledge, unacknowledge
from nautobot_circuit_maintenance.models.changes import ChangedMaintenance, maintenances_changed
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail
from nautobot_circuit_maintenance.tests.factories.users import superuser


class ChangesTestCase(PipelineTestCase):
    """Subscribes to changes of maintenances."""

    @contextmanager
    def subscribed(self) -> Iterator[list[ChangedMaintenance]]:
        """Return a list that fills with the changes made inside."""
        received: list[ChangedMaintenance] = []

        def receive(changes, **_kwargs):
            received.extend(changes)

        maintenances_changed.connect(receive)
        try:
            with self.captureOnCommitCallbacks(execute=True):
                yield received
        finally:
            maintenances_changed.disconnect(receive)

    def create(self, name: str = "M-1") -> CircuitMaintenance:
        """Add a maintenance manually."""
        maintenance = CircuitMaintenance(name=name, provider=self.provider, status="TENTATIVE")
        maintenance.set_windows([(START, START + timedelta(hours=4))])
        maintenance.validated_save()
        return maintenance


class FromThePipeline(ChangesTestCase):
    """One change for each notification that changed a maintenance."""

    def test_a_new_maintenance(self):
        with self.subscribed() as received:
            self.receive(mail(Bcop()))

        (change,) = received
        self.assertEqual((change.action, change.before), ("create", None))
        self.assertEqual((change.after.status, change.after.impacts), ("CONFIRMED", (("C-1", "OUTAGE"),)))
        self.assertEqual(change.after.windows, (("2026-11-30T12:00:00Z", "2026-11-30T16:00:00Z"),))
        self.assertEqual((change.maintenance, change.notification), (self.maintenance(), Notification.objects.get()))

    def test_several_notifications_in_one_chunk(self):
        """Each change starts where the one before ended; a repetition, which has its own time of issue, is not a change."""
        later = [NOON + timedelta(hours=hours) for hours in (1, 2)]
        with self.subscribed() as received:
            self.receive(mail(Bcop()), mail(Bcop(issued=later[0])), mail(Bcop(status="CANCELLED", issued=later[1])))

        created, cancelled = received
        self.assertEqual(cancelled.action, "update")
        self.assertEqual(replace(cancelled.before, issued_at=None), replace(created.after, issued_at=None))
        self.assertEqual((cancelled.before.status, cancelled.after.status), ("CONFIRMED", "CANCELLED"))

    def test_a_change_that_removes_an_acknowledgement(self):
        self.receive(mail(Bcop()))
        acknowledge(CircuitMaintenance.objects.all(), self.user, now=NOON)
        with self.subscribed() as received:
            self.receive(mail(Bcop(start=START + timedelta(days=1), issued=NOON + timedelta(hours=1))))

        (change,) = received
        self.assertEqual((change.before.ack, change.after.ack), (True, False))

    def test_a_withdrawn_maintenance(self):
        """The deletion is sent once."""
        self.receive(mail(Bcop()))
        Notification.objects.update(raw=mail(Bcop("M-2")))
        with self.subscribed() as received:
            requeue(Notification.objects.all())
            drain_waiting(RunOptions(now=NOON))

        self.assertEqual(
            [(each.action, (each.after or each.before).name) for each in received],
            [("create", "M-2"), ("delete", "M-1")],
        )

    def test_a_dry_run_sends_nothing(self):
        with self.subscribed() as received:
            self.receive(mail(Bcop()), dry_run=True)

        self.assertEqual(received, [])

    def test_the_change_records_have_the_same_facts(self):
        with self.subscribed() as received:
            self.receive(mail(Bcop()))

        record = ObjectChange.objects.get(changed_object_type__model="circuitmaintenance")
        facts = received[0].after.as_json()
        self.assertEqual({name: record.object_data_v2[name] for name in facts}, facts)

    def test_a_receiver_that_fails_does_not_stop_the_pipeline(self):
        def fail(**_kwargs):
            raise RuntimeError("receiver")

        maintenances_changed.connect(fail)
        self.addCleanup(maintenances_changed.disconnect, fail)
        with self.captureOnCommitCallbacks(execute=True):
            self.receive(mail(Bcop()))

        self.assertEqual(Notification.objects.get().state, "parsed")


class FromPeople(ChangesTestCase):
    """One change for each edit."""

    def test_a_maintenance_that_is_added(self):
        with self.subscribed() as received:
            maintenance = self.create()

        (change,) = received
        self.assertEqual((change.action, change.maintenance, change.notification), ("create", maintenance, None))
        self.assertEqual(change.after.windows, (("2026-11-30T12:00:00Z", "2026-11-30T16:00:00Z"),))

    def test_an_edit(self):
        maintenance = self.create()
        with self.subscribed() as received:
            maintenance.status = "CANCELLED"
            maintenance.validated_save()

        (change,) = received
        self.assertEqual(
            (change.action, change.before.status, change.after.status), ("update", "TENTATIVE", "CANCELLED")
        )

    def test_a_save_without_a_change_sends_nothing(self):
        maintenance = self.create()
        with self.subscribed() as received:
            maintenance.validated_save()

        self.assertEqual(received, [])

    def test_an_acknowledgement_and_its_removal(self):
        self.create("M-1")
        self.create("M-2")
        with self.subscribed() as received:
            acknowledge(CircuitMaintenance.objects.all(), self.user, now=NOON)
            unacknowledge(CircuitMaintenance.objects.filter(name="M-2"))

        changes = [(each.after.name, each.before.ack, each.after.ack) for each in received]
        self.assertEqual(changes, [("M-1", False, True), ("M-2", False, True), ("M-2", True, False)])
        self.assertEqual(received[0].after.acknowledged_by, str(self.user.pk))

    def test_a_circuit_that_is_added_and_removed(self):
        maintenance = self.create()
        with self.subscribed() as received:
            impact = CircuitImpact(maintenance=maintenance, cid="C-9", impact="OUTAGE")
            impact.validated_save()
            impact.delete()

        impacts = [(each.action, each.before.impacts, each.after.impacts) for each in received]
        added = (("C-9", "OUTAGE"),)
        self.assertEqual(impacts, [("update", (), added), ("update", added, ())])

    def test_an_impact_that_a_client_moves_is_a_change_of_both_maintenances(self):
        old, new = self.create("M-1"), self.create("M-2")
        impact = CircuitImpact.objects.create(maintenance=old, cid="C-1")
        self.client.force_login(superuser())
        url = reverse("plugins-api:nautobot_circuit_maintenance-api:circuitimpact-detail", args=[impact.pk])
        with self.subscribed() as received:
            response = self.client.patch(
                url, {"maintenance": str(new.pk)}, content_type="application/json", SERVER_NAME="nautobot.example.com"
            )

        self.assertEqual(response.status_code, 200, response.content)
        self.assertEqual({each.maintenance.name: len(each.after.impacts) for each in received}, {"M-1": 0, "M-2": 1})

    def test_deletions_one_by_one_and_of_a_queryset(self):
        self.create("M-1").delete()
        with self.subscribed() as received:
            self.create("M-2").delete()
            self.create("M-3")
            CircuitMaintenance.objects.all().delete()

        deleted = [each for each in received if each.action == "delete"]
        self.assertEqual([(each.before.name, each.after) for each in deleted], [("M-2", None), ("M-3", None)])

    def test_an_edit_that_is_rolled_back_sends_nothing(self):
        with self.subscribed() as received, transaction.atomic():
            self.create()
            transaction.set_rollback(True)

        self.assertEqual(received, [])

    def test_without_subscribers_an_edit_costs_no_statement_more(self):
        """The statements with a subscriber show that the difference would be noticed."""
        maintenance = self.create()

        def statements() -> int:
            maintenance.ticket += "x"
            with CaptureQueriesContext(connection) as queries:
                maintenance.save()
            return len(queries)

        statements()
        without = statements()
        self.assertFalse(maintenances_changed.has_listeners())
        with self.subscribed():
            self.assertGreater(statements(), without)
        self.assertEqual(statements(), without)
