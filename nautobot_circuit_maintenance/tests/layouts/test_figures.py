"""The figures that the design asks for (`invoke teach-report` prints all of them)."""

import time
import unittest

import pytest

from development.teaching.figures import NEVER, Figures, figures, taught_by_all
from development.teaching.odd import odd_pages
from development.teaching.siblings import CORPUS, LAYOUTS, corpus, layouts, unseen
from nautobot_circuit_maintenance.reading.layouts.read import read

SECONDS = 0.1


def never(found: Figures) -> dict[str, int]:
    """Return what may not be wrong and is."""
    return {kind: found.wrong[kind] for kind in NEVER if found.wrong[kind]}


class TestUnseen(unittest.TestCase):
    """The messages that were never tuned on."""

    def test_nothing_is_read_wrong_and_most_are_read(self):
        for taught in (1, 2, 3):
            with self.subTest(taught=taught):
                found = figures(unseen(), taught)
                self.assertEqual(never(found), {}, found.details)
                self.assertGreaterEqual(found.coverage_where_kept, 0.8)

    def test_odd_messages_are_refused_in_100_ms(self):
        for name, make in odd_pages():
            for layout in taught_by_all(unseen())[:2]:
                with self.subTest(name):
                    times = []
                    for _ in range(3):
                        page, provenance = make(layout)
                        started = time.process_time()
                        reading = read(layout, page, provenance)
                        times.append(time.process_time() - started)
                    self.assertIsNone(reading.update)
                    self.assertLess(min(times), SECONDS)


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
