"""What a doubtful reading would be otherwise."""

import unittest

from nautobot_circuit_maintenance.domain.alternatives import alternatives, is_swapped
from nautobot_circuit_maintenance.domain.opinions import DOUBTFUL, Finding
from nautobot_circuit_maintenance.tests.second_opinion.messages import reading, window

READ, OTHER = window("2026-12-06 02:00", "2026-12-06 06:00"), window("2026-06-12 02:00", "2026-06-12 06:00")
READ_TEXT, OTHER_TEXT = "2026-12-06 02:00 - 2026-12-06 06:00 UTC", "2026-06-12 02:00 - 2026-06-12 06:00 UTC"


def finding(gate: str, otherwise: str, sentence: str = "It does not stand in the message.") -> Finding:
    """Return a doubt."""
    return Finding(gate, DOUBTFUL, sentence, None, otherwise)


class TestAlternatives(unittest.TestCase):
    """One thing of the reading changes."""

    def test_a_window_takes_the_place_of_the_one_that_is_doubted(self):
        night = window("2026-12-08 02:00", "2026-12-08 06:00")
        doubt = finding("window in the mail", f"{OTHER_TEXT}", f"{READ_TEXT} does not stand in the message.")

        [found] = alternatives(reading(READ, night), doubt)

        self.assertEqual(found.update.windows, (OTHER, night))
        self.assertEqual((found.label, found.window, found.replaced), (OTHER_TEXT, OTHER, READ))

    def test_a_further_window_is_added(self):
        [found] = alternatives(reading(READ), finding("windows", OTHER_TEXT))

        self.assertEqual(found.update.windows, (OTHER, READ))

    def test_a_reading_without_a_window_gets_one(self):
        [found] = alternatives(reading(), finding("window in the mail", OTHER_TEXT))

        self.assertEqual(found.update.windows, (OTHER,))

    def test_id_status_and_circuits(self):
        update = reading(READ)
        for gate, otherwise, value in (
            ("id", "CHG-1", lambda found: found.maintenance_id == "CHG-1"),
            ("status", "CANCELLED", lambda found: found.status == "CANCELLED"),
            ("circuits", "A-1, A-2", lambda found: [each.cid for each in found.circuits] == ["LON-1001", "A-1", "A-2"]),
        ):
            with self.subTest(gate):
                [found] = alternatives(update, finding(gate, otherwise))
                self.assertTrue(value(found.update))

    def test_nothing_is_offered_that_is_not_known_or_changes_nothing(self):
        update = reading(READ)
        for gate, otherwise in (
            ("id", ""),
            ("status", "a word"),
            ("circuits", "A-1, A-2, A-3, A-4, A-5 and 3 more"),
            ("window in the mail", READ_TEXT),
            ("id", "CHG-4711"),
        ):
            with self.subTest(gate=gate, otherwise=otherwise):
                self.assertEqual(alternatives(update, finding(gate, otherwise)), ())

    def test_day_and_month_the_other_way_round(self):
        self.assertTrue(is_swapped(READ, OTHER))
        self.assertFalse(is_swapped(READ, READ))
        self.assertFalse(is_swapped(READ, window("2026-12-07 02:00", "2026-12-07 06:00")))
        self.assertFalse(is_swapped(READ, window("2027-06-12 02:00", "2027-06-12 06:00")))
