"""The panels "Circuit maintenances" on the pages of circuits, providers, locations and devices."""

import re
from datetime import timedelta
from html import unescape

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Circuit, Provider
from nautobot.dcim.models import Device, Location

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.tests.factories import app, core, users

HOUR = timedelta(hours=1)


class PanelTest(TestCase):
    """A site in a country with a device, and two circuits of which one is cabled to it."""

    @classmethod
    def setUpTestData(cls):
        cls.isp = core.create_provider("ISP 1")
        cls.superuser = users.superuser()
        cls.country = core.create_locations("Country")[0]
        cls.site = core.create_sites("Site 1")[0]
        cls.site.location_type.parent = cls.country.location_type
        cls.site.location_type.save()
        cls.site.parent = cls.country
        cls.site.save()
        cls.device = core.create_device("edge-1", cls.site)
        cls.circuits = [core.create_circuit(cls.isp, f"C-{number}") for number in (1, 2)]
        core.terminate(cls.circuits[0], "A", cls.site, cls.device)
        core.terminate(cls.circuits[1], "A", cls.site)
        core.terminate(cls.circuits[0], "Z", cls.country)
        cls.lonely = [
            core.create_provider("Lonely"),
            core.create_sites("Lonely")[0],
            core.create_device("lonely", core.create_sites("Lonely too")[0]),
        ]
        cls.lonely.append(core.create_circuit(cls.lonely[0], "LONELY"))
        cls.now = timezone.now()

    def plan(self, name, hours, circuit=0, impact=Impact.OUTAGE, **fields):
        """Create a maintenance that affects one of the circuits."""
        maintenance = app.create_maintenance(name, self.isp, start=self.now + hours * HOUR, **fields)
        app.create_impact(maintenance, self.circuits[circuit], impact)
        return maintenance

    def panel(self, instance, user=None) -> str:
        """Return the panel on the page of an object, empty if there is none."""
        self.client.force_login(user or self.superuser)
        response = self.client.get(instance.get_absolute_url())
        self.assertEqual(response.status_code, 200)
        found = response.content.decode().partition("CIRCUIT MAINTENANCES")[2]
        return found.partition("</table>")[0]

    def names(self, panel: str) -> list[str]:
        """Return the names of the maintenances in a panel, in their order."""
        return re.findall(r'<a href="[^"]*/maintenances/[0-9a-f-]{36}/">ISP 1 ([^<]+)</a>', panel)

    def test_first_five_are_shown_and_the_others_are_linked(self):
        for name, hours in (("soon", 2), ("running", -1), ("older", -400), ("old", -300)):
            self.plan(name, hours)
        for number in range(5):
            self.plan(f"later {number}", 30 + number)
        self.plan("off", 1, status=Status.CANCELLED)
        for instance in (self.circuits[0], self.isp, self.site, self.country, self.device):
            with self.subTest(page=str(instance)):
                panel = self.panel(instance)
                self.assertEqual(self.names(panel), ["running", "soon", "later 0", "later 1", "later 2"])
                links = {text: unescape(url) for url, text in re.findall(r'href="([^"]+)">(\d+ [^<]+)</a>', panel)}
                self.assertEqual(set(links), {"2 more upcoming", "3 past or cancelled"})
                for text, url in links.items():
                    listed = self.client.get(url, headers={"HX-Request": "true"}).context["table"].paginator.count
                    self.assertEqual(listed, {"2": 7, "3": 3}[text[0]], text)

    def test_it_says_first_that_and_until_when_work_is_going_on(self):
        self.plan("running", -1)
        self.plan("soon", 2)

        self.assertIn("In maintenance now until", self.panel(self.circuits[0]))
        end = timezone.localtime(self.now) + 3 * HOUR
        self.assertIn(f"{end:%a %d %b %H:%M}", self.panel(self.circuits[0]).partition("<table")[0])
        self.assertNotIn("In maintenance now", self.panel(self.circuits[1]))

    def test_it_stands_below_the_facts_and_offers_to_acknowledge(self):
        maintenance = self.plan("soon", 2)
        panel = self.panel(self.circuits[0])
        action = re.search(r'action="([^"]+)"', panel)[1]

        response = self.client.post(action, {"return_url": self.circuits[0].get_absolute_url()})

        self.assertRedirects(response, self.circuits[0].get_absolute_url(), fetch_redirect_response=False)
        maintenance.refresh_from_db()
        self.assertTrue(maintenance.ack)
        page = self.client.get(self.circuits[0].get_absolute_url()).content.decode()
        headings = re.findall(r"<strong>\s*([A-Z][A-Z ]+)\s*<", page[page.index("<main") :])
        self.assertEqual(headings[:5], ["CIRCUIT", "COMMENTS", "CUSTOM FIELDS", "TAGS", "CIRCUIT MAINTENANCES"])

    def test_the_tab_leads_to_the_list_of_the_object(self):
        self.plan("soon", 2)
        for instance in (self.circuits[0], self.isp, self.site, self.device):
            with self.subTest(page=str(instance)):
                self.client.force_login(self.superuser)
                page = self.client.get(instance.get_absolute_url()).content.decode()
                url = re.search(r'href="([^"]*/circuit-maintenance/of-[^"]+)"', page)[1]
                response = self.client.get(url, follow=True, headers={"HX-Request": "true"})
                self.assertEqual(response.context["table"].paginator.count, 1)

    def test_impact_is_that_on_the_object_of_the_page(self):
        maintenance = self.plan("soon", 2, impact=Impact.DEGRADED)
        app.create_impact(maintenance, self.circuits[1], Impact.OUTAGE)
        for instance, impact in (
            (self.circuits[0], Impact.DEGRADED),
            (self.device, Impact.DEGRADED),
            (self.circuits[1], Impact.OUTAGE),
            (self.site, Impact.OUTAGE),
            (self.isp, Impact.OUTAGE),
        ):
            with self.subTest(page=str(instance)):
                panel = self.panel(instance)
                self.assertEqual(re.findall("DEGRADED|OUTAGE", panel), [impact])

    def test_the_next_risk_is_left_to_a_request_of_its_own(self):
        """Assessing the network would cost more than the page."""
        self.plan("soon", 2)
        for kind, instance in (
            ("circuit", self.circuits[0]),
            ("provider", self.isp),
            ("location", self.site),
            ("device", self.device),
        ):
            with self.subTest(page=str(instance)):
                url = reverse(f"plugins:nautobot_circuit_maintenance:{kind}_risk", args=[instance.pk])
                self.assertIn(f'hx-get="{url}" hx-trigger="load"', self.panel(instance))
                self.assertEqual(self.client.get(url).status_code, 200)
        shown = (Circuit, models.CircuitMaintenance, models.CircuitImpact)  # not locations: nothing could be said
        self.assertNotIn("hx-get", self.panel(self.circuits[0], users.viewer(*shown)))

    def test_object_without_maintenances_has_no_panel(self):
        self.plan("soon", 2, circuit=1)
        for instance in (*self.lonely, self.circuits[0], self.device):
            with self.subTest(page=str(instance)):
                self.assertEqual(self.panel(instance), "")

    def test_past_maintenances_are_linked(self):
        self.plan("old", -300)
        panel = self.panel(self.circuits[0])

        self.assertIn("None in progress or upcoming.", panel)
        self.assertIn("1 past or cancelled", panel)

    def test_acknowledgement_names_the_user(self):
        soon = self.plan("soon", 2)
        soon.acknowledge(self.superuser, self.now)
        soon.save()

        panel = self.panel(self.circuits[0])
        self.assertIn("Acknowledged by everything", panel)
        self.assertIn(">everything</small>", panel, "to be read without a pointer")

    def test_panel_is_restricted_by_permissions(self):
        self.plan("soon", 2)
        self.plan("secret", 3)
        self.plan("old", -300)
        core = (Circuit, Provider, Location, Device)
        nothing = users.viewer(*core)
        one = users.viewer(*core, models.CircuitMaintenance, constraints={models.CircuitMaintenance: {"name": "soon"}})
        for instance in (self.circuits[0], self.isp, self.site, self.device):
            with self.subTest(page=str(instance)):
                self.assertEqual(self.panel(instance, nothing), "")
                panel = self.panel(instance, one)
                # Impacts are another permission; without it, no one learns which circuits a maintenance affects.
                self.assertEqual(self.names(panel), ["soon"] if instance == self.isp else [])
                self.assertNotIn("past", panel)
                self.assertNotIn(Impact.OUTAGE, panel)

    def test_only_visible_impacts_relate_a_maintenance_to_an_object(self):
        self.plan("soon", 2)
        self.plan("secret", 3, impact=Impact.DEGRADED)
        shown = (Circuit, Location, Device, models.CircuitMaintenance, models.CircuitImpact)
        user = users.viewer(*shown, constraints={models.CircuitImpact: {"impact": Impact.OUTAGE}})
        for instance in (self.circuits[0], self.site, self.device):
            with self.subTest(page=str(instance)):
                self.assertEqual(self.names(self.panel(instance, user)), ["soon"])

    def test_long_past_is_not_counted_to_its_end(self):
        past = {"provider": self.isp, "start_time": self.now - 300 * HOUR, "end_time": self.now - 299 * HOUR}
        models.CircuitMaintenance.objects.bulk_create(
            models.CircuitMaintenance(name=f"old {number}", **past) for number in range(1000)
        )
        self.assertIn(">1,000 past or cancelled<", self.panel(self.isp))

        self.plan("one more", -300)
        self.assertIn(">More than 1,000 past or cancelled<", self.panel(self.isp))

    def test_values_are_escaped(self):
        self.plan(app.HOSTILE, 2)
        panel = self.panel(self.circuits[0])

        self.assertNotIn(app.HOSTILE, panel)
        self.assertIn("&lt;script&gt;", panel)

    def test_query_count_does_not_depend_on_the_data(self):
        for number in range(6):
            self.plan(f"soon {number}", number + 1)
        pages = (self.circuits[0], self.isp, self.site, self.device)
        few = [self.queries(page) for page in pages]
        for number in range(60):
            self.plan(f"more {number}", number + 1, circuit=number % 2)
            self.plan(f"past {number}", -number - 100, circuit=number % 2)

        self.assertEqual([self.queries(page) for page in pages], few)

    def test_panel_asks_little_and_least_if_it_is_empty(self):
        """Every page of core pays for it; the benchmark measures its CPU time."""
        pages = (self.circuits[0], self.isp, self.site, self.device)
        for of_the_panel in (2, 4):
            for instance in pages:
                self.queries(instance)
                with self.subTest(page=str(instance)), CaptureQueriesContext(connection) as queries:
                    self.client.get(instance.get_absolute_url())
                ours = [each["sql"] for each in queries if "nautobot_circuit_maintenance_" in each["sql"]]
                self.assertEqual(len(ours), of_the_panel, ours)
            self.plan(f"soon {of_the_panel}", 1)

    def queries(self, instance) -> int:
        """Count the queries that a page makes, once the caches are filled."""
        self.client.force_login(self.superuser)
        self.client.get(instance.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            self.client.get(instance.get_absolute_url())
        return len(queries)
