"""What takes circuits down: the windows of maintenances that are in force, as far as a user may view them."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

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
    "circuit_id",
    "maintenance_id",
    "maintenance__status",
    "maintenance__issued_at",
    "maintenance__last_updated",
)


def read_outages(
    visibility: Visibility, now: datetime, settings: RiskSettings, circuits: Collection[UUID] | None = None
) -> list[Outage]:
    """Return the outages that end after seven days ago, without an upper bound; of all circuits, or of these.

    An outage counts if its maintenance, its impact and its circuit may be viewed. Takes two queries.
    """
    margin = timedelta(minutes=settings.risk_margin)
    rows = [
        *_rows(visibility, now - LOOK_BACK - margin, settings, circuits, "maintenance__windows", in_all_windows=True),
        *_rows(visibility, now - LOOK_BACK - margin, settings, circuits, "windows", in_all_windows=False),
    ]
    outages = (_outage(row, margin) for row in rows)
    found = [each for each in outages if each.start < each.end]
    found.sort(key=lambda each: (each.start, each.end, each.circuit, each.maintenance))
    return found


def _rows(  # pylint: disable=too-many-arguments  # what is asked, and along which relation
    visibility: Visibility,
    since: datetime,
    settings: RiskSettings,
    circuits: Collection[UUID] | None,
    windows: str,
    *,
    in_all_windows: bool,
) -> Iterator[tuple[Any, ...]]:
    down = (Impact.OUTAGE, Impact.DEGRADED) if settings.degraded_is_down else (Impact.OUTAGE,)
    impacts = visibility.impacts.filter(
        in_all_windows=in_all_windows,
        impact__in=down,
        maintenance__in=visibility.maintenances.not_cancelled(),
        circuit__in=visibility.circuits,
        **{f"{windows}__end_time__gt": since},
    )
    if circuits is not None:
        impacts = impacts.filter(circuit__in=circuits)
    return iter(impacts.values_list(*_COLUMNS, f"{windows}__start_time", f"{windows}__end_time"))


def _outage(row: tuple[Any, ...], margin: timedelta) -> Outage:
    """Return the outage of a window; work that was completed takes nothing down from then on."""
    circuit, maintenance, status, issued, updated, start, end = row
    end += margin
    if status == Status.COMPLETED:
        # The provider's own time of the message that said so; a person who said so instead left no other time than the last edit.
        completed = issued if issued and issued > start else updated
        end = min(end, completed) if completed else end
    return Outage(circuit, maintenance, start, end, status not in _UNCONFIRMED)
