"""Searches whose answers would reveal, letter by letter, what someone may not see."""

from django.urls import reverse

from nautobot_circuit_maintenance.tests import two_providers
from nautobot_circuit_maintenance.tests.test_permission_walk import REST, WalkCase
from nautobot_circuit_maintenance.tests.two_providers import OURS, THEIRS

LISTS = ("circuitmaintenance", "circuitimpact", "note", "notification", "parsednotification", "notificationsource")


class OracleTest(WalkCase):
    """Someone who may do everything with what is ours, a mailbox shared with theirs included."""

    def found(self, name: str, words: str) -> int:
        """Return how many objects a search finds."""
        return self.client.get(reverse(f"{REST}:{name}-list"), {"q": words}).json()["count"]

    def test_no_search_of_what_is_ours_finds_the_names_of_what_is_theirs(self):
        two_providers.cross(self.ours, two_providers.create_side(THEIRS))

        self.assertEqual({name: self.found(name, THEIRS[:3]) for name in LISTS}, dict.fromkeys(LISTS, 0))
        self.assertTrue(all(self.found(name, OURS[:3]) for name in LISTS))
