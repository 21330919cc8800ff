"""FLAG: rows of its tables."""

from datetime import datetime
from typing import Any

from nautobot_circuit_maintenance.reading.corrections.base import Data, Method, Modules, notes, text_of, wrap

_DATE = "%d-%b-%Y %H:%M"
# The mail explains its words below: "Services will experience loss of resiliency", "Service will continue to work".
_IMPACTS = {"loss of resiliency": "REDUCED-REDUNDANCY", "no impact": "NO-IMPACT"}


class FlagRows:
    """FLAG: of several windows only the last is read, and "Loss of Resiliency" and "No Impact" are an outage.

    Layout: the library's own tests, flag1. Each row has a window and, in further columns, its backup.
    """

    name = "FLAG: windows and impacts"
    sample = (
        b"<table border-collapse='collapse'><tr><td>Window</td><td>Start Date (GMT)</td><td>End Date (GMT)</td></tr>"
        b"<tr><td>1</td><td>29-May-2026 04:01</td><td>29-May-2026 10:00</td></tr>"
        b"<tr><td>2</td><td>30-May-2026 04:01</td><td>30-May-2026 10:00</td></tr></table>"
        b"<table border-collapse='collapse'><tr><td>Service ID</td><td>Impact</td></tr>"
        b"<tr><td>C-1</td><td>Loss of Resiliency</td></tr></table>"
    )
    right = ((1780027260, 1780048800), (1780113660, 1780135200))

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is read with other windows."""
        items = modules("flag").HtmlParserFlag1().parser_hook(self.sample, "text/html")
        return tuple((item["start"], item["end"]) for item in items) != self.right

    def install(self, modules: Modules) -> None:
        """Make a maintenance of each window, and read the impacts again."""
        module = modules("flag")

        def parse_html(original: Method, parser: Any, soup: Any) -> list[Data]:
            [item] = original(parser, soup)
            tables = [_rows(table) for table in soup.find_all("table", attrs={"border-collapse": "collapse"})]
            circuits = [self._circuit(module, circuit, tables) for circuit in item["circuits"]]
            windows = [_window(parser, row) for rows in tables if rows[0][0] == "Window" for row in rows[1:]]
            if circuits != item["circuits"] or len(windows) > 1:
                notes.correct(self.name)
            item = {**item, "circuits": circuits}
            return [{**item, "start": start, "end": end} for start, end in windows] if len(windows) > 1 else [item]

        wrap(module.HtmlParserFlag1, "parse_html", parse_html)

    def _circuit(self, module: Any, circuit: Data, tables: list[list[list[str]]]) -> Data:
        rows = [row for rows in tables if rows[0][0] == "Service ID" for row in rows[1:]]
        words = next((row[1].lower() for row in rows if row[0] == circuit["circuit_id"]), "")
        impact = next((impact for word, impact in _IMPACTS.items() if word in words), None)
        return {**circuit, "impact": module.Impact(impact)} if impact else circuit


def _rows(table: Any) -> list[list[str]]:
    """Return the texts of a table's cells; a table without cells has one empty cell."""
    rows = [[text_of(cell) for cell in row.find_all("td")] for row in table.find_all("tr")]
    return [row for row in rows if row] or [[""]]


def _window(parser: Any, row: list[str]) -> tuple[int, int]:
    start, end = (parser.dt2ts(datetime.strptime(text, _DATE)) for text in row[1:3])
    return start, end
