"""The figures that the design asks for (`invoke second-opinion` prints all of them)."""

import unittest

import pytest

from development.second_opinion.figures import figures
from development.second_opinion.samples import CORPUS, LAYOUTS, corpus, layouts, unseen
from nautobot_circuit_maintenance.reading.gates.base import CONFIRMED, DOUBTFUL


class TestUnseen(unittest.TestCase):
    """The messages that were never tuned on."""

    def test_right_readings_are_rarely_doubtful_and_wrong_ones_nearly_always(self):
        found = figures(unseen())

        self.assertEqual(found.confidence.total(), 67)
        self.assertLessEqual(found.share(DOUBTFUL), 0.10)
        self.assertGreaterEqual(found.noticed_share, 0.95)
        self.assertEqual(found.weak_kinds(), {})


if CORPUS.is_dir():

    @pytest.mark.slow
    class TestCorpus(unittest.TestCase):
        """The corpus of real, anonymized messages; defined only where it is available."""

        def test_right_readings_are_confirmed_and_wrong_ones_doubtful(self):
            found = figures(corpus())

            self.assertLessEqual(found.share(DOUBTFUL), 0.03, found.doubtful)
            self.assertGreaterEqual(found.share(CONFIRMED), 0.80)
            self.assertGreaterEqual(found.mutated.total(), 900)
            self.assertGreaterEqual(found.noticed_share, 0.95)
            self.assertEqual(found.weak_kinds(), {})


if LAYOUTS.is_dir():

    @pytest.mark.slow
    class TestLayouts(unittest.TestCase):
        """The invented layouts; defined only where they are available."""

        def test_right_readings_are_confirmed_and_wrong_ones_doubtful(self):
            found = figures(layouts())

            self.assertLessEqual(found.share(DOUBTFUL), 0.03, found.doubtful)
            self.assertGreaterEqual(found.share(CONFIRMED), 0.80)
            self.assertGreaterEqual(found.noticed_share, 0.95)
            self.assertEqual(found.weak_kinds(), {})
