"""How notifications find their maintenance, and that the work of people on it stays."""

from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from nautobot.circuits.models import Circuit
from nautobot.extras.choices import CustomFieldTypeChoices
from nautobot.extras.models import CustomField, ObjectChange

from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceKey,
    Notification,
    ParsedNotification,
)
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail

DAY = timedelta(days=1)


def announcement(after: float, name: str = "M-1", **facts) -> bytes:
    """Return the mail of an update issued so many hours after noon."""
    return mail(Bcop(name, issued=NOON + timedelta(hours=after), **facts))


class PeopleTestCase(PipelineTestCase):
    """A maintenance that a notification announced."""

    def setUp(self) -> None:
        """Receive the announcement."""
        super().setUp()
        self.receive(announcement(0, uid="1"))

    def again(self) -> None:
        """Reprocess everything, and check that nothing changes."""
        models = (CircuitMaintenance, ParsedNotification, MaintenanceKey, ObjectChange)
        before = [list(model.objects.order_by("pk").values()) for model in models]
        requeue(Notification.objects.all())
        drain_waiting(RunOptions(now=NOON + 2 * DAY, user=self.user))
        self.assertEqual([list(model.objects.order_by("pk").values()) for model in models], before)

    def edit(self, **values) -> CircuitMaintenance:
        """Change the only maintenance as a person does."""
        maintenance = CircuitMaintenance.objects.get()
        for name, value in values.items():
            setattr(maintenance, name, value)
        maintenance.validated_save()
        return maintenance


class NoCircuit(PipelineTestCase):
    """An announcement names no circuit, and a person adds one."""

    def doubts(self) -> list[str]:
        """Return the kinds of doubts of the only maintenance."""
        return [doubt["kind"] for doubt in CircuitMaintenance.objects.get().doubts]

    def test_the_doubt_ends_and_stays_away(self) -> None:
        """Neither the next announcement without a circuit nor reprocessing brings it back."""
        self.receive(announcement(0, circuits=()))
        self.assertEqual(self.doubts(), ["no-circuit"])

        CircuitImpact.objects.create(maintenance=CircuitMaintenance.objects.get(), cid="C-9")
        self.assertEqual(self.doubts(), [])

        self.receive(announcement(1, circuits=(), start=START + DAY))
        self.assertEqual(self.doubts(), [])
        requeue(Notification.objects.all())
        drain_waiting(RunOptions(now=NOON + 2 * DAY, user=self.user))
        self.assertEqual(self.doubts(), [])


class Found(PeopleTestCase):
    """A later notification is about the same maintenance."""

    def assert_found(self, status: str = "COMPLETED") -> CircuitMaintenance:
        """Return the only maintenance, which has this status."""
        maintenance = CircuitMaintenance.objects.get()
        self.assertEqual(maintenance.status, status)
        return maintenance

    def test_by_the_providers_id_ignoring_case_and_blanks(self):
        """The name is the ID as the oldest notification spells it."""
        self.receive(announcement(1, " m-1 ", status="COMPLETED"))

        self.assertEqual(self.assert_found().name, "M-1")

    def test_by_the_providers_id_after_a_person_renamed_it(self):
        """The new name stays; a notification about the old one as a new ID gets a maintenance of its own."""
        self.edit(name="Our change 7")

        self.again()
        self.receive(announcement(1, status="COMPLETED"))

        maintenance = self.assert_found()
        self.assertEqual((maintenance.name, maintenance.provider_maintenance_id), ("Our change 7", "M-1"))
        self.receive(announcement(2, "Our change 7"))
        self.assertEqual(CircuitMaintenance.objects.count(), 2)
        self.assertEqual(self.maintenance("Our change 7 (2)").provider_maintenance_id, "Our change 7")

    def test_a_new_one_whose_name_a_database_takes_for_that_of_a_renamed_one(self):
        """MySQL's unique keys ignore case and accents; both maintenances stand on every database."""
        self.edit(name="\u00c4nderung 7")

        self.receive(announcement(1, "anderung 7"), announcement(2, "ANDERUNG 7", status="COMPLETED"))

        self.assertEqual(set(Notification.objects.values_list("state", flat=True)), {"parsed"})
        self.assertEqual(CircuitMaintenance.objects.count(), 2)
        announced = CircuitMaintenance.objects.exclude(provider_maintenance_id="M-1").get()
        self.assertEqual((announced.provider_maintenance_id, announced.status), ("anderung 7", "COMPLETED"))

    def test_after_a_person_gave_it_to_another_provider(self):
        """It stays with that one."""
        other = create_provider("Other", "noc@other.example")
        self.edit(provider=other)

        self.again()
        self.receive(announcement(1, status="COMPLETED"))

        self.assertEqual(self.assert_found().provider, other)

    def test_by_another_of_its_ids(self):
        """The primary ID is the name, the others only find it."""
        self.receive(announcement(1, other_ids=["TICKET-9"]), announcement(2, "ticket-9", status="COMPLETED"))

        maintenance = self.assert_found()
        self.assertEqual((maintenance.name, maintenance.other_ids), ("M-1", ["TICKET-9"]))

    def test_a_manual_one_by_its_name(self):
        """It gets the provider's ID with that."""
        CircuitMaintenance(provider=self.provider, name="M-2").validated_save()

        self.receive(announcement(1, "M-2"))

        self.assertEqual(self.maintenance("M-2").provider_maintenance_id, "M-2")
        self.assertEqual(CircuitMaintenance.objects.count(), 2)

    def test_one_of_before_the_upgrade(self):
        """It has the provider's ID, and no keys yet."""
        MaintenanceKey.objects.all().delete()

        self.receive(announcement(1, "m-1", status="COMPLETED"))

        self.assert_found()
        self.assertTrue(MaintenanceKey.objects.exists())


class Kept(PeopleTestCase):
    """What a person did."""

    def test_a_link_by_hand_when_the_circuit_gets_another_id(self):
        """The row of the same circuit stays the same row, and so does the acknowledgement."""
        impact = CircuitMaintenance.objects.get().impacts.get()
        impact.circuit = Circuit.objects.get(cid="C-2")
        impact.validated_save()
        self.edit(ack=True)

        self.receive(announcement(1, uid="1", sequence=1, circuits=(("C-2", "OUTAGE"),)))

        kept = CircuitMaintenance.objects.get().impacts.get()
        self.assertEqual(
            (kept.pk, kept.cid, kept.circuit, kept.matched_by),
            (impact.pk, "C-2", Circuit.objects.get(cid="C-2"), "manual"),
        )
        self.assertTrue(CircuitMaintenance.objects.get().ack)

    def test_nothing_changes_when_everything_is_read_again(self):
        """Not even with several windows of several circuits, and doubts."""
        second = Bcop(circuits=(("C-2", "OUTAGE"),), start=START + DAY, issued=NOON + DAY, uid="2")
        self.receive(mail(second), announcement(30, uid="3", start=START + 2 * DAY))

        maintenance = CircuitMaintenance.objects.get()
        self.assertEqual([doubt["kind"] for doubt in maintenance.doubts], ["second-window"])
        own = maintenance.impacts.get(cid="C-2")
        self.assertEqual((own.in_all_windows, own.windows.get().start_time), (False, START + DAY))
        self.again()
        own.refresh_from_db()
        self.assertEqual(own.windows.get().start_time, START + DAY)

    def test_a_custom_field_of_a_new_maintenance_has_its_default(self):
        """As in a form; a default alone does not count as a person's work."""
        field = CustomField(label="Region", type=CustomFieldTypeChoices.TYPE_TEXT, default="west")
        field.validated_save()
        field.content_types.add(ContentType.objects.get_for_model(CircuitMaintenance))

        self.receive(announcement(1, "M-2"))

        self.assertEqual(self.maintenance("M-2").cf["region"], "west")


class Replaced(PeopleTestCase):
    """Announced again under another ID."""

    def test_until_it_is_named_again(self):
        """The older one is over and keeps its status."""
        self.receive(announcement(1, "N-1", uid="1", sequence=1, start=START + DAY))

        old, new = self.maintenance("M-1"), self.maintenance("N-1")
        self.assertEqual((old.replaced_by, new.replaced_by, old.status), (new, None, "CONFIRMED"))
        self.assertIn(old, CircuitMaintenance.objects.over(NOON))
        self.again()
        self.receive(announcement(2, uid="9"))
        self.assertIsNone(self.maintenance("M-1").replaced_by)

    def test_whichever_arrives_first(self):
        """A late older notification is replaced at once."""
        self.receive(announcement(5, "N-2", uid="7", sequence=1), announcement(4, "M-2", uid="7"))

        self.assertEqual(self.maintenance("M-2").replaced_by, self.maintenance("N-2"))
