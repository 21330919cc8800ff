"""Which locations are sites, and which circuits are links."""

from unittest import TestCase

from nautobot_circuit_maintenance.analysis.redundancy.inventory import Surroundings, survey
from nautobot_circuit_maintenance.tests.redundancy.small import Small, key_of

TREE = {
    "City": "Region",
    "Site1": "City",
    "Site2": "City",
    "B1": "Site1",
    "B2": "Site1",
    "R1": "B1",
    "R2": "B2",
    "R3": "Site2",
}
TYPES = {
    "Region": "Region",
    "City": "City",
    "Site1": "Site",
    "Site2": "Site",
    "B1": "Building",
    "B2": "Building",
    "R1": "Room",
    "R2": "Room",
    "R3": "Room",
}


def sites_of(*ends: str, **more) -> dict[str, str]:
    """Return the site of each location in which one of these circuits ends."""
    found = surroundings(*ends, **more).site_of
    names = {key_of(name): name for name in TYPES}
    return {names[location]: names[site] for location, site in found.items()}


def surroundings(*ends: str, **more) -> Surroundings:
    """Return the survey of circuits with these ends, in one tree of locations."""
    circuits = {f"c{number}": each for number, each in enumerate(ends)}
    return survey(Small(circuits, within=TREE, types=TYPES, **more).inventory)


class LocationTrees(TestCase):
    """The highest location of a type in which circuits do end."""

    def test_ends_at_one_level_the_sites(self) -> None:
        """Sites are sites."""
        self.assertEqual(sites_of("Site1 Site2"), {"Site1": "Site1", "Site2": "Site2"})

    def test_ends_at_one_level_the_rooms(self) -> None:
        """Rooms are the sites then; those of one building are apart, because no circuit says that they belong together."""
        self.assertEqual(sites_of("R1 R2", "R3"), {"R1": "R1", "R2": "R2", "R3": "R3"})

    def test_ends_at_two_levels(self) -> None:
        """Rooms belong to their site as soon as a circuit ends in any site."""
        self.assertEqual(
            sites_of("R1 R2", "R3", "Site2"), {"R1": "Site1", "R2": "Site1", "R3": "Site2", "Site2": "Site2"}
        )

    def test_ends_at_all_levels(self) -> None:
        """The highest level in use is the site."""
        found = sites_of("Region City", "Site1 B1", "R1")

        self.assertEqual(set(found.values()), {"Region"})

    def test_the_setting_names_the_level(self) -> None:
        """Whatever circuits do."""
        found = sites_of("Region City", "Site1 B1", "R1 R3", site_types=["Site"])

        self.assertEqual(
            found, {"Region": "Region", "City": "City", "Site1": "Site1", "B1": "Site1", "R1": "Site1", "R3": "Site2"}
        )

    def test_of_a_nestable_type_only_locations_with_circuits_are_sites(self) -> None:
        """One type for everything: a parent without a circuit of its own is none."""
        one = dict.fromkeys(TYPES, "Location")
        inventory = Small({"a": "Site1 Site2", "b": "R1"}, within=TREE, types=one, nestable=["Location"]).inventory

        self.assertEqual(
            survey(inventory).site_of,
            {key_of("Site1"): key_of("Site1"), key_of("Site2"): key_of("Site2"), key_of("R1"): key_of("Site1")},
        )

    def test_types_that_allow_ends_everywhere_do_not_matter(self) -> None:
        """A content type of a location type is a permission, not a use; but what it could mean is said."""
        found = surroundings("Site1 Site2", types_for_ends=["Region", "City", "Site", "Building", "Room"])

        self.assertEqual(set(found.site_of.values()), {key_of("Site1"), key_of("Site2")})
        self.assertEqual(found.separated, (tuple(sorted((key_of("Site1"), key_of("Site2")))),))

    def test_cities_that_allow_ends_by_habit(self) -> None:
        """One circuit in a city makes all sites in it one, which the setting corrects."""
        self.assertEqual(set(sites_of("Site1 Site2", "City").values()), {"City"})
        self.assertEqual(
            sites_of("Site1 Site2", "City", site_types=["Site"]), {"Site1": "Site1", "Site2": "Site2", "City": "City"}
        )

    def test_a_site_with_most_of_all_ends_is_named(self) -> None:
        """From 20 ends on."""
        self.assertEqual(surroundings(*["Site1"] * 11, *["Site2"] * 9).dominant, key_of("Site1"))
        self.assertIsNone(surroundings(*["Site1"] * 10, *["Site2"] * 10).dominant)
        self.assertIsNone(surroundings(*["Site1"] * 10, *["Site2"] * 5).dominant)


class Hubs(TestCase):
    """Which sites a hub location stands for."""

    def test_a_room_stands_for_its_site(self) -> None:
        """Hubs are named at any level."""
        self.assertEqual(surroundings("Site1 Site2", "R1", hubs=["R2"]).topology.hubs, {key_of("Site1")})

    def test_a_region_stands_for_the_sites_in_it(self) -> None:
        """Any one of them is enough."""
        found = surroundings("Site1 Site2", hubs=["Region"]).topology.hubs

        self.assertEqual(found, {key_of("Site1"), key_of("Site2")})


class Links(TestCase):
    """Which circuits count as links."""

    def test_both_ends_in_one_site_is_no_link(self) -> None:
        """The LAN of a site is assumed to hold."""
        self.assertEqual(surroundings("R1 R2", "Site1").topology.links[0].circuit, key_of("c1"))

    def test_circuits_with_one_end(self) -> None:
        """They lead outside; with exits named, the others are incomplete. So are circuits without any end."""
        self.assertEqual(surroundings("Site1", "Site2").outside, (key_of("c0"), key_of("c1")))
        found = surroundings("Site1", "Site2", "", exits=["c1"])
        self.assertEqual((found.outside, found.incomplete), ((key_of("c1"),), (key_of("c0"), key_of("c2"))))
