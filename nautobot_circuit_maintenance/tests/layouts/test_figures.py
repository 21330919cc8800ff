"""The figures that the design asks for (`invoke teach-report` prints all of them)."""

import unittest

import pytest

from development.teaching.figures import NEVER, Figures, figures, taught_by_all
from development.teaching.odd import Make, odd_pages
from development.teaching.siblings import CORPUS, LAYOUTS, corpus, layouts, seen, unseen
from nautobot_circuit_maintenance.reading.layouts.read import read
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below

SECONDS = 0.1


def never(found: Figures) -> dict[str, int]:
    """Return what may not be wrong and is."""
    return {kind: found.wrong[kind] for kind in NEVER if found.wrong[kind]}


class TestUnseen(unittest.TestCase):
    """The messages that were never tuned on, and those that were so once."""

    def test_nothing_is_read_wrong_and_most_are_read(self):
        for name, families, least in (("unseen", unseen(), 0.85), ("seen", seen(), 0.95)):
            for taught in (1, 2, 3):
                with self.subTest(name, taught=taught):
                    found = figures(families, taught)
                    self.assertEqual(never(found), {}, found.details)
                    self.assertGreaterEqual(found.coverage, least)

    def test_odd_messages_are_refused_in_100_ms(self):
        def refuse(make: Make) -> None:
            page, provenance = make(layout)
            self.assertIsNone(read(layout, page, provenance).update)

        layout = taught_by_all(unseen())[0]
        for name, make in odd_pages():
            with self.subTest(name):
                assert_cpu_below(SECONDS, refuse, make)


if CORPUS.is_dir():

    @pytest.mark.slow
    class TestCorpus(unittest.TestCase):
        """The corpus of real, anonymized messages; defined only where it is available."""

        def test_nothing_is_read_wrong_and_most_are_read(self):
            for taught, least in ((1, 0.55), (2, 0.70), (3, 0.80)):
                with self.subTest(taught=taught):
                    found = figures(corpus(), taught)
                    self.assertEqual(never(found), {}, found.details)
                    self.assertGreaterEqual(found.coverage, least)


if LAYOUTS.is_dir():

    @pytest.mark.slow
    class TestLayouts(unittest.TestCase):
        """The invented layouts; defined only where they are available."""

        def test_nothing_is_read_wrong_and_most_are_read(self):
            for taught in (2, 3):
                with self.subTest(taught=taught):
                    found = figures(layouts(), taught)
                    self.assertEqual(never(found), {}, found.details)
                    self.assertGreaterEqual(found.coverage_where_kept, 0.90)
