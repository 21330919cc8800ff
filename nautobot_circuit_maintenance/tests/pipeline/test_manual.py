"""What a person made of a message is evidence like a parsed one, and stays however often the message is read again."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.models import CircuitMaintenance, ManualReading, Notification, ParsedNotification
from nautobot_circuit_maintenance.pipeline.manual import ChangedSinceSeen, apply_by_person, update_of, with_others
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail
from nautobot_circuit_maintenance.tests.factories.users import permit
from nautobot_circuit_maintenance.tests.pipeline.test_second_opinion import TextCase, cogent

WINDOW = Window(START, START + timedelta(hours=4))


class Case(TextCase):
    """A message that no parser reads."""

    def setUp(self):
        super().setUp()
        self.receive(mail(subject="Work W-1", text="Tonight."))
        self.row = Notification.objects.get()

    def add(self, user=None, row=None, seen="", **changes):
        """Add a maintenance from it."""
        row, user = row or self.row, user or self.user
        values = {
            "maintenance_id": "W-1",
            "status": "CONFIRMED",
            "windows": [WINDOW],
            "circuits": ["C-1"],
            "impact": "OUTAGE",
        }
        update = update_of(row, user, **{**values, **changes})
        return apply_by_person(row, with_others(row, update), user, NOON, seen=seen)

    def windows(self, name):
        """Return the windows of a maintenance."""
        return [(row.start_time, row.end_time) for row in self.maintenance(name).windows.all()]


class Added(Case):
    """A maintenance is added from a message."""

    def test_a_failed_message_becomes_a_maintenance(self):
        self.assertEqual(self.row.state, "failed")

        self.add()

        self.row.refresh_from_db()
        self.assertEqual((self.row.state, self.row.error), ("parsed", ""))
        self.assertFalse(Notification.objects.needing_attention().exists())
        maintenance = self.maintenance("W-1")
        self.assertEqual((maintenance.status, maintenance.confidence), ("CONFIRMED", "confirmed"))
        self.assertEqual((self.windows("W-1"), self.impacts("W-1")), ([WINDOW], {"C-1": "OUTAGE"}))
        self.assertEqual(maintenance.impacts.get().circuit.cid, "C-1")
        evidence = ParsedNotification.objects.get()
        self.assertEqual((evidence.notification, evidence.parser), (self.row, "person"))
        self.assertEqual(evidence.json["parser"]["details"], {"read_by": "operator"})

    def test_it_is_logged_in_the_name_of_the_person(self):
        self.add()

        record = ObjectChange.objects.get(changed_object_id=self.maintenance("W-1").pk)
        self.assertEqual((record.user_name, record.action), ("operator", "create"))

    def test_it_survives_reprocessing_and_the_deletion_of_everything_that_followed(self):
        self.add()

        self.reprocess()
        self.assertEqual(self.windows("W-1"), [WINDOW])
        CircuitMaintenance.objects.all().delete()
        self.reprocess()

        self.assertEqual((self.windows("W-1"), self.impacts("W-1")), ([WINDOW], {"C-1": "OUTAGE"}))

    def test_it_survives_the_deletion_of_the_notification(self):
        self.add()
        Notification.objects.all().delete()

        self.receive(mail(subject="Work W-1", text="Tonight."))

        self.assertEqual(Notification.objects.get().state, "parsed")
        self.assertEqual(self.windows("W-1"), [WINDOW])

    def test_later_mail_continues_the_maintenance(self):
        self.add(maintenance_id="M-1")

        self.receive(mail(Bcop(status="CANCELLED", issued=NOON + timedelta(hours=1))))

        self.assertEqual(self.maintenance().status, "CANCELLED")
        self.assertEqual(self.maintenance().parsed_notifications.count(), 2)

    def test_the_same_id_updates_a_maintenance_that_exists(self):
        self.receive(mail(Bcop(issued=NOON - timedelta(hours=1))))

        self.add(maintenance_id="m-1 ", status="CANCELLED", windows=[], circuits=[])

        self.assertEqual(self.maintenance().status, "CANCELLED")

    def test_a_second_correction_replaces_the_first(self):
        self.add()

        self.add(maintenance_id="W-2")

        self.assertEqual(list(CircuitMaintenance.objects.values_list("name", flat=True)), ["W-2"])
        self.assertEqual(ManualReading.objects.count(), 1)

    def test_the_rest_of_a_message_about_several_maintenances_stays(self):
        self.receive(mail(Bcop("M-1"), Bcop("M-2"), subject="Two"))
        both = Notification.objects.get(subject="Two")

        self.add(row=both, maintenance_id="M-1", status="CANCELLED")
        self.reprocess()

        self.assertEqual((self.maintenance("M-1").status, self.maintenance("M-2").status), ("CANCELLED", "CONFIRMED"))

    def test_it_replaces_what_a_parser_read(self):
        self.receive(cogent())
        self.add(row=Notification.objects.get(subject__contains="SN1"), maintenance_id="SN1")

        self.reprocess()

        self.assertEqual(self.windows("SN1"), [WINDOW])


class Refused(Case):
    """Nothing is stored."""

    def user_with(self, action, constraints=None):
        """Return a user who may add, or change, maintenances within constraints."""
        user = get_user_model().objects.create(username=f"clerk {action}")
        permit(user, CircuitMaintenance, constraints={CircuitMaintenance: constraints}, actions=(action,))
        return user

    def test_without_the_permission_to_add_or_change(self):
        with self.assertRaises(PermissionDenied):
            self.add(self.user_with("change"))
        self.add()
        with self.assertRaises(PermissionDenied):
            self.add(self.user_with("add"), status="CANCELLED")

        self.assertEqual(ManualReading.objects.get().read_by, self.user)
        self.assertEqual(self.maintenance("W-1").status, "CONFIRMED")

    def test_beyond_the_constraints_of_a_permission(self):
        with self.assertRaises(PermissionDenied):
            self.add(self.user_with("add", {"name": "other"}))

        self.assertFalse(CircuitMaintenance.objects.exists())
        self.row.refresh_from_db()
        self.assertEqual(self.row.state, "failed")

    def test_one_that_was_added_by_hand_needs_the_permission_to_change(self):
        CircuitMaintenance.objects.create(name="W-1", provider=self.provider)

        with self.assertRaises(PermissionDenied):
            self.add(self.user_with("add"))

    def test_after_another_result(self):
        seen = self.row.result_key
        self.provider.cf["provider_parser_circuit_maintenances"] = ""
        self.provider.validated_save()
        requeue(Notification.objects.all())

        with self.assertRaises(ChangedSinceSeen):
            self.add(seen=seen)
        self.assertFalse(CircuitMaintenance.objects.exists())
