"""Lumen and Cirion: rows of their tables."""

from dataclasses import dataclass
from typing import Any

from nautobot_circuit_maintenance.reading.corrections.base import Data, Method, Modules, notes, text_of, wrap

_NO_ID = ("_", "N/A", "")
_ACCOUNT, _IMPACT, _STATUS = 0, 6, 9
_STATUSES = {
    "Completed": "COMPLETED",
    "Postponed": "RE-SCHEDULED",
    "Alternate Night": "RE-SCHEDULED",
    "Not Completed": "CANCELLED",
    "Cancelled": "CANCELLED",
}
_IMPACTS = {
    "outage": "OUTAGE",
    "no impact": "NO-IMPACT",
    "none": "NO-IMPACT",
    "degrad": "DEGRADED",
    "latency": "DEGRADED",
    "redundan": "REDUCED-REDUNDANCY",
    "protect": "REDUCED-REDUNDANCY",
    "switch": "REDUCED-REDUNDANCY",
}
Row = list[str]


@dataclass(frozen=True)
class _Layout:
    """How one of the two providers writes."""

    module: str
    parser: str
    zone: str
    """What stands behind a time in GMT; the other rows repeat the window in local time."""
    ids: tuple[int, int]
    """The columns of the circuit ID: the one that counts, and the one that replaces it."""
    has_status: bool


_LUMEN = _Layout("lumen", "HtmlParserLumen1", " GMT", (1, 2), has_status=True)
_CIRION = _Layout("cirion", "HtmlParserCirion1", "(Greenwich Mean Time)", (2, 1), has_status=False)


class LumenRows:
    """Lumen, Cirion: only the first window of each table and only circuits with an outage are read.

    A table with several nights in GMT loses all but one; a circuit with "Reduced Redundancy" is left out; a row without
    any circuit ID makes the whole mail unreadable, and nine circuits in nine columns are read as eight in ten. Layout:
    corpus 049_lumen_lumen1 and 056_lumen_lumen8, with one row each.
    """

    name = "Lumen: rows"
    sample = (
        b"<table><tr><td>Start</td><td>End</td></tr>"
        b"<tr><td>2026-12-01 04:00 GMT</td><td>2026-12-01 10:00 GMT</td></tr>"
        b"<tr><td>2026-12-02 04:00 GMT</td><td>2026-12-02 10:00 GMT</td></tr></table><table><tr>"
        b"<td>Customer Name</td><td>Circuit ID</td><td>Alt Circuit ID</td><td>Bandwidth</td><td>A Location</td>"
        b"<td>Z Location</td><td>Impact Type</td><td>Maximum Duration</td><td>Order Number</td></tr>"
        b"<tr><td>ACME</td><td>C-1</td><td>_</td><td></td><td></td><td></td><td>Outage</td><td></td><td></td></tr>"
        b"<tr><td>ACME</td><td>C-2</td><td>_</td><td></td><td></td><td></td><td>Reduced Redundancy</td><td></td>"
        b"<td></td></tr></table>"
    )
    right = ((1796097600, 1796119200), (1796184000, 1796205600))

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is read with other windows or circuits."""
        items = modules("lumen").HtmlParserLumen1().parser_hook(self.sample, "text/html")
        circuits = [circuit.circuit_id for item in items for circuit in item["circuits"]]
        return (tuple((i["start"], i["end"]) for i in items), circuits) != (self.right, ["C-1", "C-2"] * 2)

    def install(self, modules: Modules) -> None:
        """Read the tables of both providers row by row."""
        for layout in (_LUMEN, _CIRION):
            module = modules(layout.module)
            wrap(getattr(module, layout.parser), "parse_tables", self._advice(module, layout))

    def _advice(self, module: Any, layout: _Layout) -> Method:
        def parse_tables(original: Method, parser: Any, tables: Any, data: Data) -> None:
            before = dict(data)
            try:
                original(parser, tables, before)
            except (AttributeError, LookupError, TypeError, ValueError):
                before = {}
            data["windows"] = []
            for rows in map(_rows, tables):
                if rows[0][:2] == ["Start", "End"]:
                    data["windows"] += _windows(module, parser, rows[1:], layout.zone)
                elif rows[0][0] == "Customer Name":
                    _read_circuits(module, rows[1:], layout, data)
            data["windows"] = list(dict.fromkeys(data["windows"]))
            if data != before:
                notes.correct(self.name)

        return parse_tables


def _rows(table: Any) -> list[Row]:
    """Return the texts of a table's cells by row; a table without cells has one empty cell."""
    rows = [[text_of(cell) for cell in row.find_all("td")] for row in table.find_all("tr")]
    return [row for row in rows if row] or [[""]]


def _windows(module: Any, parser: Any, rows: list[Row], zone: str) -> list[tuple[int, int]]:
    return [
        (_time(module, parser, row[0], zone), _time(module, parser, row[1], zone))
        for row in rows
        if len(row) > 1 and zone in row[0] and zone in row[1]
    ]


def _time(module: Any, parser: Any, text: str, zone: str) -> int:
    time: int = parser.dt2ts(module.parser.parse(text.split(zone)[0]))
    return time


def _read_circuits(module: Any, rows: list[Row], layout: _Layout, data: Data) -> None:
    """Add account, status and circuits of the rows of a table."""
    circuits = list(data.get("circuits", ()))
    for row in rows:
        if len(row) <= _IMPACT:
            continue
        data.setdefault("account", row[_ACCOUNT])
        if layout.has_status:
            _read_status(module, row, data)
        if cid := next((row[column] for column in layout.ids if row[column] not in _NO_ID), ""):
            circuits.append(module.CircuitImpact(circuit_id=cid, impact=module.Impact(_impact(row[_IMPACT], cid))))
    data["circuits"] = circuits


def _read_status(module: Any, row: Row, data: Data) -> None:
    if len(row) <= _STATUS:
        data.setdefault("status", module.Status("CONFIRMED"))
    elif status := _STATUSES.get(row[_STATUS]):
        data["status"] = module.Status(status)


def _impact(words: str, cid: str) -> str:
    lowered = words.lower()
    for word, impact in _IMPACTS.items():
        if word in lowered:
            return impact
    notes.doubt(f'The impact "{words[:50]}" of circuit {cid[:50]} is unknown; it was read as an outage.')
    return "OUTAGE"
