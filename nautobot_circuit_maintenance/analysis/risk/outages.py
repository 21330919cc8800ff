"""What takes circuits down: the windows of maintenances that are in force, as far as a user may view them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

from nautobot_circuit_maintenance.analysis.keys import as_text
from nautobot_circuit_maintenance.analysis.redundancy.values import Outage
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as Status,
)
from nautobot_circuit_maintenance.risk_settings import RiskSettings

LOOK_BACK = timedelta(days=7)
"""A finding that is in progress keeps its true beginning if what caused it ended no longer ago."""
_UNCONFIRMED = (Status.TENTATIVE, Status.UNKNOWN)
_COLUMNS = (
    as_text("circuit"),
    as_text("maintenance"),
    "maintenance__status",
    "maintenance__issued_at",
    "maintenance__last_updated",
)
_IN_ORDER = (5, 6, 0, 1)
"""Start, end, circuit and maintenance: the order of outages."""


def read_outages(
    visibility: Visibility, now: datetime, settings: RiskSettings, horizon: datetime | None = None
) -> list[Outage]:
    """Return the outages that end after seven days ago and begin before a horizon, if there is one.

    An outage counts if its maintenance, its impact and its circuit may be viewed. Takes two queries.
    """
    margin = timedelta(minutes=settings.risk_margin)
    span = (now - LOOK_BACK - margin, horizon)
    rows = [
        *_rows(visibility, span, settings, "maintenance__windows", in_all_windows=True),
        *_rows(visibility, span, settings, "windows", in_all_windows=False),
    ]
    rows.sort(key=itemgetter(*_IN_ORDER))
    keys = {text: UUID(text) for text in {key for row in rows for key in row[:2]}}
    outages = (_outage(row, keys, margin) for row in rows)
    return [each for each in outages if each.start < each.end]


def _rows(
    visibility: Visibility,
    span: tuple[datetime, datetime | None],
    settings: RiskSettings,
    windows: str,
    *,
    in_all_windows: bool,
) -> Iterator[tuple[Any, ...]]:
    """Yield circuit, maintenance, what is known about it, and a window that is found along this relation."""
    down = (Impact.OUTAGE, Impact.DEGRADED) if settings.degraded_is_down else (Impact.OUTAGE,)
    since, horizon = span
    times: dict[str, datetime] = {f"{windows}__end_time__gt": since}
    if horizon is not None:
        times[f"{windows}__start_time__lt"] = horizon
    impacts = visibility.impacts.filter(
        in_all_windows=in_all_windows,
        impact__in=down,
        maintenance__in=visibility.maintenances.not_cancelled(),
        circuit__in=visibility.circuits,
        **times,
    )
    return iter(impacts.values_list(*_COLUMNS, f"{windows}__start_time", f"{windows}__end_time"))


def _outage(row: tuple[Any, ...], keys: Mapping[str, UUID], margin: timedelta) -> Outage:
    """Return the outage of a window; work that was completed takes nothing down from then on."""
    circuit, maintenance, status, issued, updated, start, end = row
    end += margin
    if status == Status.COMPLETED:
        # The provider's own time of the message that said so; a person who said so instead left no other time than the last edit.
        completed = issued if issued and issued > start else updated
        end = min(end, completed) if completed else end
    return Outage(keys[circuit], keys[maintenance], start, end, status not in _UNCONFIRMED)
