"""The impacts of one maintenance in memory: what a conclusion changes about each circuit."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.choices import MatchedByChoices
from nautobot_circuit_maintenance.domain.acknowledgement import Affected
from nautobot_circuit_maintenance.domain.baseline import adopts
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


class Step(NamedTuple):
    """What a notification changes about the circuits of a maintenance."""

    baseline: Mapping[str, CircuitState]
    """As notifications last had them, by circuit ID in lower case."""
    before: Sequence[CircuitState]
    """What today's rules conclude without the notification."""
    after: Sequence[CircuitState]
    is_news: bool
    """Whether the notification was not read before."""

    @property
    def is_change(self) -> bool:
        """Whether anything can change at all."""
        return self.before != self.after or list(self.baseline.values()) != list(self.after)


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
    def states(self) -> set[CircuitState]:
        """What is on record of them as a conclusion has it."""
        return {self._state(row) for row in self.rows}

    @property
    def circuits(self) -> dict[str, str]:
        """What identifies the circuit of each circuit ID: the circuit, if there is one."""
        return {row.cid.casefold(): _identity(row) for row in self.rows}

    def affecting(self, spans: Collection[Window]) -> list[CircuitImpact]:
        """Return the impacts that have a window, given those of the maintenance."""
        return [row for row in self.rows if row.pk not in self.windows or not self.windows[row.pk].isdisjoint(spans)]

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

    def adopt(self, step: Step, circuit_of: CircuitOf) -> bool:
        """Adopt the state of each circuit as far as no person edited it; return whether anything differs now.

        A circuit ID that takes the place of another one of the same circuit takes its row, too.
        """
        known = ImpactsByCid(self.rows)
        before = {state.cid.casefold(): state for state in step.before}
        leaving = self._leaving(known, before, step)
        is_changed = False
        for state in step.after:
            key = state.cid.casefold()
            baseline, earlier = step.baseline.get(key), before.get(key)
            if state == baseline and (earlier == state or not step.is_news):
                continue
            row = known.find(state.cid)
            if row is None and adopts(None, baseline, earlier, state, is_news=step.is_news):
                row = self._successor(leaving, state.cid, circuit_of)
                is_changed |= self._adopt_state(row, None, None, state, is_news=True)
            elif row is not None:
                is_changed |= self._adopt_state(row, baseline, earlier, state, is_news=step.is_news)
        removed = {row.pk for row, is_removed in leaving if is_removed}
        self.rows = [row for row in self.rows if row.pk not in removed]
        self.windows = {pk: windows for pk, windows in self.windows.items() if pk not in removed}
        return is_changed or bool(removed)

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

    def _leaving(
        self, known: ImpactsByCid, before: Mapping[str, CircuitState], step: Step
    ) -> list[tuple[CircuitImpact, bool]]:
        """Return the rows of circuits that are not announced any more, and whether each is removed."""
        announced = {state.cid.casefold() for state in step.after}
        leaving = []
        for key, state in {**step.baseline, **before}.items():
            row = known.find(state.cid) if key not in announced else None
            if row is not None:
                baseline, earlier = step.baseline.get(key), before.get(key)
                recorded = None if row.matched_by == MatchedByChoices.MANUAL else self._state(row)
                is_removed = adopts(recorded, baseline or "", earlier, None, is_news=step.is_news)
                leaving.append((row, is_removed))
        return leaving

    def _successor(self, leaving: list[tuple[CircuitImpact, bool]], cid: str, circuit_of: CircuitOf) -> CircuitImpact:
        """Return the row of the same circuit among these, which it leaves, or a new one."""
        circuit = circuit_of(cid) if any(row.circuit_id for row, _ in leaving) else None
        for each in leaving:
            if circuit and each[0].circuit_id == circuit:
                leaving.remove(each)
                return each[0]
        row = CircuitImpact(maintenance=self.maintenance)
        self.rows.append(row)
        return row

    def _adopt_state(
        self,
        row: CircuitImpact,
        baseline: CircuitState | None,
        before: CircuitState | None,
        after: CircuitState,
        *,
        is_news: bool,
    ) -> bool:
        """Adopt the state of one circuit as far as no person edited it; return whether the row differs now."""
        old = self._state(row)
        taken = {
            name
            for name in CircuitState._fields
            if adopts(
                getattr(old, name),
                getattr(baseline, name, ...),
                getattr(before, name, ...),
                getattr(after, name),
                is_news=is_news,
            )
        }
        row.cid = after.cid if "cid" in taken else row.cid
        row.impact = after.impact if "impact" in taken else row.impact
        if "windows" in taken:
            self.set_windows(row, after)
        return old != self._state(row)

    def _state(self, row: CircuitImpact) -> CircuitState:
        """Return what is on record of an impact as a conclusion has it."""
        windows = self.windows.get(row.pk)
        return CircuitState(row.cid, row.impact, None if windows is None else tuple(sorted(windows)))

    def set_windows(self, row: CircuitImpact, state: CircuitState) -> None:
        """Set the windows of an impact to those of the provider."""
        if state.windows is None:
            self.windows.pop(row.pk, None)
        else:
            self.windows[row.pk] = frozenset(state.windows)


def _identity(row: CircuitImpact) -> str:
    return str(row.circuit_id) if row.circuit_id else row.cid.casefold()
