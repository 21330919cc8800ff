"""People edit while notifications are applied: neither writes over the other's work."""

from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.change_logging import web_request_context
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.forms import CircuitMaintenanceForm
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, START, Bcop, mail

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = {"issued": NOON + HOUR, "status": "CANCELLED", "start": START + DAY}
ROUTE = "plugins:nautobot_circuit_maintenance:circuitmaintenance_{}"


class Saves(PipelineTestCase):
    """A copy that was read before a notification came is saved after it."""

    def setUp(self):
        """Announce the maintenance, read it, and let the provider cancel and move it."""
        self.receive(mail(Bcop()))
        self.copy = self.maintenance()
        self.receive(mail(Bcop(**LATER)))

    def spans(self) -> list[tuple]:
        """Return the stored windows."""
        return list(self.maintenance().windows.values_list("start_time", "end_time"))

    def test_what_the_person_changed_is_written_and_nothing_else(self):
        """A ticket does not state status and time."""
        self.copy.ticket = "CHG-1"
        self.copy.validated_save()

        stored = self.maintenance()
        self.assertEqual((stored.ticket, stored.status, stored.start_time), ("CHG-1", "CANCELLED", START + DAY))
        self.assertEqual(self.spans(), [(START + DAY, START + DAY + 4 * HOUR)])

    def test_the_persons_word_on_the_same_field_comes_later_and_holds(self):
        """Anyone who says CONFIRMED now means it, until the provider says something new."""
        self.copy.status = "IN-PROCESS"
        self.copy.validated_save()

        self.assertEqual((self.maintenance().status, self.maintenance().start_time), ("IN-PROCESS", START + DAY))

    def test_the_change_record_has_the_stored_values(self):
        """Not what the stale copy held."""
        with web_request_context(self.user):
            self.copy.ticket = "CHG-1"
            self.copy.validated_save()

        found = ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance").latest("time")
        data = found.object_data_v2
        self.assertEqual((data["ticket"], data["status"]), ("CHG-1", "CANCELLED"))
        self.assertEqual(data["windows"], [["2026-12-01T12:00:00Z", "2026-12-01T16:00:00Z"]])

    def test_an_acknowledgement_that_the_change_withdrew_does_not_come_back(self):
        """Someone had acknowledged the first state; a colleague's copy still has that."""
        self.receive(mail(Bcop("M-2")))
        other = self.maintenance("M-2")
        other.ack = True
        other.validated_save()
        copy = self.maintenance("M-2")
        self.receive(mail(Bcop("M-2", **LATER)))

        copy.ticket = "CHG-2"
        copy.validated_save()

        stored = self.maintenance("M-2")
        self.assertEqual((stored.ack, stored.acknowledged_by, stored.ticket), (False, None, "CHG-2"))

    def test_a_second_save_of_the_same_copy_writes_what_changed_since_the_first(self):
        """And again nothing else."""
        self.copy.ticket = "CHG-1"
        self.copy.validated_save()
        self.receive(mail(Bcop(**{**LATER, "issued": NOON + 2 * HOUR, "status": "COMPLETED"})))
        self.copy.description = "By hand"
        self.copy.validated_save()

        stored = self.maintenance()
        self.assertEqual((stored.description, stored.status, stored.ticket), ("By hand", "COMPLETED", "CHG-1"))


class ConcurrentEdits(PipelineTestCase):
    """A form that was opened before a notification was received."""

    def test_form_rejects_the_first_save_and_lists_current_values(self):
        """Saving the outdated status would undo the cancellation."""
        self.receive(mail(Bcop()))
        opened = CircuitMaintenanceForm(instance=self.maintenance())
        names = ("name", "status", "ticket", "seen", "start_time", "end_time", "description")
        entered = {name: opened[name].value() or "" for name in names} | {"ticket": "CHG-1"}
        entered["provider"] = str(self.provider.pk)
        self.receive(mail(Bcop(**LATER)))

        first = CircuitMaintenanceForm(data=entered, instance=self.maintenance())
        self.assertFalse(first.is_valid())
        error = unescape(str(first.non_field_errors()))
        self.assertIn(
            'Status "CANCELLED", Start time "Tue 01 Dec 2026 12:00 UTC", End time "Tue 01 Dec 2026 16:00 UTC"', error
        )
        self.assertIn("Ticket (empty)", error)
        self.assertNotIn("Name", error)

        again = CircuitMaintenanceForm(data={**entered, "seen": first["seen"].value()}, instance=self.maintenance())
        self.assertTrue(again.is_valid(), again.errors)
        self.assertEqual(again.save().status, "CONFIRMED")

    def test_form_lists_values_entered_by_another_user(self):
        """Saving the empty ticket would remove the other user's."""
        self.receive(mail(Bcop()))
        opened = CircuitMaintenanceForm(instance=self.maintenance())
        data = {name: opened[name].value() or "" for name in ("name", "status", "seen", "start_time", "end_time")}
        colleagues = self.maintenance()
        colleagues.ticket = "CHG-7"
        colleagues.validated_save()

        form = CircuitMaintenanceForm(data={**data, "provider": str(self.provider.pk)}, instance=self.maintenance())

        self.assertFalse(form.is_valid())
        self.assertIn('Ticket "CHG-7"', unescape(str(form.non_field_errors())))

    def test_a_form_that_saw_the_present_state_is_saved_at_once(self):
        """As ever."""
        self.receive(mail(Bcop()))
        opened = CircuitMaintenanceForm(instance=self.maintenance())
        data = {name: opened[name].value() or "" for name in ("name", "status", "seen", "start_time", "end_time")}

        form = CircuitMaintenanceForm(data={**data, "provider": str(self.provider.pk)}, instance=self.maintenance())

        self.assertTrue(form.is_valid(), form.errors)


class AcknowledgeButton(PipelineTestCase):
    """A click on a page that was loaded before a notification was received."""

    def setUp(self):
        """Log in, and announce two maintenances."""
        self.client = Client(SERVER_NAME="nautobot.example.com")
        self.client.force_login(self.user)
        ahead = timezone.now() + DAY  # what is over has no button
        self.receive(mail(Bcop(start=ahead)), mail(Bcop("M-2", start=ahead)))

    def link(self) -> str:
        """Return the URL of the button on the page of the maintenance."""
        page = self.client.get(self.maintenance().get_absolute_url()).content.decode()
        [action] = [part.split('"')[0] for part in page.split('action="')[1:] if "/acknowledge/" in part.split('"')[0]]
        return action

    def messages_after(self, **data) -> list[str]:
        """Acknowledge in bulk, and return the messages."""
        response = self.client.post(reverse(ROUTE.format("bulk_acknowledge")), data)
        return [str(message) for message in get_messages(response.wsgi_request)]

    def test_unchanged_maintenance_is_acknowledged(self):
        """The link contains the time of the last change."""
        link = self.link()
        self.assertTrue(parse_qs(urlsplit(link).query)["seen"])

        self.client.post(link)

        self.assertEqual((self.maintenance().ack, self.maintenance().acknowledged_by), (True, self.user))

    def test_changed_maintenance_is_not_acknowledged(self):
        """The user has not seen the cancellation."""
        link = self.link()
        self.receive(mail(Bcop(**LATER)))

        response = self.client.post(link)

        self.assertFalse(self.maintenance().ack)
        [message] = get_messages(response.wsgi_request)
        self.assertIn("was changed after this page was loaded", str(message))

    def test_bulk_action_acknowledges_only_unchanged_ones(self):
        """Each maintenance is checked on its own."""
        seen = timezone.now()
        self.receive(mail(Bcop(**LATER)))
        pks = [str(self.maintenance(name).pk) for name in ("M-1", "M-2")]

        messages = self.messages_after(pk=pks, seen=seen.isoformat())

        acks = dict(CircuitMaintenance.objects.values_list("name", "ack"))
        self.assertEqual(acks, {"M-1": False, "M-2": True})
        self.assertEqual(messages[0], "Acknowledged ISP M-2.")
        self.assertIn("ISP M-1 was changed", messages[1])

    def test_rows_are_locked_in_the_order_of_the_workers(self):
        """By provider and name: another order could deadlock with a worker."""
        pks = [str(self.maintenance(name).pk) for name in ("M-2", "M-1")]
        with CaptureQueriesContext(connection) as captured:
            self.messages_after(pk=pks)

        [locking] = [each["sql"] for each in captured if " IN (" in each["sql"] and "FOR UPDATE" in each["sql"]]
        table = '"nautobot_circuit_maintenance_circuitmaintenance"'
        self.assertIn(f'ORDER BY {table}."provider_id" ASC, {table}."name" ASC', locking.replace("`", '"'))

    def test_empty_selection_is_reported(self):
        """As a warning."""
        self.assertIn("No unacknowledged maintenances were selected.", self.messages_after()[0])

    def test_invalid_seen_is_ignored(self):
        """Like a missing one."""
        for word in ("2026-13-45T99:99:99Z", "yesterday", "2026-11-20T12:00:00"):
            with self.subTest(word=word):
                CircuitMaintenance.objects.update(ack=False)
                self.client.post(reverse(ROUTE.format("acknowledge"), args=[self.maintenance().pk]) + f"?seen={word}")
                self.assertTrue(self.maintenance().ack)
