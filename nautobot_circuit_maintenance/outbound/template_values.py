"""What a template is given: the facts of an occasion as plain values."""

from datetime import tzinfo
from typing import Any

from nautobot_circuit_maintenance.outbound.differences import changes
from nautobot_circuit_maintenance.outbound.state import MaintenanceState, Occasion, Span, State
from nautobot_circuit_maintenance.outbound.texts import Written


def template_values(occasion: Occasion, written: Written, zone: tzinfo) -> dict[str, Any]:
    """Return the values by name; ``docs/admin/channels.md`` lists them."""
    now, before = occasion.now, occasion.last_state
    both = isinstance(now, MaintenanceState) and isinstance(before, MaintenanceState)
    return {
        "event": occasion.event,
        "headline": written.headline,
        "text": written.text,
        "changes": tuple(changes(before, now, zone)) if both else (),  # type: ignore[arg-type]  # see "both"
        "window": _window(occasion.window) if occasion.window else None,
        "before": _state(before) if before else None,
        **_state(now),
    }


def _state(state: State) -> dict[str, Any]:
    values: dict[str, Any] = {**vars(state)}
    if isinstance(state, MaintenanceState):
        values["sites"] = state.sites
        values["windows"] = tuple(map(_window, state.windows))
        values["circuits"] = tuple(
            {**vars(circuit), "windows": tuple(map(_window, circuit.windows or state.windows))}
            for circuit in state.circuits
        )
    return values


def _window(span: Span) -> dict[str, Any]:
    return {"start": span[0], "end": span[1]}
