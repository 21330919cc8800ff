"""Building many objects without a search for garbage in between."""

import gc
from unittest import TestCase

from nautobot_circuit_maintenance.domain.collecting import without_collections


class WithoutCollectionsTest(TestCase):
    """The collector is a switch of the whole process."""

    def setUp(self):
        """Leave it as it is found, whatever a test does."""
        self.addCleanup(gc.enable if gc.isenabled() else gc.disable)
        gc.enable()

    def test_is_off_inside_and_on_afterwards(self):
        with without_collections():
            self.assertFalse(gc.isenabled())
        self.assertTrue(gc.isenabled())

    def test_an_exception_does_not_leave_it_off(self):
        with self.assertRaises(ValueError), without_collections():
            raise ValueError
        self.assertTrue(gc.isenabled())

    def test_who_switched_it_off_switches_it_on(self):
        with without_collections():
            with without_collections():
                self.assertFalse(gc.isenabled())
            self.assertFalse(gc.isenabled())
        self.assertTrue(gc.isenabled())
