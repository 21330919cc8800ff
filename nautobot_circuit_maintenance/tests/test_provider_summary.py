"""The summary on the page of a provider, and the choice of its parsers."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis.ledger_closing import close_quarters
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD
from nautobot_circuit_maintenance.tests.factories import app, core, users

ROUTE = "plugins:nautobot_circuit_maintenance:{}"
HOUR = timedelta(hours=1)
VIEW = [f"nautobot_circuit_maintenance.view_{each}" for each in ("circuitmaintenance", "notification")]


class ProviderSummaryTest(TestCase):
    """A provider that announced work, and whose last email failed."""

    def setUp(self):
        super().setUp()
        self.client.force_login(users.superuser())
        self.isp = core.create_provider("Zed Telecom")
        self.isp.cf[EMAILS_FIELD] = "noc@zed.example"
        self.isp.save()
        # In the middle of the year, whatever the day of the test.
        start = timezone.now().replace(month=6, day=15, hour=12, minute=0, second=0, microsecond=0)
        self.work = app.create_maintenance("M-1", self.isp, start=start, hours=4)
        app.create_impact(self.work, "C-1", Impact.OUTAGE)
        app.create_maintenance("M-2", self.isp, start=start.replace(month=2), hours=2)
        app.create_maintenance("OFF", self.isp, start=start, status=Status.CANCELLED)
        app.create_maintenance("OLD", self.isp, start=start.replace(year=start.year - 1))
        app.create_parsed(app.create_notification(self.isp, received_at=start - 50 * HOUR), self.work)
        self.failed = app.create_notification(
            self.isp, received_at=timezone.now(), state=State.FAILED, error="Reason", subject="Last words"
        )

    def summary(self, user=None) -> str:
        """Return the piece of HTML without markup."""
        if user:
            self.client.force_login(user)
        response = self.client.get(reverse(ROUTE.format("provider_summary"), args=[self.isp.pk]))
        self.assertEqual(response.status_code, 200)
        return " ".join(response.content.decode().split())

    def test_a_corrected_quarter_counts_as_corrected(self):
        """As in the tab Providers of the dashboard."""
        closing = self.work.start_time + timedelta(days=200)
        close_quarters(closing)
        app.create_maintenance("LATE", self.isp, start=self.work.start_time, hours=1)
        close_quarters(closing + timedelta(days=1))

        self.assertIn("7 h planned, 4 h of them with outage", self.summary())

    def test_the_year_the_newest_email_and_what_failed(self):
        text = self.summary()

        for expected in (
            "2, 1 more cancelled",
            "6 h planned, 4 h of them with outage",
            "Last words",
            "1 email not or only partly read",
            "noc@zed.example",
        ):
            with self.subTest(expected=expected):
                self.assertIn(expected, text)

    def test_what_needs_attention_is_what_the_inbox_lists(self):
        """Doubtful maintenances and unknown circuit IDs count, unless they are past."""
        models.Notification.objects.update(state=State.PARSED, error="")
        doubt = {"kind": "second-window", "sentence": "A second night, or a new date?", "fingerprint": ""}
        self.assertIn("no unread email, doubtful maintenance or unknown circuit ID", self.summary())
        app.create_maintenance("PAST", self.isp, start=timezone.now() - 50 * HOUR, doubts=[doubt])
        self.assertIn("no unread email, doubtful maintenance or unknown circuit ID", self.summary())
        ahead = app.create_maintenance("AHEAD", self.isp, start=timezone.now() + 50 * HOUR, doubts=[doubt])
        app.create_impact(ahead, "UNKNOWN", Impact.OUTAGE)
        text = self.summary()
        self.assertIn("1 doubtful maintenance<", text)
        self.assertIn("1 unknown circuit ID<", text)
        inbox = self.client.get(reverse(ROUTE.format("inbox"))).content.decode()
        self.assertEqual([name in inbox for name in ("AHEAD", ">PAST<")], [True, False])
        heads = [
            "NEEDS ATTENTION" in self.client.get(each.get_absolute_url()).content.decode()
            for each in models.CircuitMaintenance.objects.filter(name__in=["AHEAD", "PAST"]).order_by("name")
        ]
        self.assertEqual(heads, [True, False])

    def test_nothing_is_not_said_of_what_is_hidden(self):
        models.Notification.objects.update(state=State.PARSED, error="")
        self.client.force_login(self.user)
        self.add_permissions("circuits.view_provider", *VIEW)
        self.assertNotIn("Needs attention", self.summary())

    def test_a_parser_that_does_not_exist_is_said_at_once(self):
        self.assertIn("No parser is called Zed Telecom", self.summary())
        Provider.objects.filter(pk=self.isp.pk).update(name="Zayo")
        self.assertNotIn("No parser is called", self.summary())

    def test_what_may_not_be_viewed_is_left_out(self):
        text = self.summary(users.viewer(Provider, models.CircuitMaintenance))

        self.assertIn("hidden", text)
        for hidden in ("of them with outage", "Last words", "not or only partly read", "Choose"):
            with self.subTest(hidden=hidden):
                self.assertNotIn(hidden, text.replace("hidden</span> of them with outage", ""))
        self.client.force_login(users.viewer(models.CircuitMaintenance))
        response = self.client.get(reverse(ROUTE.format("provider_summary"), args=[self.isp.pk]))
        self.assertEqual(response.status_code, 404)

    def test_the_page_of_a_provider_asks_for_it_if_email_comes_from_there(self):
        silent = core.create_provider("No email")
        asks = {}
        for provider in (self.isp, silent):
            url = reverse(ROUTE.format("provider_summary"), args=[provider.pk])
            page = self.client.get(provider.get_absolute_url()).content.decode()
            asks[provider.name] = f'hx-get="{url}"' in page

        self.assertEqual(asks, {"Zed Telecom": True, "No email": False})

    def test_it_takes_as_many_queries_for_more_rows(self):
        def queries():
            with CaptureQueriesContext(connection) as recorded:
                self.summary()
            return len(recorded)

        queries()
        before = queries()
        for number in range(10):
            app.create_impact(app.create_maintenance(f"MORE {number}", self.isp), "C-1", Impact.OUTAGE)
            app.create_notification(self.isp, state=State.FAILED, error="Reason")

        self.assertEqual(queries(), before)
        self.assertLessEqual(before, 45)

    def test_parsers_are_chosen_among_those_that_exist(self):
        url = reverse(ROUTE.format("provider_parsers"), args=[self.isp.pk])
        self.isp.cf[PARSERS_FIELD] = "Zayo, of yesterday"
        self.isp.save()
        field = self.client.get(url).context["form"]["parsers"]
        self.assertEqual(field.value(), ["zayo"])
        self.assertEqual(field.field.choices[0], ("zayo", "zayo"))

        refused = self.client.post(url, {"parsers": ["no such"]})
        self.assertEqual(refused.status_code, 200)
        chosen = self.client.post(url, {"parsers": ["zayo", "colt"]})

        self.assertRedirects(chosen, self.isp.get_absolute_url(), fetch_redirect_response=False)
        self.isp.refresh_from_db()
        self.assertEqual(self.isp.cf[PARSERS_FIELD], "zayo, colt")
        self.client.post(url, {})
        self.isp.refresh_from_db()
        self.assertEqual(self.isp.cf[PARSERS_FIELD], "")

    def test_only_who_may_change_the_provider_may_choose(self):
        self.client.force_login(users.viewer(Provider, models.CircuitMaintenance))
        url = reverse(ROUTE.format("provider_parsers"), args=[self.isp.pk])

        self.assertEqual(self.client.post(url, {"parsers": ["zayo"]}).status_code, 403)
