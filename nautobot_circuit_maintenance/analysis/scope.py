"""Which circuits, locations, devices and tenants one maintenance affects."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from nautobot.circuits.models import Circuit
from nautobot.dcim.models import Device, Location
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.analysis.cabling import devices_cabled_to
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.models.severity import worst_impact


@dataclass(frozen=True)
class ImpactScope:
    """Querysets, not evaluated yet, each in its display order."""

    circuits: QuerySet[Circuit]
    locations: QuerySet[Location]
    """Where the circuits end."""
    devices: QuerySet[Device]
    """What the circuits are cabled to."""
    tenants: QuerySet[Tenant]
    """Tenants of the circuits."""


@dataclass(frozen=True)
class Affected:
    """What a page says of the affected circuits in several places: counted once."""

    worst: str
    """The worst impact; empty if nothing is affected."""
    total: int
    unknown: int
    """Of these: circuit IDs that Nautobot does not know."""


def count_affected(maintenance: CircuitMaintenance, visibility: Visibility) -> Affected:
    """Count what a user may see of the affected circuits of a maintenance, in one query."""
    by_impact = visibility.impacts.affected().filter(maintenance=maintenance).order_by().values("impact")
    counted = by_impact.annotate(total=Count("pk"), unknown=Count("pk", filter=Q(circuit__isnull=True)))
    rows = list(counted.values_list("impact", "total", "unknown"))
    return Affected(
        worst_impact(impact for impact, *_ in rows), sum(row[1] for row in rows), sum(row[2] for row in rows)
    )


def scope_of(maintenance: CircuitMaintenance, visibility: Visibility) -> ImpactScope:
    """Return the circuits that a maintenance affects, and what belongs to these circuits."""
    impacts = visibility.impacts.affected().filter(maintenance=maintenance, circuit__isnull=False)
    circuits = visibility.circuits.filter(pk__in=impacts.values("circuit"))
    ends = visibility.terminations.filter(circuit__in=circuits)
    return ImpactScope(
        circuits=circuits.order_by("provider", "cid"),
        locations=visibility.locations.filter(pk__in=ends.values("location")).order_by("name"),
        devices=visibility.devices.filter(pk__in=devices_cabled_to(ends)).order_by("name"),
        tenants=visibility.tenants.filter(pk__in=circuits.values("tenant")).order_by("tenant_group", "name"),
    )
