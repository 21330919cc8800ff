"""Which other maintenances affect the same circuits at the same time: the same work under another ID, more often than not."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db.models import Q

from nautobot_circuit_maintenance.domain.updates import Window
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance
from nautobot_circuit_maintenance.models.querysets import CircuitImpactQuerySet

_MOST = 200
"""Impacts that are looked at."""


class Meeting(NamedTuple):
    """A circuit that another maintenance affects at the same time."""

    maintenance: CircuitMaintenance
    cid: str


def meetings(impacts: CircuitImpactQuerySet, circuits: Mapping[Window, Collection[str]]) -> list[Meeting]:
    """Return which of these impacts share time and circuit with these windows, each maintenance once; by three queries.

    ``circuits``: the circuit IDs that are affected in each window.
    """
    if not circuits:
        return []
    since, until = min(window.start for window in circuits), max(window.end for window in circuits)
    cids = {cid for each in circuits.values() for cid in each}
    rows = impacts.overlapping(since, until).filter(Q(cid__in=cids) | Q(circuit__cid__in=cids))
    rows = rows.select_related("maintenance", "circuit").prefetch_related("windows", "maintenance__windows")
    found: dict[str, Meeting] = {}
    for row in rows.order_by("maintenance__name", "cid")[:_MOST]:
        if any(_meets(row, window, each) for window, each in circuits.items()):
            found.setdefault(str(row.maintenance_id), Meeting(row.maintenance, row.cid))
    return list(found.values())


def _meets(impact: CircuitImpact, window: Window, cids: Collection[str]) -> bool:
    if impact.cid not in cids and (impact.circuit is None or impact.circuit.cid not in cids):
        return False
    windows = impact.maintenance.windows.all() if impact.in_all_windows else impact.windows.all()
    return any(row.start_time < window.end and window.start < row.end_time for row in windows)
