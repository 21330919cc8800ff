"""Findings as rows of text: for CSV files, the log of a job and the output of a command."""

import csv
import io
from collections.abc import Iterable, Iterator

from nautobot_circuit_maintenance.analysis.redundancy.values import Finding
from nautobot_circuit_maintenance.analysis.risk.report import Risk
from nautobot_circuit_maintenance.analysis.risk.words import Names
from nautobot_circuit_maintenance.domain.escaping import in_csv

HEADINGS = (
    "subject",
    "name",
    "kind",
    "start",
    "end",
    "minutes",
    "confirmed",
    "had_two_ways",
    "links",
    "down",
    "hangs_on",
    "maintenances",
    "why",
)


def rows_as_text(findings: Iterable[Finding], risk: Risk, names: Names) -> Iterator[tuple[str, ...]]:
    """Yield a row for each finding, with times in UTC."""
    for each in findings:
        count = names.link_count(each)
        yield (
            each.subject.value,
            risk.names[each.key],
            each.kind.value,
            f"{each.start:%Y-%m-%dT%H:%M:%SZ}",
            f"{each.end:%Y-%m-%dT%H:%M:%SZ}",
            str(round((each.end - each.start).total_seconds() / 60)),
            str(each.is_confirmed).lower(),
            str(each.had_two_ways).lower(),
            "" if count is None else str(count),
            " ".join(sorted(names.circuit(key) for key in each.down if key in names.circuits)),
            " ".join(names.hangs_on(each)),
            ", ".join(names.works(each)),
            names.why(each),
        )


def as_csv(findings: Iterable[Finding], risk: Risk, names: Names) -> str:
    """Return a CSV file; no cell is taken for a formula by a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADINGS)
    writer.writerows([in_csv(cell) for cell in row] for row in rows_as_text(findings, risk, names))
    return file.getvalue()
