"""The impacts of one maintenance in memory: what a conclusion changes about each circuit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.domain.acknowledgement import Affected
from nautobot_circuit_maintenance.domain.conclusion import CircuitState
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate, Window
from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance

CircuitOf = Callable[[str], UUID | None]
"""Returns the primary key of the circuit that a circuit ID matches, if any."""

Windows = frozenset[Window] | None
"""The windows of an impact; None: all of the maintenance's."""


class ImpactValues(NamedTuple):
    """The values of an impact that notifications change."""

    cid: str
    impact: str
    windows: Windows


class ImpactsByCid:
    """Impacts by circuit ID, whatever its case; the exact spelling comes first."""

    def __init__(self, impacts: Iterable[CircuitImpact]) -> None:
        """Index these impacts."""
        rows = list(impacts)
        self._rows = {row.cid.casefold(): row for row in rows} | {row.cid: row for row in rows}

    def find(self, cid: str) -> CircuitImpact | None:
        """Return the impact on a circuit, or None."""
        return self._rows.get(cid) or self._rows.get(cid.casefold())


@dataclass
class Impacts:
    """The impacts of a maintenance while notifications are applied to it."""

    maintenance: CircuitMaintenance
    rows: list[CircuitImpact] = field(default_factory=list)
    windows: dict[UUID, frozenset[Window]] = field(default_factory=dict)
    """By primary key; an impact that is not listed is about all windows."""

    @property
    def values(self) -> dict[UUID, ImpactValues]:
        """Everything that is stored of them, by primary key."""
        return {row.pk: ImpactValues(row.cid, row.impact, self.windows.get(row.pk)) for row in self.rows}

    @property
    def circuits(self) -> dict[str, str]:
        """What identifies the circuit of each circuit ID: the circuit, if there is one."""
        return {row.cid.casefold(): _identity(row) for row in self.rows}

    def affected(self, spans: Iterable[Window]) -> frozenset[Affected]:
        """Return each circuit in each of its windows, given those of the maintenance."""
        everywhere = frozenset(spans)
        places: Sequence[tuple[str, str, Windows]] = [
            (_identity(row), row.impact, self.windows.get(row.pk)) for row in self.rows
        ] or [("", "", None)]
        found = set()
        for circuit, impact, own in places:
            windows: Iterable[Window | None] = everywhere if own is None else own
            if own is None and not everywhere:
                windows = (None,)
            found |= {Affected(circuit, window, impact) for window in windows}
        return frozenset(found)

    def adopt(self, before: Iterable[CircuitState], after: Sequence[CircuitState], circuit_of: CircuitOf) -> bool:
        """Adopt what the provider changed about each circuit; return whether anything differs now.

        What a person changed or added stays. A circuit ID that takes the place of another one of the same circuit takes
        its row, too.
        """
        known = ImpactsByCid(self.rows)
        old = {state.cid.casefold(): state for state in before}
        announced = {state.cid.casefold() for state in after}
        leaving = [known.find(state.cid) for key, state in old.items() if key not in announced]
        gone = [row for row in leaving if row]
        is_changed = bool(gone)
        for state in after:
            earlier = old.get(state.cid.casefold())
            if earlier != state:
                row = known.find(state.cid) or self._successor(gone, state.cid, circuit_of)
                is_changed |= self._adopt_state(row, earlier, state)
        removed = {row.pk for row in gone}
        self.rows = [row for row in self.rows if row.pk not in removed]
        self.windows = {pk: windows for pk, windows in self.windows.items() if pk not in removed}
        return is_changed

    def candidates(self, update: MaintenanceUpdate) -> set[str]:
        """Return the circuit IDs of an update that may take the place of others: it leaves out a linked one."""
        named = {cid.casefold() for cid, _ in update.circuits}
        if all(row.cid.casefold() in named for row in self.rows if row.circuit_id):
            return set()
        known = {row.cid.casefold() for row in self.rows}
        return {cid for cid, _ in update.circuits if cid.casefold() not in known}

    def forget(self, spans: frozenset[Window]) -> None:
        """Let impacts of people be about all windows if none of their own is left among these."""
        for pk, own in list(self.windows.items()):
            if own and not own & spans:
                del self.windows[pk]

    def _successor(self, gone: list[CircuitImpact], cid: str, circuit_of: CircuitOf) -> CircuitImpact:
        """Return the row of the same circuit among these, which it leaves, or a new one."""
        circuit = circuit_of(cid) if any(row.circuit_id for row in gone) else None
        for row in gone:
            if circuit and row.circuit_id == circuit:
                gone.remove(row)
                return row
        row = CircuitImpact(maintenance=self.maintenance)
        self.rows.append(row)
        return row

    def _adopt_state(self, row: CircuitImpact, before: CircuitState | None, after: CircuitState) -> bool:
        """Adopt what changed about one circuit; return whether the row differs now."""
        old = ImpactValues(row.cid, row.impact, self.windows.get(row.pk))
        if before is None or before.cid != after.cid or not row.cid:
            row.cid = after.cid
        if before is None or before.impact != after.impact:
            row.impact = after.impact
        if before is None or before.windows != after.windows:
            self.set_windows(row, after)
        return old != ImpactValues(row.cid, row.impact, self.windows.get(row.pk))

    def set_windows(self, row: CircuitImpact, state: CircuitState) -> None:
        """Set the windows of an impact to those of the provider."""
        if state.windows is None:
            self.windows.pop(row.pk, None)
        else:
            self.windows[row.pk] = frozenset(state.windows)


def _identity(row: CircuitImpact) -> str:
    return str(row.circuit_id) if row.circuit_id else row.cid.casefold()
