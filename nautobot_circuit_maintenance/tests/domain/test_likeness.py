"""Circuit IDs that look like an unknown one."""

from itertools import permutations
from unittest import TestCase

from nautobot_circuit_maintenance.domain.likeness import most_alike
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below


def alike(cid, known, most=8):
    """Return the IDs that are most like this one."""
    return most_alike(cid, ((other, other) for other in known), most)


class LikenessTest(TestCase):
    """A provider that counts its circuits."""

    def test_one_wrong_digit_is_nearer_than_the_same_digits_in_another_order(self):
        others = ["".join(digits) for digits in permutations("12345678") if digits[0] > "1"][:20_000]
        mistakes = {
            "a wrong digit": "12345670",
            "a wrong first digit": "92345678",
            "a digit too many": "123435678",
            "a digit that is missing": "1234678",
        }

        for mistake, meant in mistakes.items():
            with self.subTest(mistake):
                self.assertEqual(alike("12345678", [*others, meant])[0], meant)

    def test_digits_that_changed_places_and_other_separators_are_near(self):
        others = [f"IC-{number}" for number in range(400_001, 420_000, 3)]

        self.assertEqual(alike("IC-312345", [*others, "IC-312354"])[0], "IC-312354")
        self.assertEqual(alike("oslo 9/bergen 7", [*others, "OSLO-9-BERGEN-7"])[0], "OSLO-9-BERGEN-7")

    def test_no_more_than_there_are_and_equally_near_ones_in_their_order(self):
        self.assertEqual(alike("A-1", []), [])
        self.assertEqual(alike("A-1", ["A-3", "A-2"]), ["A-3", "A-2"])
        self.assertEqual(alike("A-1", ["A-4", "A-3", "A-2", "B"], most=2), ["A-4", "A-3"])

    def test_the_time_is_bounded(self):
        numbers = [f"IC-{number}" for number in range(300_000, 320_000)]
        assert_cpu_below(2, alike, "IC-312345", numbers)
        long = ["ab" * 120 + str(number) for number in range(20_000)]
        assert_cpu_below(6, alike, "ba" * 120, long)
