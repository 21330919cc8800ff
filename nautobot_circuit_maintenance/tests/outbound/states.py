"""States for the tests of what is written about them."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from nautobot_circuit_maintenance.outbound.state import CircuitState, MaintenanceState, Span

NIGHT = datetime(2026, 12, 1, 22, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
WINDOW: Span = (NIGHT, NIGHT + 4 * HOUR)
SECOND: Span = (NIGHT + 24 * HOUR, NIGHT + 28 * HOUR)
SYDNEY = CircuitState("SYD-1", "OUTAGE", sites=("SYD1",), tenant="Retail", url="https://nautobot.example/c/1/")
NEW_YORK = CircuitState("NYC-7", "DEGRADED", sites=("NYC1",))
STATE = MaintenanceState(
    id="6c1f0f2e-6b5c-4c60-9d4e-3d5bd6a0f5c1",
    name="42",
    provider="Lumen",
    status="CONFIRMED",
    windows=(WINDOW,),
    circuits=(NEW_YORK, SYDNEY),
    description="Fiber splice; bring a ladder, please",
    ticket="CHG-9",
    revision=3,
    changed_at=datetime(2026, 11, 20, 9, 30, tzinfo=timezone.utc),
    url="https://nautobot.example/m/42/",
)


def changed(state: MaintenanceState = STATE, **values) -> MaintenanceState:
    """Return the state with other values."""
    return replace(state, **values)
