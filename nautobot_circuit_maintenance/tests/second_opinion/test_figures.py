"""The figures that the design asks for (`invoke second-opinion` prints all of them)."""

import unittest

import pytest

from development.second_opinion.figures import figures
from development.second_opinion.history import history_figures
from development.second_opinion.proposals import form_figures
from development.second_opinion.samples import (
    CORPUS,
    LAYOUTS,
    corpus,
    layouts,
    odd_layouts,
    plain_layouts,
    unseen,
)
from nautobot_circuit_maintenance.reading.gates.base import CONFIRMED, DOUBTFUL


class TestUnseen(unittest.TestCase):
    """The messages that were never tuned on."""

    def test_right_readings_are_rarely_doubtful_and_wrong_ones_nearly_always(self):
        found = figures(unseen())

        self.assertEqual(found.confidence.total(), 67)
        self.assertLessEqual(found.share(DOUBTFUL), 0.10)
        self.assertGreaterEqual(found.noticed_share, 0.95)
        self.assertEqual(found.weak_kinds(), {})

    def test_messages_of_one_maintenance_are_doubtful_together_only_if_one_is_wrong(self):
        found = history_figures(unseen())

        self.assertEqual((found.stories, found.doubtful), (5, []))
        self.assertGreater(found.wrong.total(), 100)
        self.assertEqual(found.noticed, found.wrong)

    def test_most_forms_are_right_as_they_are_filled(self):
        found = form_figures(unseen())

        self.assertGreaterEqual(found.share(0), 0.60)
        self.assertGreaterEqual(found.share(1), 0.80)
        self.assertLessEqual(len(found.wrong_windows), 1)


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

        def test_most_forms_are_right_as_they_are_filled(self):
            found = form_figures(corpus())

            self.assertGreaterEqual(found.share(0), 0.70, found.wrong)
            self.assertGreaterEqual(found.share(1), 0.90, found.wrong)
            self.assertEqual(found.wrong_windows, [])


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

        def test_most_forms_are_right_as_they_are_filled(self):
            plain, odd = form_figures(plain_layouts()), form_figures(odd_layouts())

            self.assertGreaterEqual(plain.share(0), 0.90, plain.wrong)
            self.assertGreaterEqual(plain.share(1), 0.92, plain.wrong)
            self.assertGreaterEqual(odd.share(0), 0.40, odd.wrong)
            self.assertGreaterEqual(odd.share(1), 0.60, odd.wrong)
            self.assertEqual(plain.wrong_windows + odd.wrong_windows, [])
