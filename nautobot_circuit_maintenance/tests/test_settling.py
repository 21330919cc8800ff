"""A person settles a doubt about a reading: it stays settled, and everything else stays as it is."""

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.urls import reverse
from nautobot.extras.models import ObjectChange

from nautobot_circuit_maintenance.domain.custom_fields import ORDER, ZONE
from nautobot_circuit_maintenance.domain.opinions import Finding, findings_to_json
from nautobot_circuit_maintenance.models import (
    CircuitMaintenance,
    ManualReading,
    Notification,
    ParsedNotification,
    SettledDoubt,
)
from nautobot_circuit_maintenance.pipeline.reprocess import requeue
from nautobot_circuit_maintenance.pipeline.rules import Habit, preview
from nautobot_circuit_maintenance.pipeline.run import RunOptions, drain_waiting
from nautobot_circuit_maintenance.tests.factories import app
from nautobot_circuit_maintenance.tests.factories.mail import NOON, mail
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of
from nautobot_circuit_maintenance.tests.pipeline.test_second_opinion import TextCase, cogent

WARNING = "The message also lists C-2."


class SettlingTest(TextCase, PageTestCase):
    """A doubtful maintenance SN1."""

    def setUp(self):
        super().setUp()
        self.receive(cogent(more="Also affected: C-2\n"))
        self.notification = Notification.objects.get(subject__contains="SN1")
        self.doubt = {"fingerprint": self.notification.fingerprint, "sentence": WARNING}

    def settle(self, name="SN1", **changes):
        """Click on the button."""
        return self.client.post(
            url_of("circuitmaintenance_settle", self.maintenance(name)), {**self.doubt, **changes}, follow=True
        )

    def state(self, name="SN1"):
        """Return confidence and doubts of a maintenance."""
        return self.maintenance(name).confidence, self.sentences(name)

    def test_the_button_settles_it_and_records_who_did(self):
        self.become_superuser()
        self.assertIn("Accept Reading", self.page("circuitmaintenance", self.maintenance("SN1")))

        page = self.settle().content.decode()

        self.assertNotIn("Accept Reading", page)
        self.assertEqual(self.state(), ("confirmed", []))
        row = SettledDoubt.objects.get()
        self.assertEqual((row.settled_by, row.sentence), (self.user, WARNING))
        self.assertIn(f"Confirmed by {self.user.username}", self.page("notification", self.notification))
        record = ObjectChange.objects.filter(changed_object_id=self.maintenance("SN1").pk).latest("time")
        self.assertEqual((record.user_name, record.object_data["doubts"]), (self.user.username, []))

    def test_it_survives_reprocessing_further_mail_and_a_deletion(self):
        self.become_superuser()
        self.settle()

        self.reprocess()
        self.assertEqual(self.state(), ("confirmed", []))
        CircuitMaintenance.objects.filter(name="SN1").delete()
        self.reprocess()
        self.assertEqual(self.state(), ("confirmed", []))

        self.receive(cogent(more="Also affected: C-3\n", sent=NOON + timedelta(hours=2)))
        self.assertEqual(self.state(), ("doubtful", ["The message also lists C-3."]))

    def test_the_user_may_be_deleted(self):
        self.become_superuser()
        self.settle()

        get_user_model().objects.filter(pk=self.user.pk).delete()
        self.reprocess()

        self.assertEqual(
            (self.state(), SettledDoubt.objects.get().settled_by_name), (("confirmed", []), "nautobotuser")
        )

    def test_without_the_permission_to_change_there_is_no_button_and_no_effect(self):
        self.permit("view_circuitmaintenance", "view_notification")
        self.assertIn(WARNING, self.page("circuitmaintenance", self.maintenance("SN1")))
        self.assertNotIn("Accept Reading", self.page("circuitmaintenance", self.maintenance("SN1")))

        self.assertHttpStatus(self.settle(), 403)
        self.permit("change_circuitmaintenance", constraints={"name": "other"})
        self.assertHttpStatus(self.settle(), 404)

        self.assertEqual(self.state(), ("doubtful", [WARNING]))

    def test_what_is_no_doubt_is_not_settled(self):
        self.become_superuser()

        self.assertIn("This doubt no longer exists.", self.settle(sentence="It rains.").content.decode())

        self.assertEqual((self.state(), SettledDoubt.objects.count()), (("doubtful", [WARNING]), 0))

    def test_another_maintenance_of_the_same_kind_stays_doubtful(self):
        self.become_superuser()
        self.receive(cogent("SN2", more="Also affected: C-2\n"))

        self.settle()

        self.assertEqual((self.state(), self.state("SN2")), (("confirmed", []), ("doubtful", [WARNING])))

    def test_rest_settles_it_once_and_requires_the_permission(self):
        url = reverse(
            "plugins-api:nautobot_circuit_maintenance-api:circuitmaintenance-settle", args=[self.maintenance("SN1").pk]
        )
        self.permit("view_circuitmaintenance")
        self.assertHttpStatus(self.client.post(url, self.doubt, content_type="application/json"), 403)
        self.permit("change_circuitmaintenance")

        response = self.client.post(url, self.doubt, content_type="application/json")

        self.assertHttpStatus(response, 200)
        self.assertEqual((response.json()["confidence"], response.json()["doubts"]), ("confirmed", []))
        self.assertHttpStatus(self.client.post(url, self.doubt, content_type="application/json"), 409)
        self.assertHttpStatus(self.client.post(url, {}, content_type="application/json"), 400)


class BesideOthersTest(TextCase, PageTestCase):
    """Two messages that are right alone and cannot both be right: 5 December, then 12 May."""

    def setUp(self):
        super().setUp()
        self.become_superuser()
        self.provider.cf[ORDER.key] = "month first"
        self.provider.validated_save()
        self.receive(cogent(start="12/05/2026"))
        self.receive(cogent(start="05/12/2026", sent=NOON + timedelta(hours=2)))
        [self.doubt] = self.maintenance("SN1").doubts

    def settle(self, **choice):
        """Click on a button of the doubt."""
        return self.client.post(
            url_of("circuitmaintenance_settle", self.maintenance("SN1")), {**self.doubt, **choice}, follow=True
        )

    def state(self):
        """Return confidence, doubts and days of the maintenance."""
        maintenance = self.maintenance("SN1")
        days = [f"{window.start_time:%m-%d}" for window in maintenance.windows.all()]
        return maintenance.confidence, self.sentences("SN1"), days

    def test_the_maintenance_is_doubtful_whichever_was_received_first(self):
        self.assertIn("with day and month the other way round", self.doubt["sentence"])
        self.assertEqual(self.state(), ("doubtful", [self.doubt["sentence"]], ["05-12"]))
        self.assertFalse(ParsedNotification.objects.filter(confidence="doubtful").exists())
        before = self.state()

        CircuitMaintenance.objects.all().delete()
        for row in Notification.objects.order_by("-sent_at"):
            requeue(Notification.objects.filter(pk=row.pk))
            drain_waiting(RunOptions(now=NOON + timedelta(days=1)))

        self.assertEqual(self.state(), before)

    def test_that_both_are_right_survives_reprocessing_and_a_deletion(self):
        self.assertIn("Accept Reading", self.page("circuitmaintenance", self.maintenance("SN1")))
        self.settle()
        self.assertEqual(self.state(), ("confirmed", [], ["05-12"]))

        self.reprocess()
        self.assertEqual(self.state(), ("confirmed", [], ["05-12"]))
        CircuitMaintenance.objects.all().delete()
        self.reprocess()
        self.assertEqual(self.state(), ("confirmed", [], ["05-12"]))

    def test_the_earlier_window_is_one_click_away(self):
        page = self.page("circuitmaintenance", self.maintenance("SN1"))
        self.assertIn('value="2026-12-05 09:00 - 2026-12-05 13:00 UTC"', page)

        self.settle(choice="2026-12-05 09:00 - 2026-12-05 13:00 UTC")

        self.assertEqual(self.state()[1:], ([], ["12-05"]))


class ChoosingTest(TextCase, PageTestCase):
    """A doubt with alternatives: a person chooses the right one."""

    def receive_one(self, **options):
        """Receive a notice with a doubt; return it with the fields of the button."""
        self.receive(cogent(**options))
        self.row = Notification.objects.get(subject__contains="SN1")
        [doubt] = self.maintenance("SN1").doubts
        return {"fingerprint": doubt["fingerprint"], "sentence": doubt["sentence"]}

    def choose(self, doubt, choice):
        """Click on an alternative."""
        url = url_of("circuitmaintenance_settle", self.maintenance("SN1"))
        return self.client.post(url, {**doubt, "choice": choice}, follow=True)

    def with_day_first(self):
        """Keep that the provider writes the day first, which its parser does not know."""
        self.provider.cf[ORDER.key] = "day first"
        self.provider.validated_save()

    def test_a_circuit_that_was_not_read_is_added_and_stays(self):
        self.become_superuser()
        doubt = self.receive_one(more="Also affected: C-2\n")
        self.assertIn('value="Also C-2"', self.page("circuitmaintenance", self.maintenance("SN1")))

        self.choose(doubt, "Also C-2")
        self.reprocess()

        self.assertEqual(self.impacts("SN1"), {"C-1": "OUTAGE", "C-2": "OUTAGE"})
        self.assertEqual((self.maintenance("SN1").confidence, self.maintenance("SN1").doubts), ("confirmed", []))
        reading = ManualReading.objects.get()
        self.assertEqual((reading.fingerprint, reading.read_by), (doubt["fingerprint"], self.user))

    def test_an_ambiguous_date_is_settled_and_the_order_is_offered_as_a_rule(self):
        self.become_superuser()
        self.with_day_first()
        doubt = self.receive_one(start="06/12/2026")
        self.assertIn("day and month the other way round", doubt["sentence"])
        right = "2026-12-06 09:00 - 2026-12-06 13:00 UTC"
        self.provider.cf[ORDER.key] = None
        self.provider.validated_save()

        page = self.choose(doubt, right)

        self.assertEqual(f"{self.maintenance('SN1').start_time:%Y-%m-%d}", "2026-12-06")
        self.assertEqual(page.redirect_chain[0][0], f"{url_of('notification_rule', self.row)}?order=day+first")
        self.assertIn("always write the day first?", page.content.decode())
        kept = self.client.post(url_of("notification_rule", self.row), {"order": "day first"}, follow=True)
        self.assertHttpStatus(kept, 200)
        self.provider.refresh_from_db()
        self.assertEqual(self.provider.cf[ORDER.key], "day first")

    def test_the_rule_shows_what_other_emails_would_be(self):
        self.become_superuser()
        self.receive(cogent(start="06/12/2026"))
        self.receive(cogent("SN2", start="07/12/2026"))
        self.row = Notification.objects.get(subject__contains="SN1")

        html = self.client.get(url_of("notification_rule", self.row), {"order": "day first"}).content.decode()

        self.assertIn("07/12/2026 SN2", html)
        self.assertIn("Sun 12 Jul 09:00", html)
        self.assertIn("Mon 07 Dec 09:00", html)
        self.assertIn("Differs", html)
        self.assertIn("Look at the emails that differ", html)

    def test_the_cost_of_the_rule_does_not_grow_with_the_emails(self):
        for first, last in ((1, 3), (4, 12)):
            self.receive(*(cogent(f"SN{number}", start="06/12/2026") for number in range(first, last + 1)))
            with self.subTest(emails=last), self.assertNumQueries(2):
                previews = preview(Notification.objects.all(), self.provider, Habit("order", "day first"))
            self.assertEqual(len(previews), last)

    def test_a_time_zone_that_stands_nowhere_is_asked_and_kept(self):
        self.become_superuser()
        text = "Ticket: W-1\nStart: 2026-12-20 17:00\nEnd: 2026-12-20 21:00\nCircuit: C-1\n"
        self.receive(mail(subject="Work W-1", text=text))
        self.row = Notification.objects.get(subject="Work W-1")
        sentence = "2026-12-20 17:00 - 2026-12-20 21:00 UTC stands in the message without a time zone."
        finding = Finding("window in the mail", "unchecked", sentence)
        maintenance = app.create_maintenance("W-1", self.provider)
        app.create_parsed(self.row, maintenance, confidence="unchecked", findings=findings_to_json([finding]))
        url = f"{url_of('notification_rule', self.row)}?zone="
        page = self.page("notification", self.row)
        self.assertIn("stands in the message without a time zone.", page)
        self.assertIn(f'href="{url}"', page)

        self.assertNotIn("Keep for", self.client.get(url).content.decode())
        self.assertIn("Unknown time zone.", self.client.get(f"{url}Mars").content.decode())
        shown = self.client.get(f"{url}Asia/Tokyo").content.decode()
        self.assertIn("Sun 20 Dec 08:00", shown)
        self.assertIn("Keep for", shown)
        self.client.post(url_of("notification_rule", self.row), {"zone": "Asia/Tokyo"})

        self.provider.refresh_from_db()
        self.assertEqual(self.provider.cf[ZONE.key], "Asia/Tokyo")
        self.assertNotIn(url, self.page("notification", self.row))

    def test_an_alternative_that_is_not_offered_changes_nothing(self):
        self.become_superuser()
        doubt = self.receive_one(more="Also affected: C-2\n")

        self.assertIn("no longer exists", self.choose(doubt, "Also C-3").content.decode())
        self.assertEqual((self.impacts("SN1"), ManualReading.objects.count()), ({"C-1": "OUTAGE"}, 0))

    def test_the_rule_requires_the_permission_to_change_the_provider(self):
        self.receive_one(more="Also affected: C-2\n")
        self.permit("view_notification", "change_notification")
        url = f"{url_of('notification_rule', self.row)}?order=day+first"
        self.assertHttpStatus(self.client.get(url), 403)
        self.assertHttpStatus(self.client.post(url, {"order": "day first"}), 403)
        self.assertHttpStatus(self.client.get(url_of("notification_rule", self.row)), 403)
        self.assertHttpStatus(self.client.get(f"{url_of('notification_rule', self.row)}?order=year+first"), 404)

    def test_by_rest(self):
        self.become_superuser()
        doubt = self.receive_one(more="Also affected: C-2\n")
        url = reverse(
            "plugins-api:nautobot_circuit_maintenance-api:circuitmaintenance-settle", args=[self.maintenance("SN1").pk]
        )
        self.client.force_login(self.user)

        for choice, status in (("Also C-3", 409), ("Also C-2", 200), ("Also C-2", 409)):
            response = self.client.post(url, {**doubt, "choice": choice}, content_type="application/json")
            self.assertEqual(response.status_code, status)
        self.assertEqual(self.impacts("SN1"), {"C-1": "OUTAGE", "C-2": "OUTAGE"})
