"""The maintenances and impacts of a circuit, provider, location or device.

The same rows as the filters of these names find, without a filter set: building one costs 30 ms, which every page of core would
pay.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model
from nautobot.circuits.models import Circuit, CircuitTermination, Provider
from nautobot.dcim.models import Device, Location

from nautobot_circuit_maintenance.analysis.cabling import terminations_cabled_to
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models.querysets import CircuitImpactQuerySet, CircuitMaintenanceQuerySet


@dataclass(frozen=True)
class Related:
    """Querysets of what belongs to one object, as far as a user may view it."""

    maintenances: CircuitMaintenanceQuerySet
    """Those of a provider, or those with impacts on the circuits of another object."""
    impacts: CircuitImpactQuerySet
    """Those on a circuit, on the circuits of a provider, or on circuits that end at a location or a device."""


def related_to(instance: Model, visibility: Visibility) -> Related:
    """Return the maintenances and impacts of a circuit, provider, location or device."""
    impacts = visibility.impacts.filter(**_conditions(instance))
    if isinstance(instance, Provider):
        return Related(visibility.maintenances.filter(provider=instance), impacts)
    return Related(visibility.maintenances.filter(pk__in=impacts.values("maintenance")), impacts)


def _conditions(instance: Model) -> dict[str, Any]:
    if isinstance(instance, Provider):
        return {"maintenance__provider": instance}
    if isinstance(instance, Circuit):
        return {"circuit": instance}
    if isinstance(instance, Location):
        return {"circuit__in": _circuits_at(instance.cacheable_descendants_pks(include_self=True))}
    if isinstance(instance, Device):
        return {"circuit__in": terminations_cabled_to([instance.pk]).values("circuit")}
    raise TypeError(f"Maintenances have no relation to {instance!r}.")


def _circuits_at(locations: list[UUID]) -> Any:
    """Return a subquery for the primary keys of the circuits that end at these locations."""
    return CircuitTermination.objects.filter(location__in=locations).order_by().values("circuit")
