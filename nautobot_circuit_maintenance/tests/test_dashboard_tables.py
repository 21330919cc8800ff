"""The tables of the dashboard: rows, urgency, and links to what does not fit."""

import re
from datetime import timedelta
from html import unescape

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests.factories import app, core, users

URL = reverse("plugins:nautobot_circuit_maintenance:dashboard")
PROVIDERS = reverse("plugins:nautobot_circuit_maintenance:providers")
HOUR = timedelta(hours=1)


class TablesTest(TestCase):
    """With one provider, for a superuser."""

    def setUp(self):
        super().setUp()
        self.isp = core.create_provider("ISP 1")
        self.now = timezone.now()
        self.client.force_login(users.superuser())

    def plan(self, name, hours_ahead, *circuits):
        maintenance = app.create_maintenance(name, self.isp, start=self.now + hours_ahead * HOUR, hours=6)
        for circuit in circuits:
            app.create_impact(maintenance, circuit)
        return maintenance

    def circuit(self, cid, *places):
        """Create a circuit for each two of these places."""
        circuits = [core.create_circuit(self.isp, f"{cid}-{number}") for number in range((len(places) + 1) // 2)]
        for number, place in enumerate(places):
            core.terminate(circuits[number // 2], "AZ"[number % 2], place)
        return circuits

    def card(self, card_id: str) -> str:
        """Return the HTML of a table of the dashboard."""
        page = self.client.get(URL).content.decode()
        return re.search(rf'id="{card_id}">(.*?)</table>', page, re.DOTALL)[1]

    def row(self, card_id: str, name: str) -> str:
        """Return the visible text of the row with this name."""
        (row,) = [
            row for row in re.findall(r"<tr[^>]*>(.*?)</tr>", self.card(card_id), re.DOTALL) if f">{name}<" in row
        ]
        return unescape(" ".join(re.sub("<[^>]+>", " ", row).split()))

    def test_upcoming_maintenances_show_their_window_and_how_far_away_it_is(self):
        for name, hours, words in (("running", -1, "ends in 5 h"), ("tonight", 20, "in 20 h"), ("later", 50, "in 2 d")):
            self.plan(name, hours)
            with self.subTest(name=name):
                row = self.row("upcoming", name)
                start = timezone.localtime(self.now) + hours * HOUR
                end = start + 6 * HOUR
                day = "" if end.date() == start.date() else f"{end:%a} "
                self.assertTrue(row.startswith(f"{start:%a %d %b %H:%M} \u2013 {day}{end:%H:%M} UTC "), row)
                self.assertRegex(row, words.replace("20 h", "(20 h|19 h 59 min)"))

    def test_first_location_is_shown_and_further_ones_are_counted(self):
        sites = core.create_sites("Athens", "Berlin", "Cairo", "Delhi", "Essen")
        self.plan("one", 1, *self.circuit("C4", *sites[:1]))
        self.plan("five", 2, *self.circuit("C5", *sites))

        self.assertIn("Athens", self.row("upcoming", "one"))
        self.assertNotIn("+", self.row("upcoming", "one"))
        self.assertIn("+ 4 more locations Berlin, Cairo, Delhi, Essen", self.row("upcoming", "five"))
        # A link to the maintenance, which lists them: also for the keyboard. They are named on hover.
        address = models.CircuitMaintenance.objects.get(name="five").get_absolute_url()
        self.assertRegex(self.card("upcoming"), f'href="{address}" title="Berlin, Cairo, Delhi, Essen"')
        self.assertNotIn("<summary", self.card("upcoming"))

    @override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"dashboard_n_days": 9}})
    def test_headings_name_their_span(self):
        self.plan("M", -30)
        page = "".join(self.client.get(url).content.decode() for url in (URL, PROVIDERS))

        for heading in (
            "Upcoming maintenances, next 9 days",
            "MAINTENANCES PER WEEK BY WORST IMPACT (PAST 12, NEXT 4 WEEKS)",
            "MAINTENANCES PER PROVIDER (LAST 365 DAYS)",
            "ADVANCE NOTICE (LAST 365 DAYS)",
            "PLANNED MAINTENANCE HOURS PER MONTH",
        ):
            with self.subTest(heading=heading):
                self.assertTrue(heading in page)
