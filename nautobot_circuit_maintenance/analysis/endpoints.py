"""Where circuits end, as far as a user may see it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db.models.functions import Coalesce
from nautobot.circuits.models import CircuitTermination
from nautobot.dcim.models import CablePath, Device, Interface, Location

from nautobot_circuit_maintenance.models import selection


@dataclass(frozen=True)
class End:
    """One side of a circuit: where it is, and what it is cabled to there."""

    location: Location | None = None
    """None where there is none, or the user may not see it; so are the others."""
    device: Device | None = None
    interface: Interface | None = None


def endpoints_of(circuits: Collection[UUID], user: Any) -> dict[tuple[UUID, str], End]:
    """Return the ends of these circuits by circuit and side ("A" or "Z"), by at most five queries."""
    rows = CircuitTermination.objects.restrict(user, "view").filter(circuit__in=circuits).order_by()
    terminations = list(rows.values_list("pk", "circuit", "term_side", "location"))
    if not terminations:
        return {}
    locations = _visible(Location.objects.without_tree_fields(), {row[3] for row in terminations}, user)
    cabled = _interfaces_at([row[0] for row in terminations], user)
    devices = _visible(Device.objects, {interface.owner for interface in cabled.values()}, user)
    ends = {}
    for pk, circuit, side, location in terminations:
        interface = cabled.get(pk)
        device = devices.get(interface.owner) if interface else None
        ends[circuit, side] = End(locations.get(location), device, interface)
    return ends


def _visible(rows: Any, pks: set[UUID | None], user: Any) -> dict[UUID | None, Any]:
    """Return those of these rows that the user may see, by primary key."""
    return {row.pk: row for row in rows.restrict(user, "view").filter(pk__in=pks - {None}).order_by()}


def _interfaces_at(terminations: Collection[UUID], user: Any) -> dict[UUID, Any]:
    """Return the interfaces at the far ends of the cables from these ends, each with its ``owner``."""
    paths = CablePath.objects.filter(
        origin_type=ContentType.objects.get_for_model(CircuitTermination),
        origin_id__in=terminations,
        destination_type=ContentType.objects.get_for_model(Interface),
    )
    cabled = dict(paths.order_by().values_list("origin_id", "destination_id"))
    owned = Interface.objects.restrict(user, "view").filter(pk__in=cabled.values()).order_by()
    interfaces = {row.pk: row for row in owned.annotate(owner=Coalesce(*selection.OWNING_DEVICE))}
    return {end: interfaces[pk] for end, pk in cabled.items() if pk in interfaces}
