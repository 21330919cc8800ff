"""The line under the title of a maintenance, and its windows as a strip."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.template.defaultfilters import pluralize
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from nautobot_circuit_maintenance.analysis.scope import Affected
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitMaintenanceStatusChoices as Status
from nautobot_circuit_maintenance.domain.periods import duration
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.models.querysets import OVER
from nautobot_circuit_maintenance.ui import formatting

if TYPE_CHECKING:
    from nautobot_circuit_maintenance.analysis.risk.of_maintenance import Line


def headline(
    maintenance: CircuitMaintenance, visibility: Visibility, affected: Affected, risk: "Sequence[Line]", now: datetime
) -> SafeString:
    """Return when it starts or ends, how many circuits it affects, what that puts at risk, and whether anyone is on it."""
    parts = [_when(maintenance, now)]
    if visibility.user.has_perm("nautobot_circuit_maintenance.view_circuitimpact"):
        parts.append(f"{affected.total} circuit{pluralize(affected.total)}")
    else:
        parts.append(formatting.HIDDEN)
    parts.extend(_at_risk(risk))
    if maintenance.ack or not maintenance.is_over(now):  # what is over asks for nothing
        parts.append(_acknowledged(maintenance))
    return format_html_join(" \u00b7 ", "{}", ((part,) for part in parts))


def _acknowledged(maintenance: CircuitMaintenance) -> str:
    if not maintenance.ack:
        return "unacknowledged"
    return f"acknowledged by {maintenance.acknowledged_by}" if maintenance.acknowledged_by else "acknowledged"


def _at_risk(risk: "Sequence[Line]") -> Iterator[str]:
    """Yield the worst of it, and how many others are at risk; the panel *Risk* has all."""
    if not risk:
        return
    worst, *others = risk
    yield f"{worst.name} {worst.says} ({worst.why})" if worst.why else f"{worst.name} {worst.says}"
    more = {each.key for each in others if each.kind} - {worst.key}
    if more:
        yield f"{len(more)} more at risk"


def _when(maintenance: CircuitMaintenance, now: datetime) -> str:
    if maintenance.status in OVER:
        return "Cancelled" if maintenance.status == Status.CANCELLED else "Completed"
    windows = [(row.start_time, row.end_time) for row in maintenance.windows.all()]
    if not windows:
        return "No time announced"
    for start, end in sorted(windows):
        if end > now:
            return (
                f"Ends {formatting.relative(end, now)}" if start <= now else f"Starts {formatting.relative(start, now)}"
            )
    return f"Ended {formatting.relative(max(end for _, end in windows), now)}"


def gantt(maintenance: CircuitMaintenance, now: datetime) -> dict[str, Any] | None:
    """Return the windows as shares of the time from the first to the last; None for less than two."""
    spans = [(row.start_time, row.end_time, "bg-primary") for row in maintenance.windows.all()]
    spans += [(start, end, "bg-secondary") for start, end in maintenance.cancelled_spans]
    if len(spans) < 2:
        return None
    first, last = min(start for start, *_ in spans), max(end for _, end, _ in spans)
    whole = (last - first) or timedelta(seconds=1)
    bars = [
        {
            "left": _percent(start - first, whole),
            "width": _percent(end - start, whole),
            "color": color,
            "words": formatting.plain_window(start, end),
        }
        for start, end, color in sorted(spans)
    ]
    return {
        "bars": bars,
        "now": _percent(now - first, whole) if first <= now <= last else None,
        "first": formatting.day(first),
        "last": formatting.day(last),
        "words": f"{len(spans)} windows in {duration(whole)}",
    }


def _percent(part: timedelta, whole: timedelta) -> str:
    return f"{100 * (part / whole):.2f}"
