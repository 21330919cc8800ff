"""The calendar: its page, and the windows as JSON."""

import time
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.tests.factories import app, core, users

APP = "plugins:nautobot_circuit_maintenance"
PAGE, EVENTS = reverse(f"{APP}:calendar"), reverse(f"{APP}:calendar_events")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_CPU_SECONDS = 0.3


class CalendarTest(TestCase):
    """An operator in another zone."""

    def setUp(self):
        super().setUp()
        self.everyone = users.superuser()
        self.client.force_login(self.everyone)
        self.now = timezone.now()
        self.isp = core.create_provider("ISP")

    def events(self, **query):
        """Return the windows of four weeks."""
        period = {"start": (self.now - 7 * DAY).isoformat(), "end": (self.now + 21 * DAY).isoformat()}
        response = self.client.get(EVENTS, {**period, **query})
        self.assertEqual(response.status_code, 200, response.content)
        return response.json()

    def test_each_window_is_an_event_with_the_color_of_its_impact(self):
        two = app.create_maintenance("TWO", self.isp, start=self.now + HOUR)
        app.add_window(two, self.now + DAY)
        app.create_impact(two, "C-1")
        app.create_maintenance("OFF", self.isp, start=self.now + 2 * DAY, status=Status.CANCELLED)
        app.create_maintenance("FAR", self.isp, start=self.now + 50 * DAY)

        found = [(each["title"], each["classNames"], each["url"]) for each in self.events()]
        self.assertEqual(
            found[:2] + [found[2][:2]],
            [
                ("ISP TWO", ["ncm-outage"], two.get_absolute_url()),
                ("ISP TWO", ["ncm-outage"], two.get_absolute_url()),
                ("ISP OFF", ["ncm-over"]),
            ],
        )

    def test_times_are_in_the_users_zone(self):
        start = self.now.replace(microsecond=0)
        app.create_maintenance("M", start=start)
        self.everyone.set_config("timezone", "Asia/Tokyo", commit=True)

        self.assertEqual(self.events()[0]["start"], f"{start + 9 * HOUR:%Y-%m-%dT%H:%M:%S}+09:00")
        self.assertContains(self.client.get(PAGE), "Times are in Asia/Tokyo.")

    def test_title_and_footer_are_those_of_core(self):
        """A name in the context of a page must not hide one that core shows."""
        own, other = (
            self.client.get(reverse(f"{APP}:{route}")).content.decode()
            for route in ("calendar", "circuitmaintenance_list")
        )
        footer = f"(v{settings.VERSION})"
        self.assertIn(footer, other)
        self.assertIn(footer, own)
        self.assertIn(f"<title>Calendar - {settings.BRANDING_TITLE}</title>", " ".join(own.split()).replace("> ", ">"))

    def test_the_root_of_the_app_leads_to_the_dashboard(self):
        dashboard = reverse(f"{APP}:dashboard")
        self.assertRedirects(self.client.get(dashboard.removesuffix("dashboard/")), dashboard)

    def test_filters_are_those_of_the_list(self):
        app.create_maintenance("A", self.isp, start=self.now + HOUR, ack=True)
        app.create_maintenance("B", self.isp, start=self.now + HOUR)

        self.assertEqual([each["title"] for each in self.events(ack="true")], ["ISP A"])
        self.assertContains(self.client.get(PAGE, {"ack": "true"}), "events/?ack=true")

    def test_a_period_is_required_and_limited_and_filters_must_be_valid(self):
        for query in (
            {"start": "2026-01-01T00:00:00Z"},
            {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"},
            {"start": "2026-02-01T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
            {"start": "2026-13-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"},
            {"start": "0001-01-01T00:00:00+14:00", "end": "0001-01-02T00:00:00Z"},
            {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z", "status": "NONSENSE"},
            {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z", "q": "\0"},
        ):
            with self.subTest(query):
                self.assertEqual(self.client.get(EVENTS, query).status_code, 400)

    def test_only_visible_maintenances_and_impacts_count(self):
        app.create_impact(app.create_maintenance("M", self.isp, start=self.now + HOUR), "C-1")
        self.client.force_login(users.viewer(models.CircuitMaintenance))
        self.assertEqual([each["impact"] for each in self.events()], [""])
        self.client.force_login(users.viewer())
        self.assertEqual(self.client.get(EVENTS).status_code, 403)

    def test_a_month_of_5000_windows_takes_less_than_300_ms(self):
        count = 5_000
        models.CircuitMaintenance.objects.bulk_create(
            models.CircuitMaintenance(name=f"M-{number}", provider=self.isp, last_updated=self.now)
            for number in range(count)
        )
        rows = list(models.CircuitMaintenance.objects.all())
        models.MaintenanceWindow.objects.bulk_create(
            models.MaintenanceWindow(
                maintenance=row, start_time=self.now + number * DAY / 250, end_time=self.now + 30 * DAY
            )
            for number, row in enumerate(rows)
        )
        models.CircuitImpact.objects.bulk_create(models.CircuitImpact(maintenance=row, cid="C") for row in rows)
        self.events()
        spent = []
        for _ in range(3):
            before = time.process_time()
            self.assertEqual(len(self.events()), count)
            spent.append(time.process_time() - before)
        self.assertLess(min(spent), MOST_CPU_SECONDS)
