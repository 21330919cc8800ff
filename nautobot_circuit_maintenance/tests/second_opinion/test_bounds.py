"""Whatever a message contains: no exception, and at most 100 ms of CPU."""

import random
import unittest

from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.mail.blocks import LONGEST_TEXT
from nautobot_circuit_maintenance.reading.candidates.circuits import Inventory
from nautobot_circuit_maintenance.reading.candidates.message import candidates_of
from nautobot_circuit_maintenance.reading.candidates.tokens import MOST_MOMENTS
from nautobot_circuit_maintenance.reading.gates.base import Known
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below
from nautobot_circuit_maintenance.tests.second_opinion.messages import RECEIVED, content_of, opinion, reading, window

NIGHT = window("2026-03-14 22:00", "2026-03-15 04:00")
SECONDS = 0.1
ROW = "<tr><td>14/03/2026 22:00</td><td>15 March 2026 04:00 CET</td><td>LON-1001</td></tr>"
ODD = {
    "table of 10,000 dates": ("<table>" + ROW * 10_000 + "</table>", True),
    "one row of 10,000 dates": ("<table><tr>" + "<td>14/03/2026 22:00</td>" * 10_000 + "</tr></table>", True),
    "dates without end": ("14/03/2026 22:00 - 15/03/2026 04:00 UTC, " * 10_000, False),
    "lines of dates": ("14 March 2026 22:00 - 04:00 UTC\n" * 10_000, False),
    "moves without end": ("moved from 14/03/2026 22:00 - 23:00 to 15/03/2026 22:00 - 23:00, " * 5_000, False),
    "four digits without end": ("0100 - 0200 " * 20_000, False),
    "one line of digits": ("1" * 300_000, False),
    "one line of dots": ("1." * 150_000, False),
    "one line of blanks": (" " * 300_000 + "x", False),
    "blanks between columns": (("a" + " " * 300) * 1_000, False),
    "bars": ("| 1 | 2 " * 40_000, False),
    "rows of bars": ("| 14/03/2026 | 22:00 | x |\n" * 10_000, False),
    "nested tables": ("<table><tr><td>" * 3_000 + "14 March 2026", True),
    "huge spans": ("<table><tr>" + "<td colspan=99999 rowspan=99999>22:00</td>" * 3_000 + "</tr></table>", True),
    "nested strikes": ("<s>" * 20_000 + "14 March 2026 22:00", True),
    "unclosed tags": ("<div" * 50_000, True),
    "letters": ("".join(random.Random(1).choices("abcdefgh -:./0123456789\n", k=300_000)), False),
    "words of status": ("cancelled if completed when rescheduled. " * 8_000, False),
    "zones": ("CET ET GMT+3 (UTC-5) America/Chicago Central Time heure de Paris " * 5_000, False),
    "labels of IDs": ("ticket reference case number id " * 10_000, False),
    "months": ("May 5 march 6 may " * 15_000, False),
    "words": ("a b c d e f " * 25_000, False),
    "surrogates and marks": ("\u202e\u0301\U0001f600" * 50_000, False),
    "cjk": ("2026年3月14日午後10時" * 20_000, False),
}


class TestOddMessages(unittest.TestCase):
    """Messages that are long, nested or meaningless."""

    def test_each_is_judged_in_100_ms(self):
        for name, (body, is_html) in ODD.items():
            content = content_of(body, is_html=is_html)
            with self.subTest(name):
                assert_cpu_below(SECONDS, opinion, content, reading(NIGHT))

    def test_what_is_not_looked_at_is_said_to_be_unread(self):
        for name in ("lines of dates", "dates without end"):
            with self.subTest(name):
                found = candidates_of(content_of(ODD[name][0]), RECEIVED, Inventory(()))
                tokens = found.moments.tokens.by_line.values()

                self.assertTrue(found.moments.is_cut)
                self.assertLessEqual(len(found.mail.text), LONGEST_TEXT)
                self.assertEqual(sum(map(len, tokens)), MOST_MOMENTS)

    def test_an_inventory_of_ten_thousand_circuits(self):
        inventory = Inventory(
            [f"LON-{number}" for number in range(10_000)] + [f"PAR {number}" for number in range(2_000)]
        )
        content = content_of("\n".join(f"LON-{number} PAR {number}" for number in range(1_000)))

        assert_cpu_below(SECONDS, opinion, content, reading(NIGHT), Known(inventory))


WORDS = st.sampled_from(
    "Start End : - – to bis 14 15 03 2026 14/03/2026 14.03. March März 22:00 4 a.m. PM 24:00 24h UTC CET GMT+3 (+0100) | \n \t "
    "Backup old <s> </s> <table> <tr> <td> </td> 99/99/9999 31/02/2026 29 Feb 25:61 0000 年 月 日 時 CHG-4711 LON-1001 cancelled".split(
        " "
    )
)


class TestAnyText(unittest.TestCase):
    """Random words."""

    @settings(max_examples=150, deadline=None)
    @given(st.lists(WORDS, max_size=60), st.booleans())
    def test_no_exception(self, words: list[str], is_html: bool):
        found = opinion(content_of(" ".join(words), is_html=is_html), reading(NIGHT))
        self.assertIn(found.confidence, ("confirmed", "unchecked", "doubtful"))

    @settings(max_examples=100, deadline=None)
    @given(st.text(max_size=300))
    def test_no_exception_for_any_characters(self, text: str):
        self.assertTrue(opinion(content_of(text), reading(NIGHT)).confidence)
