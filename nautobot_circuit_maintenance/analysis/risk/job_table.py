"""The result of the job *Find Sites At Risk*: a table in Markdown, which the log renders, and a CSV file."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from nautobot_circuit_maintenance.analysis.risk.export import as_csv
from nautobot_circuit_maintenance.analysis.risk.report import count, read_risk
from nautobot_circuit_maintenance.analysis.risk.words import read_names
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.escaping import in_markdown

MOST_ROWS = 200
"""The CSV file has all of them."""


@dataclass(frozen=True)
class JobTable:
    """What the job writes."""

    lines: tuple[str, ...]
    """One entry of the log for the table, and one for what is missing from it: never one for each pair of maintenances."""
    csv: str
    counts: dict[str, int]


def find_sites_at_risk(user: Any, now: datetime, span: timedelta) -> JobTable:
    """Return what begins within this span; raises RiskError if it cannot be assessed."""
    visibility = Visibility.of(user)
    risk = read_risk(visibility, now, with_devices=True)
    findings = risk.within(now + span)
    names = read_names(visibility, risk.recorded, findings)
    rows = risk.rows(findings)
    table = ["| What | How | From | To | Why |", "|---|---|---|---|---|"]
    for row in rows[:MOST_ROWS]:
        behind = f" and {len(row.others)} more behind it" if row.others else ""
        times = (f"{timezone.localtime(each):%Y-%m-%d %H:%M %Z}" for each in (row.first.start, row.first.end))
        why = in_markdown(names.why(row.first)).replace("|", "\\|")
        name = in_markdown(risk.names[row.first.key]).replace("|", "\\|")
        table.append(f"| {name}{behind} | {row.first.kind.value} | {' | '.join(times)} | {why} |")
    sites = count(findings)
    lines = ["\n".join(table) if rows else "No site is at risk."]
    if len(rows) > MOST_ROWS:
        lines.append(f"{len(rows) - MOST_ROWS} further rows are in the CSV file only.")
    if risk.is_partial:
        lines.append("Assessed with the maintenances that the user of this job may view.")
    return JobTable(tuple(lines), as_csv(findings, risk, names), {"dark": sites.dark, "one_left": sites.one_left})
