"""The second opinion on pages, in REST and in GraphQL."""

from datetime import timedelta

from django.urls import reverse
from nautobot.core.graphql import execute_query

from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, ParsedNotification
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of
from nautobot_circuit_maintenance.tests.pipeline.test_second_opinion import TextCase, cogent

WARNING = "The message also lists C-2."


class OpinionPagesTest(TextCase, PageTestCase):
    """A doubtful maintenance SN1, and SN2, which is confirmed."""

    def setUp(self):
        super().setUp()
        self.receive(cogent(more="Also <b>affected</b>: C-2\n"), cogent("SN2"))
        self.doubtful = Notification.objects.get(subject__contains="SN1")

    def test_the_maintenance_and_its_notification_show_the_reason(self):
        self.become_superuser()
        for route, instance in (
            ("circuitmaintenance", self.maintenance("SN1")),
            ("notification", self.doubtful),
            ("parsednotification", ParsedNotification.objects.get(confidence="doubtful")),
        ):
            with self.subTest(route):
                page = self.page(route, instance)
                self.assertIn(WARNING, page)
                self.assertIn("Doubtful", page)

    def test_the_notification_shows_the_email_beside_what_was_read_with_the_value_before(self):
        self.become_superuser()
        self.receive(cogent(start="12/21/2026", sent=NOON + timedelta(hours=2)))
        newer = Notification.objects.filter(subject__contains="SN1").latest("received_at")

        page = self.page("notification", newer)

        self.assertIn("Start time: 05:00 PM (Singapore local time) 12/21/2026", page)
        windows = page.split("Windows</th>")[1].split("</tr>")[0]
        read, before = windows.split('<td class="text-secondary">')
        self.assertIn("21 Dec", read)
        self.assertIn("20 Dec", before)

    def test_a_doubt_is_settled_on_the_page_of_the_notification(self):
        self.become_superuser()
        page = self.page("notification", self.doubtful)
        self.assertIn(url_of("circuitmaintenance_settle", self.maintenance("SN1")), page)
        self.assertIn('value="Also C-2"', page)

    def test_one_that_waits_reloads_until_the_result_is_known(self):
        self.become_superuser()
        Notification.objects.filter(pk=self.doubtful.pk).update(state="received")
        self.assertIn("location.reload()", self.page("notification", self.doubtful))

    def test_the_words_are_marked_in_the_text_which_stays_escaped(self):
        self.become_superuser()

        page = self.page("notification_text", self.doubtful)

        self.assertIn("Also &lt;b&gt;affected&lt;/b&gt;: <mark>C-2</mark>", page)
        self.assertNotIn("<b>affected", page)

    def test_who_may_not_view_what_was_parsed_sees_no_reasons(self):
        self.permit("view_notification")

        self.assertNotIn(WARNING, self.page("notification", self.doubtful))
        self.assertNotIn("<mark>", self.page("notification_text", self.doubtful))

    def test_lists_are_filtered_by_confidence(self):
        self.become_superuser()
        for route in ("circuitmaintenance", "notification", "parsednotification"):
            for confidence, wanted in (("doubtful", ["SN1"]), ("confirmed", ["SN2"]), ("unchecked", [])):
                with self.subTest(route=route, confidence=confidence):
                    url = f"{url_of(f'{route}_list')}?confidence={confidence}"
                    page = self.client.get(url, **HTMX).content.decode()
                    self.assertEqual([name for name in ("SN1", "SN2") if name in page], wanted)

    def test_rest_and_graphql_have_and_filter_it(self):
        self.become_superuser()
        for route, names in (("circuitmaintenance", ["SN1"]), ("parsednotification", None), ("notification", None)):
            url = reverse(f"plugins-api:nautobot_circuit_maintenance-api:{route}-list")
            found = self.client.get(url, {"confidence": "doubtful"}).json()["results"]
            self.assertEqual(len(found), 1)
            if names:
                self.assertEqual([(row["name"], row["confidence"]) for row in found], [("SN1", "doubtful")])

        result = execute_query('{ circuit_maintenances(confidence: "doubtful") { name confidence } }', user=self.user)
        self.assertIsNone(result.errors)
        [row] = result.data["circuit_maintenances"]
        self.assertEqual((row["name"], row["confidence"].lower()), ("SN1", "doubtful"))

    def test_an_unchecked_maintenance_shows_the_reason(self):
        self.receive(cogent("SN3", start="12/05/2026"))
        self.become_superuser()

        page = self.page("circuitmaintenance", self.maintenance("SN3"))

        self.assertIn("Not Fully Checked</span>", page)
        self.assertIn("may have day and month the other way round.", page)

    def test_confirmed_is_shown_too(self):
        self.become_superuser()

        self.assertIn("Matches Email</span>", self.page("circuitmaintenance", self.maintenance("SN2")))
        self.assertEqual(CircuitMaintenance.objects.doubtful().count(), 1)
