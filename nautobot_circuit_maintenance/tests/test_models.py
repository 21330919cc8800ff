"""Models: what a person may write, and what follows from it."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext
from nautobot.apps.change_logging import web_request_context
from nautobot.core.api.utils import get_serializer_for_model
from nautobot.extras.models import ObjectChange
from rest_framework.test import APIRequestFactory

from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Notification,
    NotificationSource,
    ParsedNotification,
)
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_circuits, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail
from nautobot_circuit_maintenance.tests.statements import statements

END = START + timedelta(hours=4)
DAY = timedelta(days=1)


def new(**values) -> CircuitMaintenance:
    """Return a maintenance that is not saved yet."""
    return CircuitMaintenance(**{"name": "M-1", "start_time": START, "end_time": END, **values})


class Windows(PipelineTestCase):
    """Start and end, and the windows that carry them."""

    def spans(self, maintenance: CircuitMaintenance) -> list:
        """Return the stored windows."""
        return list(MaintenanceWindow.objects.filter(maintenance=maintenance).values_list("start_time", "end_time"))

    def with_two_windows(self) -> CircuitMaintenance:
        """Return a maintenance of two nights."""
        self.receive(mail(Bcop(), Bcop(start=START + DAY)))
        return self.maintenance()

    def test_writing_start_and_end_by_hand_creates_the_single_window(self):
        """A maintenance made manually is seen by whatever asks the windows."""
        maintenance = new()
        maintenance.validated_save()

        self.assertEqual(self.spans(maintenance), [(START, END)])

    def test_writing_other_times_moves_the_single_window(self):
        """It stays one; a window that moves is a new row."""
        maintenance = new()
        maintenance.validated_save()
        window = maintenance.windows.get().pk
        maintenance.end_time = END + DAY
        maintenance.validated_save()

        self.assertEqual(self.spans(maintenance), [(START, END + DAY)])
        self.assertNotEqual(maintenance.windows.get().pk, window)

    def test_clearing_start_and_end_removes_the_single_window(self):
        """Else it would continue being active at a time that no one sees."""
        maintenance = new()
        maintenance.validated_save()
        maintenance.start_time = maintenance.end_time = None
        maintenance.validated_save()

        self.assertEqual(self.spans(maintenance), [])

    def test_saving_without_new_times_writes_no_window(self):
        """An acknowledgement is none."""
        maintenance = new()
        maintenance.validated_save()
        with CaptureQueriesContext(connection) as captured:
            maintenance.validated_save()

        written = [q["sql"] for q in captured if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        self.assertFalse([sql for sql in written if MaintenanceWindow._meta.db_table in sql])

    def test_with_several_windows_start_and_end_are_not_written(self):
        """The message says where to write instead; everything else may be edited."""
        maintenance = self.with_two_windows()
        for values in ({"start_time": START - DAY}, {"end_time": END}, {"start_time": None, "end_time": None}):
            with self.subTest(values=values):
                edited = self.maintenance()
                for name, value in values.items():
                    setattr(edited, name, value)
                with self.assertRaisesMessage(ValidationError, "Edit the windows"):
                    edited.validated_save()

        maintenance.ticket = "CHG-7"
        maintenance.validated_save()
        self.assertEqual(self.spans(maintenance), [(START, END), (START + DAY, END + DAY)])

    def test_the_end_is_after_the_start(self):
        """In a maintenance as in a window; and both or neither."""
        for start, end in ((START, START), (END, START), (START, None), (None, END)):
            with self.subTest(start=start, end=end):
                with self.assertRaises(ValidationError) as caught:
                    new(start_time=start, end_time=end).validated_save()
                self.assertIn("end_time", caught.exception.message_dict)
        with self.assertRaises(ValidationError):
            MaintenanceWindow(maintenance=self.with_two_windows(), start_time=END, end_time=START).validated_save()

    def test_a_save_without_validation_stores_no_end_before_the_start_either(self):
        """The database refuses it, and nothing of it stays."""
        with self.assertRaises(IntegrityError), transaction.atomic():
            new(start_time=END, end_time=START).save()

        self.assertEqual((CircuitMaintenance.objects.count(), MaintenanceWindow.objects.count()), (0, 0))


class Identity(PipelineTestCase):
    """Provider and name."""

    def test_a_provider_has_each_id_once(self):
        """Other providers may have it too."""
        new(provider=self.provider).validated_save()
        new(provider=create_provider("Carrier", "")).validated_save()

        with self.assertRaises(ValidationError):
            new(provider=self.provider).validated_save()

    def test_maintenances_without_a_provider_have_names_of_their_own(self):
        """SQL holds two nulls to be different."""
        new().validated_save()
        again = CircuitMaintenance.objects.get()
        again.ticket = "CHG-7"
        again.validated_save()

        with self.assertRaisesMessage(ValidationError, "with this name and no provider"):
            new().validated_save()

    def test_a_provider_with_maintenances_or_notifications_is_not_deleted(self):
        """As core does for circuits."""
        self.receive(mail(Bcop()))
        for model in (CircuitImpact, ParsedNotification, MaintenanceWindow):
            model.objects.all().delete()
        self.circuits[0].__class__.objects.all().delete()
        with self.assertRaises(ProtectedError):
            self.provider.delete()
        CircuitMaintenance.objects.all().delete()
        with self.assertRaises(ProtectedError):
            self.provider.delete()

    def test_a_notification_outlives_its_source(self):
        """And evidence its notification."""
        self.receive(mail(Bcop()))
        NotificationSource.objects.all().delete()
        self.assertIsNone(Notification.objects.get().source)
        Notification.objects.all().delete()
        self.assertIsNone(ParsedNotification.objects.get().notification)


class Impacts(PipelineTestCase):
    """What was announced about one circuit ID."""

    def setUp(self):
        """Create the maintenance that they belong to."""
        self.planned = new(provider=self.provider)
        self.planned.validated_save()

    def test_the_circuit_id_is_taken_from_the_circuit(self):
        """Unless it was written otherwise."""
        CircuitImpact(maintenance=self.planned, circuit=self.circuits[0]).validated_save()
        CircuitImpact(maintenance=self.planned, circuit=self.circuits[1], cid="c/2").validated_save()

        self.assertEqual(self.impacts(), {"C-1": "OUTAGE", "c/2": "OUTAGE"})

    def test_a_circuit_or_an_id_must_be_given(self):
        """An impact needs a circuit or a circuit ID."""
        with self.assertRaisesMessage(ValidationError, "circuit ID"):
            CircuitImpact(maintenance=self.planned).validated_save()

    def test_an_id_occurs_once_in_a_maintenance(self):
        """Also if it was taken from the circuit."""
        CircuitImpact(maintenance=self.planned, circuit=self.circuits[0]).validated_save()
        with self.assertRaises(ValidationError):
            CircuitImpact(maintenance=self.planned, circuit=self.circuits[0]).validated_save()

    def test_a_circuit_of_another_provider_is_refused(self):
        """Ids are a provider's own."""
        theirs = create_circuits(create_provider("Carrier", ""), "Z-1")[0]
        with self.assertRaisesMessage(ValidationError, "a different provider"):
            CircuitImpact(maintenance=self.planned, circuit=theirs).validated_save()

    def test_an_impact_is_edited_after_its_circuit_moved_to_another_provider(self):
        """The link stays; a new one to such a circuit is refused, and so is the old one in another maintenance."""
        CircuitImpact(maintenance=self.planned, circuit=self.circuits[0]).validated_save()
        other = create_provider("Carrier", "")
        self.circuits[0].provider = other
        self.circuits[0].validated_save()
        impact = self.planned.impacts.get()

        impact.impact = "NO-IMPACT"
        impact.validated_save()

        self.assertEqual((self.impacts(), impact.circuit), ({"C-1": "NO-IMPACT"}, self.circuits[0]))
        twin = CircuitMaintenance(name="M-9", provider=self.provider)
        twin.validated_save()
        impact.maintenance = twin
        with self.assertRaisesMessage(ValidationError, "a different provider"):
            impact.validated_save()
        impact = self.planned.impacts.get()
        impact.circuit = create_circuits(other, "Z-2")[0]
        with self.assertRaisesMessage(ValidationError, "a different provider"):
            impact.validated_save()

    def test_an_impact_is_edited_after_its_maintenance_was_given_to_another_provider(self):
        """The circuit is not touched."""
        CircuitImpact(maintenance=self.planned, circuit=self.circuits[0]).validated_save()
        self.planned.provider = create_provider("Carrier", "")
        self.planned.validated_save()
        impact = self.planned.impacts.get()

        impact.impact = "NO-IMPACT"
        impact.validated_save()

        self.assertEqual(impact.circuit, self.circuits[0])


class RawBytes(PipelineTestCase):
    """Up to 25 MiB a row: only who asks for them gets them."""

    def setUp(self):
        """Receive a mail."""
        self.receive(mail(Bcop(), text="The raw body"))

    def assert_never_asked_for(self, read) -> None:
        """Expect that reading notifications in this way leaves the raw bytes where they are."""
        with CaptureQueriesContext(connection) as captured:
            rows = read()
        self.assertTrue(rows)
        self.assertFalse([sql for sql in statements(captured) if '"raw"' in sql.partition(" WHERE ")[0]])

    def test_lists_leave_them_in_the_database(self):
        """The default manager defers them."""
        self.assert_never_asked_for(lambda: [row.subject for row in Notification.objects.all()])

    def test_foreign_keys_leave_them_in_the_database(self):
        """Followed one by one, joined and from the other side."""
        parsed = ParsedNotification.objects
        self.assert_never_asked_for(lambda: [row.notification.subject for row in parsed.all()])
        self.assert_never_asked_for(
            lambda: [row.notification.subject for row in parsed.prefetch_related("notification")]
        )
        self.assert_never_asked_for(lambda: [row.subject for row in self.source.notifications.all()])
        self.assert_never_asked_for(lambda: Notification.objects.first().refresh_from_db() or True)

    def test_who_asks_gets_them(self):
        """On access."""
        self.assertIn(b"The raw body", bytes(Notification.objects.get().raw))


class ChangeRecords(PipelineTestCase):
    """What people edit is logged, mail never."""

    def test_evidence_is_not_logged(self):
        """Neither by the app nor manually."""
        self.receive(mail(Bcop(), text="The raw body"))
        with web_request_context(self.user):
            Notification.objects.get().save()
            ParsedNotification.objects.get().save()

        kinds = ObjectChange.objects.values_list("changed_object_type__model", flat=True)
        self.assertFalse({"notification", "parsednotification", "maintenancewindow"} & set(kinds))
        for record in ObjectChange.objects.all():
            self.assertNotIn("The raw body", f"{record.object_data}{record.object_data_v2}")

    def test_the_record_of_what_a_person_writes_has_the_windows_that_follow_from_it(self):
        """When it is created and when it is moved."""
        with web_request_context(self.user):
            maintenance = new(provider=self.provider)
            maintenance.validated_save()
        with web_request_context(self.user):
            maintenance.end_time = END + DAY
            maintenance.validated_save()

        records = ObjectChange.objects.filter(changed_object_id=maintenance.pk).order_by("time")
        self.assertEqual(
            [record.object_data_v2["windows"] for record in records],
            [[["2026-11-30T12:00:00Z", "2026-11-30T16:00:00Z"]], [["2026-11-30T12:00:00Z", "2026-12-01T16:00:00Z"]]],
        )

    def test_scalars_of_a_record_are_those_of_the_rest_api(self):
        """Every scalar that both have is equal at depth 0, in both dictionaries."""
        self.receive(mail(Bcop()))
        maintenance = self.maintenance()
        maintenance.ack, maintenance.ticket = True, "CHG-7"
        maintenance.validated_save()
        request = APIRequestFactory(SERVER_NAME="nautobot.example.com").get("/")
        request.user = self.user
        context = {"request": request, "depth": 0}
        rest = get_serializer_for_model(CircuitMaintenance)(self.maintenance(), context=context).data
        record = self.maintenance().to_objectchange("update")

        scalars = {key for key, value in rest.items() if not isinstance(value, (dict, list))}
        own = {field.name for field in maintenance._meta.concrete_fields if not field.is_relation}
        for data in (record.object_data, record.object_data_v2):
            missing = {"id", "_custom_field_data"} | (own - scalars)
            self.assertLessEqual(own - missing, set(data))
            for key in scalars & set(data):
                with self.subTest(key=key):
                    self.assertEqual(as_text(data[key]), as_text(rest[key]))

    def test_an_acknowledgement_has_user_and_time(self):
        """From the request that it came with; unacknowledged, neither is left."""
        maintenance = new(provider=self.provider)
        maintenance.validated_save()
        with web_request_context(self.user):
            maintenance.ack = True
            maintenance.validated_save()
        self.assertEqual(self.maintenance().acknowledged_by, self.user)
        self.assertGreater(self.maintenance().acknowledged_at, NOON)

        with web_request_context(self.user):
            maintenance.ack = False
            maintenance.validated_save()
        self.assertEqual((self.maintenance().acknowledged_by, self.maintenance().acknowledged_at), (None, None))


def as_text(value) -> str:
    """Return a scalar as JSON has it, times without the notation of their zone."""
    return str(value).replace("+00:00", "Z")
