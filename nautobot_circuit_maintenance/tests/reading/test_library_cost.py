"""No parser of the library costs more than its limit, whatever a sender repeats.

Its regular expressions take quadratic and cubic time for text that real email does not have: `att`, `globalcloudxchange`
and `cogent` need ten seconds for 60 kB. The limit ends them; it has to hold inside every parser, in C code too.
"""

import time
from contextlib import suppress

import pytest

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.mail.limits import Limits
from nautobot_circuit_maintenance.reading.library import known_parser_names
from nautobot_circuit_maintenance.reading.parse import parse
from nautobot_circuit_maintenance.tests.reading.parser_mails import (
    ParseTestCase,
    mail,
    names_in,
    provenance,
    read,
    windstream,
)

SIZE = 60_000
LIMIT = Limits(cpu_seconds=0.5)
MORE = 0.5
"""CPU seconds by which a parse may exceed the limit: it is asked for every 4,096 steps of a regular expression."""
REPEATED = (
    "<div>",
    "<table><tr><td>",
    "<tr><td>Start</td><td>2026-03-10 01:00 UTC</td></tr>",
    "<b>Circuit ID:</b> C-1<br>",
    "<p>Maintenance Ticket #: 1</p>\n",
    "<span style='color: red'>x</span>",
    "<br>\n",
    "&nbsp;",
    "[",
    "(1) ",
    "Start time: 10:00pm (local time) 03/11/2026\nEnd time: 5:00am (local time) 03/12/2026\n",
    "Cogent customers receiving service in New York ",
    "Service ID: C-1\n",
    "a ",
    "1",
    " ",
    "\n",
    "From: 2026-03-10 To: ",
)
"""What is repeated up to the size, as HTML, as text and in the subject of one message."""


@pytest.mark.slow
@pytest.mark.nightly
class EveryParser(ParseTestCase):
    """Each parser of the library, but the one that asks a language model."""

    def spent_on(self, raw: bytes, name: str) -> float:
        """Return the CPU seconds of a parse."""
        before = time.process_time()
        with suppress(ParseError):
            parse(raw, [name], provenance(raw), LIMIT)
        return time.process_time() - before

    def test_no_repetition_costs_more_than_the_limit(self) -> None:
        names = [name for name in known_parser_names() if name != "openai"]
        self.assertGreater(len(names), 30)
        slow = {}
        for words in REPEATED:
            text = words * (SIZE // len(words))
            raw = mail(
                ("text/plain", text), ("text/html", f"<html><body>{text}"), Subject=" ".join(text[:SIZE].split())
            )
            for name in names:
                spent = self.spent_on(raw, name)
                if spent > LIMIT.cpu_seconds + MORE:
                    slow[name, words] = spent
        self.assertEqual(slow, {})
        self.assertEqual(names_in(read(mail(("text/html", windstream())), "windstream")), ["WMT-1"])
