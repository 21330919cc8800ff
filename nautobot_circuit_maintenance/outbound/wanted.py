"""Whether a filter of a subscription is one that the list of maintenances accepts."""

from collections.abc import Mapping
from typing import Any

from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.outbound.owners import filterset_of


def problems_of(wanted: Mapping[str, Any], user: Any) -> list[str]:
    """Return what is wrong with a filter, each as "name: sentence"; it may only name what the user may view."""
    found = filterset_of(wanted, CircuitMaintenance.objects.none(), user)
    if found.is_valid():
        return []
    return [f"{name}: {' '.join(map(str, each))}" for name, each in found.errors.items()]
