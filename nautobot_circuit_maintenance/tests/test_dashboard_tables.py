"""The tables of the dashboard: rows, urgency, and links to what does not fit."""

import re
from datetime import timedelta
from html import unescape

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase

from nautobot_circuit_maintenance.analysis.affected import ROWS
from nautobot_circuit_maintenance.tests.factories import app, core, users

URL = reverse("plugins:nautobot_circuit_maintenance:dashboard")
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
        (row,) = [row for row in re.findall(r"<tr>(.*?)</tr>", self.card(card_id), re.DOTALL) if f">{name}<" in row]
        return unescape(" ".join(re.sub("<[^>]+>", " ", row).split()))

    def test_upcoming_maintenances_show_their_window_and_urgency(self):
        for name, hours in (("running", -1), ("tonight", 20), ("later", 30)):
            self.plan(name, hours)

        for name, hours, words in (("running", -1, "In Progress"), ("tonight", 20, "Within 24 h"), ("later", 30, "")):
            with self.subTest(name=name):
                row = self.row("upcoming", name)
                start = timezone.localtime(self.now) + hours * HOUR
                self.assertTrue(row.startswith(f"{start:%a %d %b %H:%M} – "), row)
                self.assertIn(f"{start + 6 * HOUR:%H:%M} {start:%Z} ", row)
                self.assertIn("\u00b7 6 h", row)
                self.assertEqual(re.findall("In Progress|Within 24 h", row), [words] if words else [])
        self.assertIn("ends in 5 h", self.row("upcoming", "running"))

    def test_fourth_location_is_shown_and_further_ones_are_counted(self):
        sites = core.create_sites("Athens", "Berlin", "Cairo", "Delhi", "Essen")
        self.plan("four", 1, *self.circuit("C4", *sites[:4]))
        self.plan("five", 2, *self.circuit("C5", *sites))

        self.assertIn("Athens , Berlin , Cairo , Delhi", self.row("upcoming", "four"))
        self.assertNotIn("+", self.row("upcoming", "four"))
        self.assertIn("+ 2 more locations Delhi, Essen", self.row("upcoming", "five"))
        # Also opened by the keyboard, and named on hover.
        self.assertIn('title="Delhi, Essen"', self.card("upcoming"))
        self.assertEqual(self.card("upcoming").count("<summary"), 1)

    def test_affected_objects_are_sorted_and_marked_by_urgency(self):
        for number, (name, hours) in enumerate((("later", 30), ("tonight", 20), ("now", -1))):
            site = core.create_sites(name)[0]
            circuit = core.create_circuit(self.isp, f"C-{number}")
            core.terminate(circuit, "A", site, core.create_device(f"edge-{name}", site))
            self.plan(f"M-{name}", hours, circuit)

        for card, names in (("locations", "{}"), ("devices", "edge-{}")):
            with self.subTest(card=card):
                order = [self.card(card).index(f">{names.format(name)}<") for name in ("now", "tonight", "later")]
                self.assertEqual(order, sorted(order))
                self.assertIn("In Progress", self.row(card, names.format("now")))
                self.assertIn("Within 24 h", self.row(card, names.format("tonight")))
                self.assertNotRegex(self.row(card, names.format("later")), "In Progress|Within 24 h")

    def test_link_leads_to_all_affected_objects(self):
        sites = core.create_sites(*(f"Site {number:02}" for number in range(ROWS + 3)))
        self.plan("M", 1, *self.circuit("C", *sites))
        link = re.search(r'<a href="([^"]+)">All 13 affected</a>', self.card("locations"))

        listed = self.client.get(unescape(link[1]), headers={"HX-Request": "true"})

        self.assertEqual(listed.context["table"].paginator.count, ROWS + 3)
        self.assertNotRegex(self.card("devices"), r"All \d+ affected")

    @override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"dashboard_n_days": 9}})
    def test_headings_name_their_span(self):
        self.plan("M", -30)
        page = self.client.get(URL).content.decode()

        for heading in (
            "UPCOMING MAINTENANCES, NEXT 9 DAYS",
            "AFFECTED LOCATIONS, NEXT 9 DAYS",
            "AFFECTED DEVICES, NEXT 9 DAYS",
            "MAINTENANCES PER WEEK BY WORST IMPACT (PAST 12, NEXT 4 WEEKS)",
            "MAINTENANCES PER PROVIDER (LAST 365 DAYS)",
            "ADVANCE NOTICE (LAST 365 DAYS)",
            "PLANNED MAINTENANCE HOURS PER MONTH",
        ):
            with self.subTest(heading=heading):
                self.assertTrue(heading in page)
