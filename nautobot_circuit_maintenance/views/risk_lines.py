"""What a maintenance puts at risk, as sentences of HTML."""

from collections.abc import Iterable
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.risk.of_maintenance import Line
from nautobot_circuit_maintenance.ui import formatting, risk as shown


def risk_lines(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """Return a sentence for each site that goes dark, keeps one way, or only loses links."""
    return [{"html": _sentence(each), "is_dark": each.kind == Kind.DARK} for each in lines]


def _sentence(line: Line) -> SafeString:
    """Return "With this, AMS1 goes dark Tue 02:00 - 03:10 (together with Lumen 42)", or "SYD1 keeps 3 of 4 links"."""
    what = shown.link(line.subject, line.key, line.name)
    if line.start is None or line.end is None:
        return format_html("{} {}", what, line.says)
    why = f" ({line.why})" if line.why else ""
    return format_html("With this, {} {} {}{}", what, line.says, formatting.window(line.start, line.end), why)
