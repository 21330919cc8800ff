"""The tables of the dashboard: what breaks tonight, for whom, and where the rest is."""

import re
from datetime import timedelta
from html import unescape

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase

from nautobot_circuit_maintenance.analysis.affected import ROWS
from nautobot_circuit_maintenance.tests import fixtures
from nautobot_circuit_maintenance.tests.analysis import world

URL = reverse("plugins:nautobot_circuit_maintenance:dashboard")
HOUR = timedelta(hours=1)


class TablesTest(TestCase):
    """One provider, and somebody who sees everything."""

    def setUp(self):
        super().setUp()
        self.isp = fixtures.create_provider("ISP 1")
        self.now = timezone.now()
        self.client.force_login(world.superuser())

    def plan(self, name, hours_ahead, *circuits):
        maintenance = fixtures.create_maintenance(name, self.isp, start=self.now + hours_ahead * HOUR, hours=6)
        for circuit in circuits:
            fixtures.create_impact(maintenance, circuit)
        return maintenance

    def circuit(self, cid, *places):
        """Create a circuit for each two of these places."""
        circuits = [fixtures.create_circuit(self.isp, f"{cid}-{number}") for number in range((len(places) + 1) // 2)]
        for number, place in enumerate(places):
            world.terminate(circuits[number // 2], "AZ"[number % 2], place)
        return circuits

    def card(self, card_id: str) -> str:
        """Return the HTML of a table of the dashboard."""
        page = self.client.get(URL).content.decode()
        return re.search(rf'id="{card_id}">(.*?)</table>', page, re.DOTALL)[1]

    def row(self, card_id: str, name: str) -> str:
        """Return the words of the row that names this."""
        (row,) = [row for row in re.findall(r"<tr>(.*?)</tr>", self.card(card_id), re.DOTALL) if f">{name}<" in row]
        return unescape(" ".join(re.sub("<[^>]+>", " ", row).split()))

    def test_coming_maintenances_show_from_when_to_when_and_what_is_urgent(self):
        for name, hours in (("running", -1), ("tonight", 20), ("later", 30)):
            self.plan(name, hours)

        for name, hours, words in (("running", -1, "In Progress"), ("tonight", 20, "Within 24 h"), ("later", 30, "")):
            with self.subTest(name=name):
                row = self.row("coming", name)
                start = timezone.localtime(self.now) + hours * HOUR
                self.assertTrue(row.startswith(f"{start:%a %d %b %H:%M} – "), row)
                self.assertIn(f"{start + 6 * HOUR:%H:%M} {start:%Z} ", row)
                self.assertIn("\u00b7 6 h", row)
                self.assertEqual(re.findall("In Progress|Within 24 h", row), [words] if words else [])
        self.assertIn("ends in 5 h", self.row("coming", "running"))

    def test_one_place_more_is_shown_and_several_more_are_counted_and_named(self):
        sites = world.create_sites("Athens", "Berlin", "Cairo", "Delhi", "Essen")
        self.plan("four", 1, *self.circuit("C4", *sites[:4]))
        self.plan("five", 2, *self.circuit("C5", *sites))

        self.assertIn("Athens , Berlin , Cairo , Delhi", self.row("coming", "four"))
        self.assertNotIn("+", self.row("coming", "four"))
        self.assertIn("+ 2 more locations Delhi, Essen", self.row("coming", "five"))
        # Opened by the keyboard as well, and named on hover.
        self.assertIn('title="Delhi, Essen"', self.card("coming"))
        self.assertEqual(self.card("coming").count("<summary"), 1)

    def test_places_hit_tonight_are_told_from_those_hit_later(self):
        for number, (name, hours) in enumerate((("later", 30), ("tonight", 20), ("now", -1))):
            site = world.create_sites(name)[0]
            circuit = fixtures.create_circuit(self.isp, f"C-{number}")
            world.terminate(circuit, "A", site, world.create_device(f"edge-{name}", site))
            self.plan(f"M-{name}", hours, circuit)

        for card, names in (("locations", "{}"), ("devices", "edge-{}")):
            with self.subTest(card=card):
                order = [self.card(card).index(f">{names.format(name)}<") for name in ("now", "tonight", "later")]
                self.assertEqual(order, sorted(order))
                self.assertIn("In Progress", self.row(card, names.format("now")))
                self.assertIn("Within 24 h", self.row(card, names.format("tonight")))
                self.assertNotRegex(self.row(card, names.format("later")), "In Progress|Within 24 h")

    def test_what_does_not_fit_is_behind_a_link(self):
        sites = world.create_sites(*(f"Site {number:02}" for number in range(ROWS + 3)))
        self.plan("M", 1, *self.circuit("C", *sites))
        link = re.search(r'<a href="([^"]+)">All 13 affected</a>', self.card("locations"))

        listed = self.client.get(unescape(link[1]), headers={"HX-Request": "true"})

        self.assertEqual(listed.context["table"].paginator.count, ROWS + 3)
        self.assertNotRegex(self.card("devices"), r"All \d+ affected")

    @override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"dashboard_n_days": 9}})
    def test_every_heading_names_its_span(self):
        self.plan("M", -30)
        page = self.client.get(URL).content.decode()

        for heading in (
            "COMING UP, NEXT 9 DAYS",
            "AFFECTED LOCATIONS, NEXT 9 DAYS",
            "AFFECTED DEVICES, NEXT 9 DAYS",
            "BY WEEK AND WORST IMPACT, 12 WEEKS BACK AND 4 AHEAD",
            "BY PROVIDER, LAST 365 DAYS",
            "NOTICE GIVEN BEFORE THE START, LAST 365 DAYS",
            "PLANNED HOURS PER MONTH, 11 MONTHS BACK AND 1 AHEAD",
        ):
            with self.subTest(heading=heading):
                self.assertTrue(heading in page)
