"""The cases that an operator would try, by name."""

from datetime import timedelta
from unittest import TestCase
from zoneinfo import ZoneInfo

from nautobot_circuit_maintenance.analysis.redundancy.assessing import assess
from nautobot_circuit_maintenance.analysis.redundancy.values import CoreKind, Group, Outage, Reason, Subject
from nautobot_circuit_maintenance.tests.redundancy.small import Small, down, key_of
from nautobot_circuit_maintenance.tests.redundancy.worlds import at

RING = Small({"out": "A", "ab": "A B", "bc": "B C", "cd": "C D", "da": "D A", "out2": "A"})
DOUBLE = Small({"a1": "A mpls1", "a2": "A mpls2"})


class Sites(TestCase):
    """Sites that go dark or keep one way."""

    def test_a_chain_goes_dark_because_of_the_link_nearest_to_the_world(self) -> None:
        """B has no link that is down, and yet it is dark; the link of A is why. Both are one row."""
        chain = Small({"a": "A", "ab": "A B"})

        self.assertEqual(
            chain.rows(down("a", 1, 3)),
            [("A dark 1-3 because of a", 1)],
        )
        self.assertIn("B dark 1-3 because of a", chain.findings(down("a", 1, 3)))

    def test_a_ring_with_one_link_down_leaves_every_site_one_way(self) -> None:
        """Not only the two at the break; each hangs on what is between it and the world."""
        self.assertCountEqual(
            RING.findings(down("ab", 1, 2)),
            [
                "B one left 1-2 because of ab on bc cd da",
                "C one left 1-2 because of ab on cd da",
                "D one left 1-2 because of ab on da",
            ],
        )

    def test_an_aggregation_site_with_one_of_two_ways_down_and_stubs_behind(self) -> None:
        """The aggregation site keeps one way; its stubs never had two and are not affected."""
        stubs = {f"s{number}": f"S{number} AGG" for number in range(5)}
        network = Small({"w1": "AGG mpls1", "w2": "AGG mpls2", **stubs})

        self.assertEqual(network.findings(down("w1", 1, 2)), ["AGG one left 1-2 because of w1 on w2"])
        self.assertEqual(network.rows(down("w1", 1, 3), down("w2", 2, 4, "N"))[1], ("AGG dark 2-3 because of w1 w2", 5))

    def test_two_links_to_a_neighbor_with_a_single_way_are_never_one_left(self) -> None:
        """The site behind never had two ways, whatever the number of its links."""
        network = Small({"w": "A", "ab1": "A B", "ab2": "A B"})

        self.assertEqual(network.findings(down("ab1", 1, 2)), [])
        self.assertEqual(network.findings(down("ab1 ab2", 1, 2)), ["B dark 1-2 because of ab1 ab2"])

    def test_three_links_up_and_one_way_out(self) -> None:
        """Counting links does not do: the others lead to sites behind."""
        network = Small({"w1": "A", "w2": "A", "b": "A B", "c": "A C", "d": "A D"})

        self.assertEqual(network.findings(down("w1", 1, 2)), ["A one left 1-2 because of w1 on w2"])

    def test_touching_windows_are_one_finding_without_a_gap(self) -> None:
        """A window ends where the next begins: the other link is not down at the same moment."""
        self.assertEqual(
            DOUBLE.findings(down("a1", 1, 2), down("a2", 2, 3, "N")),
            ["A one left 1-3 because of a1 a2 on a1 a2"],
        )

    def test_equal_windows_on_both_links(self) -> None:
        """Dark wins: there is no moment with one left."""
        self.assertEqual(DOUBLE.findings(down("a1", 1, 2), down("a2", 1, 2, "N")), ["A dark 1-2 because of a1 a2"])

    def test_one_circuit_in_two_maintenances_stays_confirmed_if_one_of_them_is(self) -> None:
        """Both are named; the tentative one alone would not be confirmed."""
        tentative, sure = down("a1", 1, 2, "T", is_confirmed=False), down("a1", 1, 2, "C")

        self.assertEqual(DOUBLE.findings(tentative, sure), ["A one left 1-2 because of a1 on a2"])
        self.assertEqual(DOUBLE.findings(tentative), ["A one left 1-2 because of a1 on a2 (unconfirmed)"])
        (finding,) = DOUBLE.assess(tentative, sure).findings
        self.assertEqual(finding.maintenances, {key_of("T"), key_of("C")})

    def test_two_maintenances_on_the_same_circuit_are_no_loss_of_redundancy(self) -> None:
        """With three links two are left."""
        network = Small({"a1": "A mpls1", "a2": "A mpls2", "a3": "A mpls3"})

        self.assertEqual(network.findings(down("a1", 1, 2), down("a1", 1, 2, "N")), [])

    def test_two_nights_of_one_maintenance_do_not_meet(self) -> None:
        """Circuit A in the first night, circuit B in the second: no site is dark, and nothing is said about the day between."""
        network = Small({"a1": "A mpls1", "a2": "A mpls2", "a3": "A mpls3"})

        self.assertEqual(network.findings(down("a1", 0, 4), down("a2", 5, 9)), [])
        self.assertEqual(network.findings(down("a1", 0, 4)), [])

    def test_maintenances_at_the_same_location_are_none_of_each_others_business(self) -> None:
        """A location with four circuits of which two are down keeps two ways."""
        network = Small({f"a{number}": f"A mpls{number}" for number in range(4)})

        self.assertEqual(network.findings(down("a0", 1, 3), down("a1", 1, 3, "N")), [])

    def test_a_change_of_causes_is_a_phase_of_the_same_finding(self) -> None:
        """One finding from the first to the last moment, with what was down in each phase."""
        network = Small({"a1": "A mpls1", "a2": "A mpls2", "a3": "A mpls3"})
        (finding,) = network.assess(down("a1 a2", 1, 4), down("a2 a3", 3, 6, "N")).findings[:1]

        self.assertEqual((finding.start, finding.end), (at(1), at(3)))
        whole = network.findings(down("a1 a2", 1, 4), down("a2 a3", 3, 6, "N"))
        self.assertEqual(
            whole,
            [
                "A one left 1-3 because of a1 a2 on a3",
                "A dark 3-4 because of a1 a2 a3",
                "A one left 4-6 because of a2 a3 on a1",
            ],
        )

    def test_a_finding_is_the_same_whatever_else_is_known(self) -> None:
        """Nothing is clipped: what begins long before or later does not change it."""
        now = down("a1", 1, 2)
        (finding,) = DOUBLE.assess(now).findings

        self.assertIn(finding, DOUBLE.assess(now, down("a2", 700, 712, "N"), down("a1", -90, -80, "O")).findings)

    def test_a_moment_in_a_daylight_saving_night(self) -> None:
        """Times are compared as moments: 02:30 before and after the change are an hour apart."""
        berlin = ZoneInfo("Europe/Berlin")
        first = at(0).replace(month=10, day=25, hour=2, minute=30, tzinfo=berlin, fold=0)
        second = first.replace(fold=1)
        outages = [Outage(key_of("a1"), key_of("M"), first, second), Outage(key_of("a2"), key_of("N"), first, second)]
        (finding,) = assess(DOUBLE.topology, outages).findings

        self.assertEqual(finding.end - finding.start, timedelta(hours=1))


class Cores(TestCase):
    """What has to be reached."""

    def test_with_a_hub_the_internet_is_no_way(self) -> None:
        """The branch still has its Internet circuit, and cannot reach the data center."""
        network = Small({"m": "BRANCH mpls", "i": "BRANCH", "h": "HUB mpls", "h2": "HUB mpls"}, hubs=["HUB"])

        self.assertEqual(network.findings(down("m", 1, 2)), ["BRANCH dark 1-2 because of m"])

    def test_without_a_hub_the_internet_is_a_way(self) -> None:
        """Any provider network and any exit will do."""
        network = Small({"m": "BRANCH mpls", "i": "BRANCH"})

        self.assertEqual(network.findings(down("m", 1, 2)), ["BRANCH one left 1-2 because of m on i"])

    def test_the_link_of_the_hub_to_a_provider_takes_all_its_sites(self) -> None:
        """One row for all sites of that network, and the hub is counted."""
        sites = {f"s{number}": f"S{number} mpls" for number in range(4)}
        network = Small({"h": "HUB mpls", **sites}, hubs=["HUB"])
        rows = network.rows(down("h", 1, 2))

        self.assertEqual(len(rows), 2)
        self.assertIn(("HUB dark 1-2 because of h", 0), rows)
        self.assertEqual([others for words, others in rows if not words.startswith("HUB")], [3])

    def test_no_world_and_no_hub(self) -> None:
        """The site with the most links is what has to be reached, and the assessment says so."""
        network = Small({"ab": "A B", "ac": "A C", "bc": "B C", "ad": "A D"})
        assessment = network.assess(down("ad", 1, 2))

        self.assertEqual((assessment.core.kind, assessment.core.sites), (CoreKind.SITE, (key_of("A"),)))
        self.assertEqual(network.findings(down("ad", 1, 2)), ["D dark 1-2 because of ad"])

    def test_a_hub_without_a_circuit_reaches_no_one(self) -> None:
        """Nothing is assessed, and that is said."""
        assessment = Small({"a": "A mpls"}, hubs=["HUB"]).assess(down("a", 1, 2))

        self.assertEqual(assessment.findings, ())
        self.assertEqual(assessment.not_assessed, {key_of("A"): Reason.NOT_CONNECTED})

    def test_nothing_at_all(self) -> None:
        """An empty network has no core."""
        assessment = Small({}).assess(down("x", 1, 2))

        self.assertEqual((assessment.core.kind, assessment.findings), (CoreKind.NOTHING, ()))

    def test_exits(self) -> None:
        """Circuits of other types with one end are not links: they lead nowhere."""
        network = Small({"a1": "A", "a2": "A", "oob": "A"}, exits=["a1", "a2"])

        self.assertEqual(network.findings(down("a1", 1, 2)), ["A one left 1-2 because of a1 on a2"])
        self.assertEqual(network.assess().sites[key_of("A")].link_count, 2)

    def test_a_site_with_a_circuit_of_which_one_end_is_missing(self) -> None:
        """It has no link, and is named as not assessed."""
        network = Small({"a": "A mpls", "b": "B"}, exits=[])

        self.assertEqual(network.assess(down("b", 1, 2)).not_assessed, {key_of("B"): Reason.NO_LINK})


class Counted(TestCase):
    """Devices, cloud networks and redundancy groups."""

    def test_a_cloud_is_a_destination_and_no_way(self) -> None:
        """Two sites in one cloud do not reach each other through it."""
        network = Small({"a": "A mpls", "ac": "A cloud", "bc": "B cloud"})

        self.assertEqual(network.assess().not_assessed, {key_of("B"): Reason.NO_LINK})
        self.assertEqual(network.findings(down("ac", 1, 2)), ["cloud one left 1-2 because of ac on bc"])

    def test_a_circuit_from_a_dark_site_is_down_for_the_cloud(self) -> None:
        """The cloud is reached through its other circuit only."""
        network = Small({"a": "A mpls", "ac": "A cloud", "b": "B mpls", "bc": "B cloud"})

        self.assertEqual(
            network.findings(down("a", 1, 2)),
            ["cloud one left 1-2 because of ac on bc", "A dark 1-2 because of a"],
        )

    def test_of_a_redundancy_group_one_has_to_stay(self) -> None:
        """All down, or one left."""
        group = Group(Subject.GROUP, key_of("group1"), tuple(map(key_of, ("a", "b", "c"))))
        network = Small(
            {"a": "A mpls", "b": "A mpls", "c": "B mpls", "d": "A mpls", "e": "B mpls", "f": "B mpls"}, groups=(group,)
        )

        self.assertEqual(
            network.findings(down("a b", 1, 3), down("c", 2, 3, "N")),
            [
                "group1 one left 1-2 because of a b on c",
                "A one left 1-3 because of a b on d",
                "group1 dark 2-3 because of a b c",
            ],
        )

    def test_a_device_with_a_single_circuit(self) -> None:
        """It is dark, and had one circuit."""
        device = Group(Subject.DEVICE, key_of("group1"), (key_of("a"),))
        network = Small({"a": "A mpls", "b": "A mpls", "c": "A mpls"}, groups=(device,))
        (finding,) = network.assess(down("a", 1, 2)).findings

        self.assertEqual((finding.subject, finding.had_two_ways, finding.link_count), (Subject.DEVICE, False, 1))
