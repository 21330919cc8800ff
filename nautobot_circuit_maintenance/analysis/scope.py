"""What one maintenance hits, as far as a user may see it."""

from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from nautobot.circuits.models import Circuit, CircuitTermination
from nautobot.dcim.models import CablePath, Device, Interface, Location
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.models import CircuitImpact, CircuitMaintenance, selection


@dataclass(frozen=True)
class ImpactScope:
    """Circuits, where they end, which devices they are cabled to, whose they are; nothing is read yet."""

    circuits: QuerySet[Circuit]
    locations: QuerySet[Location]
    devices: QuerySet[Device]
    tenants: QuerySet[Tenant]


def reach_of(maintenance: CircuitMaintenance, user: Any) -> ImpactScope:
    """Return what the impacts of a maintenance lead to."""
    impacts = CircuitImpact.objects.restrict(user, "view").filter(maintenance=maintenance, circuit__isnull=False)
    circuits = Circuit.objects.restrict(user, "view").filter(pk__in=impacts.order_by().values("circuit"))
    ends = CircuitTermination.objects.restrict(user, "view").filter(circuit__in=circuits.order_by()).order_by()
    locations = Location.objects.restrict(user, "view").without_tree_fields()
    return ImpactScope(
        circuits=circuits,
        locations=locations.filter(pk__in=ends.values("location")).order_by("name"),
        devices=Device.objects.restrict(user, "view").filter(pk__in=_owners_at(ends)).order_by("name"),
        tenants=Tenant.objects.restrict(user, "view").filter(pk__in=circuits.order_by().values("tenant")),
    )


def _owners_at(ends: QuerySet[CircuitTermination]) -> QuerySet[Interface]:
    """Return the primary keys of the devices at the far ends of the cables from these ends of circuits."""
    paths = CablePath.objects.filter(
        origin_type=ContentType.objects.get_for_model(CircuitTermination),
        origin_id__in=ends.values("pk"),
        destination_type=ContentType.objects.get_for_model(Interface),
    )
    interfaces = Interface.objects.filter(pk__in=paths.order_by().values("destination_id")).order_by()
    return interfaces.annotate(owner=Coalesce(*selection.OWNING_DEVICE)).values("owner")
