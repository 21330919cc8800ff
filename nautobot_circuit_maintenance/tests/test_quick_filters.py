"""The quick filters above the lists."""

import re
from datetime import timedelta
from html import unescape

from django.utils import timezone
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.tests.factories import app
from nautobot_circuit_maintenance.tests.page_case import HTMX, PageTestCase, url_of

LINK = re.compile(r'<a href="(\?[^"]*)" class="btn btn-(?:secondary|(primary))"(?: aria-current="true")?>([^<]+)</a>')


class QuickFilterTest(PageTestCase):
    """The lists of maintenances and notifications."""

    def setUp(self):
        super().setUp()
        self.become_superuser()

    def offered(self, route: str, query: str = "") -> dict[str, str]:
        """Return the query strings by label."""
        page = self.client.get(url_of(route) + query).content.decode()
        return {label: unescape(link) for link, _, label in LINK.findall(page)}

    def chosen(self, route: str, query: str) -> list[str]:
        """Return the quick filters that are marked as applied."""
        page = self.client.get(url_of(route) + query).content.decode()
        return [label for _, active, label in LINK.findall(page) if active]

    def count(self, route: str, query: str) -> int:
        """Return how many rows the list has."""
        return self.client.get(url_of(route) + query, **HTMX).context["table"].paginator.count

    def test_next_24_hours_finds_what_the_dashboard_counts(self):
        models.CircuitMaintenance.objects.all().delete()
        now = timezone.now()
        for name, hours in (("over", -30), ("running", -1), ("tonight", 20), ("later", 30)):
            app.create_maintenance(name, start=now + timedelta(hours=hours))
        dashboard = self.page("dashboard")
        tile = re.search(r'(\d+)</span>\s*<span class="d-block">Next 24 hours<', dashboard)

        query = self.offered("circuitmaintenance_list")["Next 24 hours"]

        self.assertEqual((int(tile[1]), self.count("circuitmaintenance_list", query)), (2, 2))

    def test_applied_quick_filter_is_marked(self):
        for route in ("circuitmaintenance_list", "notification_list"):
            for label, query in self.offered(route).items():
                with self.subTest(route=route, label=label):
                    self.assertEqual(self.chosen(route, f"{query}&per_page=10"), [label])
            self.assertEqual(self.chosen(route, "?q=something"), [])
        for strange in (
            "?overlaps_from=x&overlaps_until=y",
            "?overlaps_from=2026-01-01&overlaps_until=2026-01-02T00:00Z",
        ):
            self.assertEqual(self.chosen("circuitmaintenance_list", strange), [])

    def test_notifications_are_filtered_by_state(self):
        models.Notification.objects.all().delete()
        states = (State.PARSED, State.FAILED, State.FAILED, State.REFUSED, State.IGNORED, State.RECEIVED)
        for state in states:
            app.create_notification(Provider.objects.first(), state=state)
        app.create_notification(Provider.objects.first(), state=State.PARSED, error="READ-06: No DTSTART.")

        found = {
            label: self.count("notification_list", query) for label, query in self.offered("notification_list").items()
        }

        self.assertEqual(
            found,
            {
                "All": 7,
                "Needs attention": 4,
                "Failed": 2,
                "Refused": 1,
                "Ignored": 1,
                "Waiting": 1,
                "Partly read": 1,
            },
        )

    def test_list_of_notifications_shows_state_and_reason(self):
        page = self.client.get(url_of("notification_list"), **HTMX).content.decode()

        heads = [
            " ".join(re.sub("<[^>]+>", " ", head).split()) for head in re.findall(r"<th[^>]*>(.*?)</th>", page, re.S)
        ]
        words = [head.removesuffix(" activate to sort ascending") for head in heads if head]

        self.assertLess(words.index("State"), words.index("Subject"))
        self.assertIn("Reason", words)
        self.assertNotIn("Error", words)


class EmptyListTest(PageTestCase):
    """The text of empty lists."""

    def test_empty_list_explains_what_is_missing(self):
        self.become_superuser()
        for model, route, sentence in (
            (models.Note, "note_list", "No maintenance notes found"),
            (models.CircuitImpact, "circuitimpact_list", "No circuit impacts found"),
            (models.ParsedNotification, "parsednotification_list", "No parsed notifications found"),
            (models.Notification, "notification_list", "No notifications found"),
            (models.CircuitMaintenance, "circuitmaintenance_list", "No circuit maintenances found"),
            (models.NotificationSource, "notificationsource_list", "No notification sources found"),
        ):
            with self.subTest(route=route):
                model.objects.all().delete()
                self.assertTrue(sentence in self.client.get(url_of(route), **HTMX).content.decode())
