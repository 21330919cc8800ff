"""How many links of each site are down at each moment."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from django.test import TestCase
from nautobot.circuits.models import Circuit
from nautobot.extras.models import Status as CoreStatus

from nautobot_circuit_maintenance.analysis.risk.report import read_risk
from nautobot_circuit_maintenance.analysis.site_timeline import read_timeline
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.tests.factories import app, core, users
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.page_case import HTMX
from nautobot_circuit_maintenance.views.site_timeline import MOST_BARS, MOST_SITES, timeline_of, words_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class TimelineTest(TestCase):
    """A site with four links."""

    def setUp(self):
        self.everyone = users.superuser()
        self.isp = core.create_provider("ISP")
        self.site = core.create_sites("SYD1")[0]
        self.circuits = [core.create_circuit(self.isp, f"C-{number}") for number in range(4)]
        for circuit in self.circuits:
            core.terminate(circuit, "A", self.site)

    def plan(self, hours_ahead, *numbers, impact=Impact.OUTAGE, **fields):
        """Plan four hours of work on some of the links."""
        maintenance = app.create_maintenance(f"M-{hours_ahead}", self.isp, start=NOON + hours_ahead * HOUR, **fields)
        for number in numbers:
            app.create_impact(maintenance, self.circuits[number], impact)
        return maintenance

    def rows(self, user=None, *, is_assessed=True):
        """Return the sites."""
        visibility = Visibility.of(user or self.everyone)
        risk = read_risk(visibility, NOON) if is_assessed else None
        return read_timeline(visibility, NOON, NOON + 14 * DAY, risk)

    def said(self):
        """Return hours from now and what is said of each segment of the site."""
        (row,) = self.rows()
        return [((each.start - NOON) // HOUR, (each.end - NOON) // HOUR, words_of(row, each)) for each in row.segments]

    def test_all_is_said_only_of_the_same_moment(self):
        """The union over the days is true of none of the nights."""
        self.plan(10, 0)
        self.plan(100, 1, 2)
        self.plan(200, 3, impact=Impact.REDUCED_REDUNDANCY)

        self.assertEqual(
            self.said(),
            [
                (10, 14, "1 of 4 links down"),
                (100, 104, "2 of 4 links down"),
                (200, 204, "1 of 4 links degraded"),
            ],
        )
        self.assertFalse(self.rows()[0].is_at_risk)

    def test_links_are_those_of_the_risk(self):
        """Neither a planned circuit nor one within the site counts as a link, as on the page of a maintenance."""
        planned, inside = (core.create_circuit(self.isp, cid) for cid in ("PLANNED", "INSIDE"))
        core.terminate(planned, "A", self.site)
        core.terminate(inside, "A", self.site)
        core.terminate(inside, "Z", self.site)
        Circuit.objects.filter(pk=planned.pk).update(status=CoreStatus.objects.get(name="Planned"))
        maintenance = self.plan(10, 0)
        for circuit in (planned, inside):
            app.create_impact(maintenance, circuit)

        self.assertEqual(self.said(), [(10, 14, "1 of 4 links down")])
        (row,) = self.rows(is_assessed=False)
        self.assertEqual(words_of(row, row.segments[0]), "3 of 6 links down")

    def test_overlapping_windows_add_up_where_they_overlap(self):
        self.plan(10, 0, 1)
        self.plan(12, 1, 2)
        self.plan(13, 3)

        self.assertEqual(
            self.said(),
            [
                (10, 12, "2 of 4 links down"),
                (12, 13, "3 of 4 links down, one left"),
                (13, 14, "all 4 links down"),
                (14, 16, "3 of 4 links down, one left"),
                (16, 17, "1 of 4 links down"),
            ],
        )
        self.assertTrue(self.rows()[0].is_at_risk)

    def test_a_segment_names_the_maintenances_that_last_during_it(self):
        works = {str(self.plan(hours, number).pk): hours for number, hours in enumerate((10, 12, -1))}

        (row,) = self.rows()
        named = [sorted(works[each] for each in found) for found in row.maintenances(row.segments)]
        self.assertEqual(named, [[-1], [10], [10, 12], [12]])
        self.assertEqual(row.maintenances(row.segments[2:3]), [row.maintenances(row.segments)[2]])

    def test_a_bar_of_several_maintenances_names_them_and_leads_to_their_list(self):
        one, two = self.plan(10, 0), self.plan(12, 1)
        bars = timeline_of(self.rows(), NOON, Visibility.of(self.everyone))["data"]["bars"]
        addresses, names = [bar[5] for bar in bars], [bar[7] for bar in bars]

        self.assertEqual(names[0], ["ISP M-10"])
        self.assertEqual(addresses[0], one.get_absolute_url())
        self.assertEqual(sorted(names[1]), ["ISP M-10", "ISP M-12"])
        asked = parse_qs(urlsplit(addresses[1]).query)
        self.assertEqual(sorted(asked["id"]), sorted(map(str, (one.pk, two.pk))))
        self.client.force_login(self.everyone)
        table = self.client.get(addresses[1], SERVER_NAME="nautobot.example.com", **HTMX).context["table"]
        self.assertEqual({row.record for row in table.rows}, {one, two})

    def test_a_window_that_ends_at_midnight_is_not_in_the_next_day(self):
        until_midnight, longer = self.plan(8), self.plan(9)
        for number in range(MOST_BARS + 1):
            circuit = core.create_circuit(self.isp, f"NIGHT-{number}")
            core.terminate(circuit, "A", core.create_sites(f"NIGHT-{number:02}")[0])
            app.create_impact(until_midnight if number else longer, circuit)

        cells = timeline_of(self.rows(), NOON, Visibility.of(self.everyone))["data"]["cells"]
        self.assertEqual([day for day, number, *_ in cells if number == 0], [0])
        self.assertEqual([day for day, number, *_ in cells if number == MOST_BARS], [0, 1])

    def test_what_has_begun_counts_from_now_and_what_is_over_or_off_does_not_count(self):
        self.plan(-1, 0)
        self.plan(-5, 1)
        self.plan(1, 2, status=Status.CANCELLED)
        self.plan(2, 3, impact=Impact.NO_IMPACT)
        self.plan(14 * 24 + 1, 3)

        self.assertEqual(self.said(), [(0, 3, "1 of 4 links down")])

    def test_a_circuit_counts_in_its_own_windows_only(self):
        maintenance = self.plan(10, 0, 1)
        second = app.add_window(maintenance, NOON + 40 * HOUR)
        maintenance.impacts.get(cid="C-1").limit_to([second])

        self.assertEqual(self.said(), [(10, 14, "1 of 4 links down"), (40, 44, "2 of 4 links down")])

    def test_a_site_of_one_link_is_dark_without_it(self):
        place = core.create_sites("ONE")[0]
        circuit = core.create_circuit(self.isp, "ONLY")
        core.terminate(circuit, "A", place)
        app.create_impact(self.plan(1), circuit)

        (row,) = self.rows()
        self.assertEqual((words_of(row, row.segments[0]), row.is_at_risk), ("the only link down", True))

    def test_many_sites_become_cells_and_of_more_only_those_at_risk_are_shown(self):
        for count in (MOST_BARS, MOST_SITES):
            for number in range(len(self.rows()), count + 1):
                place = core.create_sites(f"Site {count} {number:03}")[0]
                pair = [core.create_circuit(self.isp, f"P-{count}-{number}-{side}") for side in range(3)]
                for circuit in pair:
                    core.terminate(circuit, "A", place)
                maintenance = app.create_maintenance(f"P-{count}-{number}", self.isp, start=NOON + HOUR)
                for circuit in pair[: 2 if number == count else 1]:
                    app.create_impact(maintenance, circuit)
            rows = self.rows()
            shown = timeline_of(rows, NOON, Visibility.of(self.everyone))
            with self.subTest(count=count):
                self.assertEqual("cells" in shown["data"], count == MOST_BARS)
        self.assertEqual(len(shown["data"]["sites"]), 2)
        self.assertEqual(shown["hidden"], MOST_SITES - 1)
        computed = {row.name for row in rows if "segments" in vars(row)}
        self.assertEqual(computed, set(shown["data"]["sites"]), "what is not drawn is not computed")

    def test_sites_come_in_the_order_in_which_they_are_affected(self):
        for name, hours_ahead in (("LATER", 30), ("NOW", -1), ("ALSO NOW", -2)):
            circuit = core.create_circuit(self.isp, name)
            core.terminate(circuit, "A", core.create_sites(name)[0])
            app.create_impact(self.plan(hours_ahead), circuit)
        self.plan(20, 0)

        self.assertEqual([row.name for row in self.rows()], ["ALSO NOW", "NOW", "SYD1", "LATER"])

    def test_hidden_circuits_and_sites_are_no_part_of_it(self):
        self.plan(1, 0)
        self.assertEqual(self.rows(users.viewer()), [])

    def test_a_site_whose_only_way_leads_through_another_is_dark_with_it(self):
        """Its own link is up."""
        behind = core.create_sites("BEHIND")[0]
        link = core.create_circuit(self.isp, "LINK")
        core.terminate(link, "A", self.site)
        core.terminate(link, "Z", behind)
        work = self.plan(10, 0, 1, 2, 3)

        rows = {
            row.name: ([words_of(row, each) for each in row.segments], row.maintenances(row.segments))
            for row in self.rows()
        }
        self.assertEqual(rows["BEHIND"], (["dark, 0 of 1 link down"], [[str(work.pk)]]))
        self.assertEqual(rows["SYD1"], (["dark, 4 of 5 links down"], [[str(work.pk)]]))

    def test_links_that_are_left_but_lead_to_the_same_way_are_one_left(self):
        """Two of three links are up; both lead to a neighbor with one way out."""
        hub = core.create_sites("NEAR")[0]
        place = core.create_sites("FAR")[0]
        for number in range(2):
            link = core.create_circuit(self.isp, f"PAIR-{number}")
            core.terminate(link, "A", place)
            core.terminate(link, "Z", hub)
        for cid, site in (("OWN", place), ("WAY", hub)):
            core.terminate(core.create_circuit(self.isp, cid), "A", site)
        app.create_impact(self.plan(10), Circuit.objects.get(cid="OWN"))

        (row,) = [each for each in self.rows() if each.name == "FAR"]
        self.assertEqual([words_of(row, each) for each in row.segments], ["1 of 3 links down, one left"])

    def test_without_an_assessment_nothing_is_said_of_the_risk(self):
        self.plan(10, 0, 1, 2, 3)

        (row,) = self.rows(is_assessed=False)
        self.assertEqual((words_of(row, row.segments[0]), row.is_at_risk), ("4 of 4 links down", False))
