"""The state of each circuit, for a monitoring system: in maintenance or not, by the labels that the settings choose."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import FieldError
from django.db.models.sql.query import Query
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, MaintenanceWindow

OPERATIONAL, IN_MAINTENANCE = 1, 2


def read_circuit_states(fields: Sequence[str], now: datetime) -> dict[tuple[str, ...], int]:
    """Return the state by the values of these fields, by two queries.

    Circuits that have the same values count as one, which is in maintenance if any of them is.
    """
    in_maintenance = circuits_in_maintenance(now)
    states: dict[tuple[str, ...], int] = {}
    for pk, *values in Circuit.objects.order_by().values_list("pk", *fields):
        labels = tuple(["" if value is None else str(value) for value in values])
        state = IN_MAINTENANCE if pk in in_maintenance else OPERATIONAL
        states[labels] = max(state, states.get(labels, state))
    return states


def circuits_in_maintenance(now: datetime) -> frozenset[Any]:
    """Return the circuits that are affected now, whatever the impact, by a maintenance that is open."""
    # Few maintenances have a window now: their impacts are found by them, not the other way around.
    windows = MaintenanceWindow.objects.overlapping(now, now).order_by().values("maintenance")
    maintenances = CircuitMaintenance.objects.open().filter(pk__in=windows).order_by()
    impacts = CircuitImpact.objects.active_at(now).filter(maintenance__in=maintenances.values("pk"))
    return frozenset(impacts.order_by().filter(circuit__isnull=False).values_list("circuit", flat=True))


def what_is_wrong_with(field: str) -> str:
    """Return why a label of a circuit cannot have its value from this field, as a sentence; empty if it can."""
    try:
        Circuit.objects.values_list(field)
    except FieldError:
        return f"Circuits have no field '{field}'."
    targets = Query(Circuit).names_to_path(field.split("__"), Circuit._meta)[
        0
    ]  # pylint: disable=protected-access  # Django documents _meta
    if any(step.m2m for step in targets):
        return f"A circuit may have several values of '{field}'."
    return ""
