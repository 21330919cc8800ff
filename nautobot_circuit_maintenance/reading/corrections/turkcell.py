"""Turkcell: order of day and month, and the IDs of circuits."""

import re
from datetime import datetime
from typing import Any

from nautobot_circuit_maintenance.reading.corrections.base import Data, Method, Modules, notes, wrap
from nautobot_circuit_maintenance.reading.corrections.dates import date_parser


class TurkcellDayFirst:
    """Turkcell writes the day first (18.08.2021, corpus 082_turkcell_turkcell2); "05.12.2026" is read as 12 May."""

    name = "Turkcell: day first"
    sample = "05.12.2026 00:30"
    right = datetime(2026, 12, 5, 0, 30)

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is read as another day."""
        return bool(modules("turkcell").parser.parse(self.sample) != self.right)

    def install(self, modules: Modules) -> None:
        """Let dateutil take the first number as the day; "2021-08-05" stays the fifth of August."""
        date_parser(modules("turkcell")).day_first = self.name


_CIRCUIT = re.compile(r".*[ \t]([^\s|]+)\|([^|]+)\|[^|]+\|[^|]+$")
_LONGEST_LINE = 500


class TurkcellCircuits:
    """Turkcell: circuit IDs with other digits than 0 and 1 are not found, so that the whole mail is not read.

    The pattern of the library is ``[0-1]+``, because its samples are anonymized (corpus 082_turkcell_turkcell2 has
    111111111111111). Where the library finds some of the circuits, its reading is what the corpus has on record,
    and the others are a doubt.
    """

    name = "Turkcell: circuit IDs"
    sample = (
        b"<table><tr><td>Impact of the maintenance</td><td><span>Line work</span>"
        b"<p>Eth-Trunk1.1   up   up   20345|01-CUSTOMER|CITY|LINK</p></td></tr></table>"
    )
    right = "20345"

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the circuit of the sample is missing."""
        data = modules("turkcell").HtmlParserTurkcell1().parser_hook(self.sample, "text/html")[0]
        return [circuit.circuit_id for circuit in data["circuits"]] != [self.right]

    def install(self, modules: Modules) -> None:
        """Read the circuits of the one-table layout again."""
        module = modules("turkcell")

        def parse_tables(original: Method, parser: Any, tables: Any, data: Data) -> None:
            original(parser, tables, data)
            if len(tables) != 1 or "circuits" not in data:
                return
            lines = [_CIRCUIT.match(element.text.strip()[:_LONGEST_LINE]) for element in tables[0].find_all("p")]
            found = {line[1]: line[2] for line in lines if line}
            read = {circuit.circuit_id for circuit in data["circuits"]}
            if read and (missing := ", ".join(cid for cid in found if cid not in read)):
                notes.doubt(f"Some circuits of the message were not read: {missing[:200]}.")
            elif found and not read:
                outage = module.Impact("OUTAGE")
                data["circuits"] = [module.CircuitImpact(impact=outage, circuit_id=each) for each in found]
                data["account"] = list(found.values())[-1]
                notes.correct(self.name)

        wrap(module.HtmlParserTurkcell1, "parse_tables", parse_tables)
