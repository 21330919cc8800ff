"""The risk on pages: Risk, What If, the dashboard."""

import html
import re

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from nautobot.circuits.models import Circuit, Provider
from nautobot.dcim.models import Location, LocationType
from nautobot.extras.models import Status as CoreStatus
from rest_framework.test import APIClient

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tables.maintenances import CircuitMaintenanceTable
from nautobot_circuit_maintenance.tests.factories import core, users
from nautobot_circuit_maintenance.tests.risk_case import HOUR, RiskCase, configured

ALL = (models.CircuitMaintenance, models.CircuitImpact, Circuit, Location)


class PageCase(RiskCase):
    """Athens goes dark tonight, Berlin keeps one way."""

    def setUp(self):
        super().setUp()
        self.now = timezone.now().replace(microsecond=0)
        self.one = self.work("one", "A-1")
        self.two = self.work("two", "A-2", "B-2", start=2)

    def text(self, route, user=None, **query):
        """Return a page."""
        return self.response(route, user, **query).content.decode()

    def context(self, route, user=None, **query):
        """Return what a page shows."""
        return self.response(route, user, **query).context

    def response(self, route, user=None, **query):
        """Return the answer."""
        client = Client(SERVER_NAME="nautobot.example.com")
        client.force_login(user or self.user)
        response = client.get(reverse(f"plugins:nautobot_circuit_maintenance:{route}"), query)
        self.assertEqual(response.status_code, 200)
        return response

    def listed(self, user=None, **query):
        """Return the names that the REST API lists."""
        client = APIClient(SERVER_NAME="nautobot.example.com")
        client.force_authenticate(user or self.user)
        url = reverse("plugins-api:nautobot_circuit_maintenance-api:circuitmaintenance-list")
        return {each["name"] for each in client.get(url, query).json()["results"]}


def plain(page):
    """Return a page without its markup."""
    return re.sub("<[^>]+>", "", page)


class RiskPageTest(PageCase):
    """The page Risk."""

    def test_findings_with_their_causes(self):
        page = self.text("risk")

        self.assertIn("both links: ISP 1 one, ISP 1 two", plain(page))
        self.assertIn("1 of 2 links down: ISP 1 two; hangs on B-1", plain(page))
        self.assertIn(self.one.get_absolute_url(), page)
        self.assertIn("1 dark, 1 with one way left", page)
        self.assertIn("Measured from the provider networks", page)
        self.assertNotIn("that you may view", page)

    def test_a_device_of_which_the_same_is_true_as_of_its_site_has_no_row_of_its_own(self):
        """Also in a room of the site; but one that keeps a single circuit of three is another matter."""
        dublin = core.create_sites("Dublin")[0]
        rooms = LocationType.objects.create(name="Room", parent=dublin.location_type)
        rooms.content_types.set(dublin.location_type.content_types.all())
        room = Location.objects.create(name="Room 1", location_type=rooms, parent=dublin, status=dublin.status)
        device, other = core.create_device("edge-1", room), core.create_device("edge-2", dublin)
        for cid, place in (("D-1", device), ("D-2", device), ("D-3", other), ("D-4", other)):
            self.circuits[cid] = self.circuit(cid, None)
            core.terminate(self.circuits[cid], "A", dublin, place)
        Circuit.objects.filter(cid__in=("D-3", "D-4")).update(status=CoreStatus.objects.get(name="Planned"))
        self.work("three", "D-1", "D-2", start=50)

        def rows():
            context = self.context("risk")
            shown = {(strip_tags(str(row["what"])), row["devices"]) for row in context["rows"]}
            lanes = {strip_tags(str(lane["name"])) for lane in context["lanes"]}
            return shown - {("Athens", ""), ("Berlin", "")}, lanes - {"Athens", "Berlin"}

        self.assertEqual(rows(), ({("Dublin", "edge-1")}, {"Dublin"}))
        Circuit.objects.filter(cid__in=("D-3", "D-4")).update(status=CoreStatus.objects.get(name="Active"))
        self.assertEqual(rows(), ({("edge-1", "")}, {"edge-1"}))
        self.assertEqual(self.listed(puts_at_risk=True), {"one", "two", "three"})

    def test_devices_of_all_sites_in_one_row_are_named(self):
        """As where circuits end in one building, and the router stands in the next, which hangs on the first."""
        dublin, essen = core.create_sites("Dublin", "Essen")
        device = core.create_device("edge-1", essen)
        for cid, place, network in (
            ("D-1", dublin, self.network),
            ("D-2", dublin, self.network),
            ("E-1", essen, dublin),
        ):
            self.circuits[cid] = self.circuit(cid, None, network)
            core.terminate(self.circuits[cid], "A", place, device if place == dublin else None)
        self.work("three", "D-1", "D-2", start=50)

        rows = {strip_tags(str(row["what"])): row for row in self.context("risk")["rows"]}

        self.assertEqual(
            {name: row["devices"] for name, row in rows.items()}, {"Athens": "", "Berlin": "", "Dublin": "edge-1"}
        )
        self.assertEqual(rows["Dublin"]["behind"], 1)

    def test_filters(self):
        self.assertNotIn("both links", self.text("risk", kind="one left"))
        self.assertIn("both links", self.text("risk", location=str(self.athens.pk)))
        self.assertNotIn("both links", self.text("risk", location=str(self.berlin.pk)))
        self.assertIn("No site is at risk", self.text("risk", confirmed="false"))

    def test_what_is_not_assessed_and_why(self):
        self.circuit("LAN", self.cork, self.cork)
        with configured(exit_circuit_types=[]):
            page = self.text("risk")
        self.assertIn("2 are incomplete", page)
        self.assertIn("A-2</a>", page)
        models.CircuitImpact.objects.all()
        Circuit.objects.filter(cid="C-1").delete()
        self.assertIn("Cork</a>: no link", self.text("risk"))

    def test_a_hint_says_that_all_that_is_left_is_of_one_provider(self):
        other = core.create_provider("ISP 2")
        for number in (3, 4):
            circuit = core.create_circuit(other, f"A-{number}")
            core.terminate(circuit, "A", self.athens)
        page = " ".join(plain(self.text("risk")).split())

        self.assertRegex(page, r"Remaining links of one provider .* Athens .*: 2 links of ISP 2")
        self.assertNotIn("both links", page)
        self.assertNotIn("Remaining links of", self.text("risk", location=str(self.berlin.pk)))
        hidden = users.viewer(*ALL, Provider, constraints={Circuit: {"provider__name": "ISP 1"}})
        self.assertNotIn("Remaining links of", self.text("risk", hidden))

    def test_the_csv_file(self):
        lines = self.text("risk", export="csv").splitlines()

        self.assertEqual(len(lines), 1 + 4)
        self.assertIn("site,Athens,dark", "\n".join(lines))

    def test_wrong_settings_are_said(self):
        with configured(hub_locations=["Atlantis"]):
            self.assertIn("RISK-04", self.text("risk"))
            self.assertIn("RISK-04", self.text("dashboard"))

    def test_who_lacks_a_permission_sees_no_zero(self):
        user = users.viewer(models.CircuitMaintenance, Location)

        self.assertIn("Hidden by your permissions", self.text("risk", user))
        self.assertIn("Hidden by your permissions", self.text("what_if", user))
        self.assertNotIn("Sites at risk", self.text("dashboard", user))

    def test_users_who_may_not_view_all_see_a_note(self):
        user = users.viewer(*ALL, constraints={models.CircuitMaintenance: {"name": "one"}})

        self.assertIn("Assessed with the maintenances that you may view", self.text("risk", user))


class WhatIfPageTest(PageCase):
    """The page What If."""

    def ask(self, *cids, start=2, end=3):
        """Return the page with the answer."""
        return self.text(
            "what_if",
            circuit=[str(self.circuits[cid].pk) for cid in cids],
            start=(self.now + start * HOUR).isoformat(),
            end=(self.now + end * HOUR).isoformat(),
        )

    def test_the_work_makes_a_site_dark(self):
        page = self.ask("B-1")

        self.assertIn("A Site Goes Dark", page)
        self.assertIn("Berlin would go dark", page)
        self.assertIn("Long enough without a dark site", page)

    def test_the_times_are_in_the_zone_that_is_chosen(self):
        """Berlin is dark while B-2 is down, which the provider announced in UTC."""
        start, end = self.now + 2 * HOUR, self.now + 3 * HOUR
        for zone, offset in (("UTC", 0), ("Asia/Tokyo", 9)):
            with self.subTest(zone=zone):
                page = self.text(
                    "what_if",
                    circuit=[str(self.circuits["B-1"].pk)],
                    start=f"{start + offset * HOUR:%Y-%m-%dT%H:%M}",
                    end=f"{end + offset * HOUR:%Y-%m-%dT%H:%M}",
                    time_zone=zone,
                )
                self.assertIn("A Site Goes Dark", page)
        self.assertIn("Unknown time zone", self.text("what_if", circuit=[], start="", time_zone="Moon"))

    def test_the_work_adds_nothing(self):
        self.assertIn("Nothing Is Added", self.ask("A-1"))

    def test_work_without_any_slot(self):
        self.assertIn("these circuits alone make Cork dark", self.ask("C-1"))

    def test_a_circuit_of_which_nothing_can_be_said(self):
        self.circuits["LAN"] = self.circuit("LAN", self.athens, self.athens)

        page = self.ask("LAN")
        self.assertIn("RISK-06", page)
        self.assertNotIn("Nothing Is Added", page)

    def test_an_end_before_the_start(self):
        self.assertIn("The end must be after the start", self.ask("A-1", start=3, end=2))


class DashboardTest(PageCase):
    """Sites at risk come first."""

    def test_the_worst_first(self):
        page = plain(self.text("dashboard"))

        self.assertIn("Sites at risk", page)
        self.assertIn("1 dark \u00b7 1 one left", page)
        self.assertLess(page.index("both links: ISP 1 one, ISP 1 two"), page.upper().index("UPCOMING MAINTENANCES"))
        self.assertLess(page.index("both links"), page.index("1 of 2 links down: ISP 1 two; hangs on B-1"))

    def test_nothing_at_risk_takes_no_room(self):
        models.CircuitMaintenance.objects.all().delete()

        self.assertNotIn("Sites at risk, next", self.text("dashboard"))


class MaintenanceTest(PageCase):
    """What a maintenance puts at risk, on its page and in the list."""

    def page(self, maintenance, user=None):
        """Return the page of a maintenance."""
        client = Client(SERVER_NAME="nautobot.example.com")
        client.force_login(user or self.user)
        return " ".join(client.get(maintenance.get_absolute_url()).content.decode().split())

    def test_sites_that_go_dark_with_what_else_is_down(self):
        page = self.page(self.one)

        self.assertRegex(page, r"With this, <a [^>]*>Athens</a> goes dark .*\(together with ISP 1 two\)")
        self.assertRegex(self.page(self.two), r"With this, <a [^>]*>Berlin</a> keeps one way out .*\(B-1\)")

    def line(self, maintenance, user=None):
        """Return the parts of the line under the title."""
        found = re.search(r'id="maintenance-line">([^<]*)<', self.page(maintenance, user))
        return html.unescape(found[1]).split(" \u00b7 ")

    def test_the_line_under_the_title_has_the_worst(self):
        self.assertEqual(
            self.line(self.two)[2:],
            ["Athens goes dark (together with ISP 1 one)", "1 more at risk", "unacknowledged"],
        )
        for number in (3, 4):
            self.circuits[f"C-{number}"] = self.circuit(f"C-{number}", self.cork, self.network)
        three = self.work("three", "C-1", start=50)
        self.assertEqual(self.line(three)[2:], ["Cork keeps 2 of 3 links", "unacknowledged"])
        self.assertEqual(
            self.line(self.one, users.viewer(models.CircuitMaintenance, models.CircuitImpact))[2:], ["unacknowledged"]
        )

    def test_sites_that_only_lose_a_link(self):
        for number in (3, 4):
            self.circuits[f"C-{number}"] = self.circuit(f"C-{number}", self.cork, self.network)
        three = self.work("three", "C-1", start=50)

        self.assertRegex(self.page(three), r">Cork</a> keeps 2 of 3 links")

    def test_work_that_is_over_puts_nothing_at_risk(self):
        models.CircuitMaintenance.objects.filter(pk=self.one.pk).update(status="CANCELLED")

        self.assertNotIn("With this", self.page(self.one))

    def test_who_lacks_a_permission_reads_nothing(self):
        self.assertNotIn("With this", self.page(self.one, users.viewer(models.CircuitMaintenance)))

    def test_the_filter(self):
        quiet = self.work("quiet", start=80)

        self.assertEqual(self.listed(puts_at_risk=True), {"one", "two"})
        self.assertEqual(self.listed(puts_at_risk=False), {quiet.name})
        narrow = users.viewer(*ALL, constraints={Location: {"name": "Berlin"}})
        self.assertEqual(self.listed(narrow, puts_at_risk=True), {"two"})

    def test_the_column(self):
        table = CircuitMaintenanceTable(models.CircuitMaintenance.objects.filter(pk=self.two.pk), user=self.user)

        self.assertEqual(table.rows[0].get_cell("puts_at_risk"), "Athens dark, Athens one left, Berlin one left")

    def test_the_home_page_counts_the_sites(self):
        client = Client(SERVER_NAME="nautobot.example.com")
        client.force_login(self.user)

        # The browser asks for it once the page stands.
        page, line = client.get("/").content.decode(), reverse("plugins:nautobot_circuit_maintenance:home_risk")
        self.assertIn(f'hx-get="{line}"', page)
        self.assertNotIn("Sites at risk", page)
        text = " ".join(re.sub("<[^>]+>", "", client.get(line).content.decode()).split())
        self.assertEqual(text, "2 Sites at risk")

    def test_the_home_page_says_nothing_where_a_number_would_mean_nothing(self):
        client = Client(SERVER_NAME="nautobot.example.com")
        line = reverse("plugins:nautobot_circuit_maintenance:home_risk")
        client.force_login(users.viewer(models.CircuitMaintenance))
        self.assertNotIn(line, client.get("/").content.decode())
        self.assertEqual(client.get(line).content, b"")
        client.force_login(self.user)
        with configured(hub_locations=["Atlantis"]):
            self.assertEqual(client.get(line).content, b"")
