"""Where circuits end."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from nautobot.circuits.models import CircuitTermination, ProviderNetwork
from nautobot.cloud.models import CloudNetwork
from nautobot.dcim.models import Device, Location

from nautobot_circuit_maintenance.analysis.cabling import FarEnd, far_ends
from nautobot_circuit_maintenance.analysis.visibility import Visibility

_COLUMNS = ("pk", "circuit", "term_side", "location", "provider_network", "cloud_network")


@dataclass(frozen=True)
class Connection:
    """What a circuit is cabled to at one end."""

    device: Device | None
    """None if the port belongs to no device, or to one that the user may not view."""
    port: Any
    """Usually an interface."""


@dataclass(frozen=True)
class Endpoint:
    """One end of a circuit: where it is, and what it is cabled to there. What the user may not view is left out."""

    place: Location | ProviderNetwork | CloudNetwork | None = None
    connections: tuple[Connection, ...] = ()
    """Several for a breakout cable."""


def endpoints_of(circuits: Collection[UUID], visibility: Visibility) -> dict[tuple[UUID, str], Endpoint]:
    """Return the ends of these circuits by circuit and side ("A" or "Z").

    Takes five queries, one more for each kind of network, and one for each additional kind of port among the ends.
    """
    terminations = list(visibility.terminations.filter(circuit__in=circuits).values_list(*_COLUMNS))
    if not terminations:
        return {}
    places = {
        **_by_pk(visibility.locations, (row[3] for row in terminations)),
        **_by_pk(visibility.of_model(ProviderNetwork), (row[4] for row in terminations)),
        **_by_pk(visibility.of_model(CloudNetwork), (row[5] for row in terminations)),
    }
    cabled = far_ends(CircuitTermination, [row[0] for row in terminations], visibility)
    devices = _by_pk(visibility.devices, (end.device for ends in cabled.values() for end in ends))
    endpoints = {}
    for pk, circuit, side, *place_pks in terminations:
        place = next((places[place_pk] for place_pk in place_pks if place_pk in places), None)
        endpoints[circuit, side] = Endpoint(place, tuple(_connections(cabled.get(pk, ()), devices)))
    return endpoints


def _connections(ends: Iterable[FarEnd], devices: dict[UUID, Any]) -> list[Connection]:
    return [Connection(devices.get(end.device) if end.device else None, end.termination) for end in ends]


def _by_pk(rows: QuerySet[Any], pks: Iterable[UUID | None]) -> dict[UUID, Any]:
    """Return these rows by primary key; no query if there are none to read."""
    wanted = {pk for pk in pks if pk}
    return {row.pk: row for row in rows.filter(pk__in=wanted)} if wanted else {}
