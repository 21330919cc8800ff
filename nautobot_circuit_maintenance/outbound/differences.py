"""What changed between what a recipient was sent last and now, as sentences without capital and full stop."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from itertools import zip_longest

from nautobot_circuit_maintenance.domain.periods import shift_text
from nautobot_circuit_maintenance.outbound.moments import span_text
from nautobot_circuit_maintenance.outbound.state import CircuitState, MaintenanceState, Span


def changes(before: MaintenanceState, now: MaintenanceState, zone: tzinfo) -> list[str]:
    """Return what changed, what matters most first; empty if nothing did."""
    found = list(_windows(before.windows, now.windows, zone))
    if before.status != now.status:
        found.append(f"the status changed from {before.status} to {now.status}")
    if now.replaced_by and now.replaced_by != before.replaced_by:
        found.append(f"it was replaced by {now.replaced_by}")
    found += _circuits(before, now, zone)
    if before.acknowledged != now.acknowledged:
        found.append("it was acknowledged" if now.acknowledged else "its acknowledgement was removed")
    if before.description != now.description:
        found.append("the description changed")
    return found


def _windows(before: Sequence[Span], now: Sequence[Span], zone: tzinfo) -> Iterator[str]:
    """Yield windows that moved, in pairs by their order, then those that have no partner."""
    removed = sorted(span for span in before if span not in now)
    added = sorted(span for span in now if span not in before)
    for old, new in zip_longest(removed, added):
        if old and new:
            yield _moved(old, new, zone)
        elif old:
            yield f"a window was removed: {span_text(old, zone)}"
        else:
            yield f"a window was added: {span_text(new, zone)}"


def _moved(old: Span, new: Span, zone: tzinfo) -> str:
    shifts = {new[0] - old[0], new[1] - old[1]}
    what = f"moved {shift_text(shifts.pop())}" if len(shifts) == 1 else "changed"
    return f"the window {what}, from {span_text(old, zone)} to {span_text(new, zone)}"


def _circuits(before: MaintenanceState, now: MaintenanceState, zone: tzinfo) -> Iterator[str]:
    known, current = _by_cid(before.circuits), _by_cid(now.circuits)
    for cid, circuit in current.items():
        if cid not in known:
            yield f"circuit {described(circuit)} was added"
        elif known[cid].impact != circuit.impact:
            yield f"the impact on {circuit.cid} changed from {known[cid].impact} to {circuit.impact}"
        if cid in known and _spans(known[cid], before) != _spans(circuit, now) and circuit.windows is not None:
            spans = ", ".join(span_text(span, zone) for span in circuit.windows) or "no window"
            yield f"circuit {circuit.cid} is now affected in {spans}"
    for cid, circuit in known.items():
        if cid not in current:
            yield f"circuit {described(circuit)} is no longer affected"


def _by_cid(circuits: Iterable[CircuitState]) -> dict[str, CircuitState]:
    return {circuit.cid.casefold(): circuit for circuit in circuits}


def _spans(circuit: CircuitState, of: MaintenanceState) -> set[Span]:
    return set(of.windows if circuit.windows is None else circuit.windows)


def described(circuit: CircuitState) -> str:
    """Return a circuit with its impact and sites: "SYD-1 (OUTAGE at SYD1)"."""
    where = f" at {' and '.join(circuit.sites)}" if circuit.sites else ""
    return f"{circuit.cid} ({circuit.impact}{where})"
