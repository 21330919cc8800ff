"""The panel on Nautobot's home page."""

import re
from datetime import timedelta
from unittest import mock

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase

from nautobot_circuit_maintenance import homepage, models
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.ui.links import list_url

HOUR = timedelta(hours=1)


class HomePageTest(TestCase):
    """Lines of the panel."""

    @classmethod
    def setUpTestData(cls):
        now = timezone.now()
        for number in (1, 2):
            provider = core.create_provider(f"ISP {number}")
            for name, hours in (("running", -1), ("soon", 50), ("later", 24 * 20), ("over", -100)):
                app.create_maintenance(name, provider, start=now + hours * HOUR, ack=name == "later")

    def lines(self) -> dict[str, str]:
        """Return the count by label."""
        response = self.client.get(reverse("home"))
        self.assertEqual(response.status_code, 200)
        panel = response.content.decode().partition('id="homepanel-circuit-maintenance"')[2].partition("</ul>")[0]
        return {
            label: count
            for count, label in re.findall(r'float-end my-1">([\d,]+)</span>\s*<h3[^>]*><a[^>]*>([^<]+)</a>', panel)
        }

    def test_panel_counts_maintenances(self):
        self.client.force_login(users.superuser())

        self.assertEqual(
            self.lines(),
            {
                "In progress": "2",
                "Next 24 hours": "2",
                "Next 7 days": "4",
                "Unacknowledged": "4",
                "Needs attention": "0",
            },
        )

    def test_counts_are_those_of_the_lists(self):
        self.client.force_login(users.superuser())
        request = self.client.get(reverse("home")).wsgi_request
        for line in homepage.count_maintenances(request):
            with self.subTest(line=line["label"]):
                listed = self.client.get(line["url"], headers={"HX-Request": "true"})
                self.assertEqual(listed.context["table"].paginator.count, line["count"])

    def url_of_problems(self) -> str:
        """Return where "Needs attention" leads to."""
        request = self.client.get(reverse("home")).wsgi_request
        (line,) = [line for line in homepage.count_maintenances(request) if line["label"] == "Needs attention"]
        return line["url"]

    def test_problems_of_one_kind_lead_to_their_list_and_others_to_the_dashboard(self):
        self.client.force_login(users.superuser())
        source = models.NotificationSource.objects.create(name="Failing", last_error="refused")
        self.assertEqual(self.url_of_problems(), list_url("notificationsource", health="error"))

        app.create_notification(core.create_provider("ISP 3"), source, state=State.FAILED)
        self.assertEqual(self.url_of_problems(), reverse("plugins:nautobot_circuit_maintenance:dashboard"))

    def test_counts_are_restricted_by_permissions(self):
        self.client.force_login(users.viewer(models.CircuitMaintenance, constraints=users.BY_PROVIDER))

        self.assertEqual(
            self.lines(),
            {
                "In progress": "1",
                "Next 24 hours": "1",
                "Next 7 days": "2",
                "Unacknowledged": "2",
                "Needs attention": "0",
            },
        )

    def test_panel_requires_permission_and_takes_no_query_without_it(self):
        request = self.client.get(reverse("home")).wsgi_request
        with CaptureQueriesContext(connection) as queries:
            self.assertEqual(homepage.count_maintenances(request), [])

        self.assertEqual(len(queries), 0)
        self.assertEqual(self.lines(), {})

    def test_panel_takes_few_queries(self):
        user = users.superuser()
        self.client.force_login(user)
        request = self.client.get(reverse("home")).wsgi_request
        with CaptureQueriesContext(connection) as queries:
            homepage.count_maintenances(request)

        # Three counts of maintenances, two of notifications, one of circuit IDs, one of unknown senders, one of what does not
        # go out, the sources, and a savepoint; none for the sites at risk, which the browser asks for.
        self.assertLessEqual(len(queries), 14)

    def test_errors_do_not_break_the_home_page(self):
        self.client.force_login(users.superuser())

        def broken_query(*_args):
            models.CircuitMaintenance.objects.extra(where=["no_such_column"]).count()

        for failing in (mock.Mock(side_effect=ValueError("defect")), broken_query):
            with mock.patch("nautobot_circuit_maintenance.analysis.dashboard.count_maintenances", failing):
                with self.subTest(failing=failing):
                    self.assertEqual(self.lines(), {})
                    self.assertContains(self.client.get(reverse("home")), "Counts are currently unavailable.")
