"""The next risk in the panels on core's pages, which the browser asks for once the page stands."""

import re

from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nautobot.circuits.models import Circuit, Provider
from nautobot.dcim.models import Location

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.analysis.site_risks import CACHE, may_concern, read_episodes
from nautobot_circuit_maintenance.tests.factories import core, users
from nautobot_circuit_maintenance.tests.risk_case import RiskCase, configured

ALL = (models.CircuitMaintenance, models.CircuitImpact, Circuit, Location, Provider)
NOTHING = "No loss of redundancy is found"


class NextRiskTest(RiskCase):
    """Athens goes dark tonight, Berlin keeps one way."""

    def setUp(self):
        super().setUp()
        self.now = timezone.now().replace(microsecond=0)
        self.work("one", "A-1", start=10)
        self.work("two", "A-2", start=11)
        self.work("three", "B-2", start=30)

    def logged_in(self, user=None):
        """Return the browser of a user."""
        client = Client(SERVER_NAME="nautobot.example.com")
        client.force_login(user or self.user)
        return client

    def html(self, kind, instance, user=None, status=200):
        """Return the piece of HTML."""
        url = reverse(f"plugins:nautobot_circuit_maintenance:{kind}_risk", args=[instance.pk])
        response = self.logged_in(user).get(url)
        self.assertEqual(response.status_code, status)
        return response.content.decode()

    def text(self, *args, **options):
        """Return it without markup."""
        return " ".join(re.sub("<[^>]+>", "", self.html(*args, **options)).split())

    def test_what_begins_first_is_said_and_the_others_are_counted(self):
        for kind, instance in (("location", self.athens), ("circuit", self.circuits["A-1"]), ("provider", self.isp)):
            with self.subTest(kind=kind):
                text = self.text(kind, instance)
                self.assertIn("One Left Athens", text)
                self.assertIn("1 of 2 links down: ISP 1 one; hangs on A-2", text)
        self.assertIn("2 more", self.text("location", self.athens))  # dark, and one left again
        self.assertIn("3 more", self.text("provider", self.isp))

    def test_a_circuit_is_concerned_by_what_hangs_on_it(self):
        self.assertIn("One Left Berlin", self.text("circuit", self.circuits["B-1"]))

    def test_a_device_is_concerned_by_its_site_and_by_its_own_circuits(self):
        device = core.create_device("edge-1", self.berlin)
        self.assertIn("One Left Berlin", self.text("device", device))
        self.circuits["B-3"] = self.circuit("B-3", None)
        core.terminate(self.circuits["B-3"], "A", self.berlin, device)
        self.work("four", "B-3", start=1)

        self.assertIn("Dark edge-1 ", self.text("device", device))

    def test_all_clear_is_not_said_where_only_a_device_is_concerned(self):
        """Cork keeps its three links but one: the device that holds two of them hangs on one."""
        device = core.create_device("edge-1", self.cork)
        for cid in ("C-2", "C-3"):
            self.circuits[cid] = self.circuit(cid, None)
            core.terminate(self.circuits[cid], "A", self.cork, device)
        self.work("four", "C-2", start=50)

        for kind, instance in (("location", self.cork), ("circuit", self.circuits["C-2"])):
            with self.subTest(kind=kind):
                self.assertIn("One Left edge-1 ", self.text(kind, instance))

    def test_pages_ask_where_only_a_device_is_concerned(self):
        """Once the assessment is at hand: C-3 is not worked on, but the device hangs on it."""
        device = core.create_device("edge-1", self.cork)
        for cid in ("C-2", "C-3"):
            self.circuits[cid] = self.circuit(cid, None)
            core.terminate(self.circuits[cid], "A", self.cork, device)
        self.work("four", "C-2", start=50)
        cache.clear()
        read_episodes(self.now)

        for instance in (device, self.cork, self.circuits["C-3"]):
            with self.subTest(instance=instance):
                self.assertTrue(may_concern(instance, self.now))
        for instance in (core.create_device("edge-2", self.cork), core.create_sites("Lonely")[0]):
            with self.subTest(instance=instance):
                self.assertFalse(may_concern(instance, self.now))

    def test_a_site_comes_before_its_device(self):
        device = core.create_device("a-edge", self.berlin)
        self.circuits["B-3"] = self.circuit("B-3", None)
        core.terminate(self.circuits["B-3"], "A", self.berlin, device)
        self.work("all", "B-1", "B-2", "B-3", start=1)

        self.assertIn("Dark Berlin ", self.text("location", self.berlin))

    def test_safe_is_not_said_of_what_is_not_assessed(self):
        lonely = core.create_sites("Lonely")[0]
        lan = self.circuit("LAN", lonely, lonely)
        planned = self.circuit("PLANNED", self.cork, status="Planned")
        self.assertIn(NOTHING, self.text("circuit", self.circuits["C-1"]))
        self.assertIn(NOTHING, self.text("location", self.cork))
        for kind, instance in (("location", lonely), ("circuit", lan), ("circuit", planned)):
            with self.subTest(instance=str(instance)):
                text = self.text(kind, instance)
                self.assertIn("The risk is not assessed", text)
                self.assertNotIn(NOTHING, text)
        with configured(hub_locations=["Atlantis"]):
            self.assertIn("RISK-04", self.text("location", self.athens))

    def test_who_lacks_a_permission_learns_nothing(self):
        self.assertEqual(self.html("location", self.athens, users.viewer(models.CircuitMaintenance, Location)), "")
        hidden = users.viewer(*ALL, constraints={Location: {"name": "Berlin"}})
        self.html("location", self.athens, hidden, status=404)
        own = users.viewer(*ALL, constraints={models.CircuitMaintenance: {"name": "one"}})
        self.assertNotIn("two", self.text("location", self.athens, own))
        self.assertIn("as far as you may view it", self.text("location", self.berlin, own))

    def test_it_takes_as_many_queries_for_more_findings(self):
        client = self.logged_in()
        url = reverse("plugins:nautobot_circuit_maintenance:location_risk", args=[self.athens.pk])

        def queries():
            with CaptureQueriesContext(connection) as recorded:
                client.get(url)
            return len(recorded)

        queries()
        before = queries()
        for number in range(10):
            self.work(f"more {number}", "A-1", "B-1", start=100 + 10 * number)

        self.assertEqual(queries(), before)
        self.assertLessEqual(before, 20)


class OthersWorkTest(RiskCase):
    """Delos is reached by way of Athens, which goes dark tonight; nothing is planned for Delos and its circuit."""

    def setUp(self):
        super().setUp()
        cache.delete(CACHE)
        self.addCleanup(cache.delete, CACHE)
        self.now = timezone.now().replace(microsecond=0)
        self.delos, self.elsewhere = core.create_sites("Delos", "Elsewhere")
        self.circuit("D-1", self.athens, self.delos)
        self.device = core.create_device("edge-1", self.delos)
        self.work("one", "A-1", start=10)
        self.work("two", "A-2", start=11)
        self.concerned = (("location", self.delos), ("device", self.device), ("circuit", self.circuits["B-1"]))
        self.work("three", "B-2", start=30)  # Berlin hangs on B-1 then

    def shown(self, kind, instance, user=None):
        """Return what the page of an object asks for afterwards, and the piece of HTML that it receives; empty if it does not ask."""
        client = Client(SERVER_NAME="nautobot.example.com")
        client.force_login(user or self.user)
        page = client.get(instance.get_absolute_url(), follow=True).content.decode()
        asked = re.search(rf'hx-get="([^"]*/risk-of-{kind}/[^"]*)" hx-trigger="load" hx-swap="outerHTML"', page)
        if not asked:
            return "", ""
        response = client.get(asked[1])
        self.assertEqual(response.status_code, 200)
        return asked[1].partition("?")[2], " ".join(re.sub("<[^>]+>", "", response.content.decode()).split())

    def test_the_page_of_what_suffers_by_work_on_other_circuits_says_so(self):
        for kind, instance in self.concerned:
            with self.subTest(kind=kind):
                query, text = self.shown(kind, instance)
                self.assertEqual(query, "as=panel")
                self.assertIn("One Left Berlin" if kind == "circuit" else "Dark Delos", text)
                self.assertTrue(text.startswith("CIRCUIT MAINTENANCES"), text)

    def test_it_is_said_beside_past_maintenances_too(self):
        self.work("past", "D-1", start=-100)
        page = self.shown("location", self.delos)

        self.assertEqual(page[0], "as=row")
        self.assertTrue(page[1].startswith("Dark Delos"), page)

    def test_pages_without_anything_to_say_ask_no_more_once_that_is_known(self):
        self.assertEqual(self.shown("location", self.elsewhere), ("as=panel", ""))
        self.assertEqual(self.shown("location", self.elsewhere), ("", ""))
        self.assertEqual(self.shown("circuit", self.circuits["C-1"]), ("", ""))
        for kind, instance in self.concerned:
            with self.subTest(kind=kind):
                self.assertTrue(self.shown(kind, instance)[1])

    def test_whether_a_page_asks_says_nothing_about_what_is_hidden(self):
        partial = users.viewer(*ALL, constraints={models.CircuitMaintenance: {"name": "one"}})
        self.shown("location", self.elsewhere)

        self.assertEqual(self.shown("location", self.elsewhere, partial), ("as=panel", ""))
        self.assertEqual(self.shown("location", self.delos, partial), ("as=panel", ""))
        self.assertEqual(
            self.shown("location", self.delos, users.viewer(models.CircuitMaintenance, Location)), ("", "")
        )

    def test_the_home_page_counts_them(self):
        client = Client(SERVER_NAME="nautobot.example.com")
        client.force_login(self.user)
        line = client.get(reverse("plugins:nautobot_circuit_maintenance:home_risk")).content.decode()

        self.assertEqual(" ".join(re.sub("<[^>]+>", "", line).split()), "3 Sites at risk")
