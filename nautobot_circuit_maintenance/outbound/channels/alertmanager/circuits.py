"""What templates may say about a circuit: its own names, and those of what it is connected to, for each of its ends."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from nautobot_circuit_maintenance.analysis.endpoints import Endpoint, endpoints_of
from nautobot_circuit_maintenance.analysis.visibility import Visibility


def values_of(circuits: Collection[UUID], visibility: Visibility) -> dict[UUID, list[dict[str, str]]]:
    """Return the values for the templates by circuit: one set for each connected end, one without ends if there are none.

    What may not be viewed is empty. Takes three queries, and those of ``endpoints_of()``.
    """
    rows = visibility.circuits.filter(pk__in=circuits).values_list("pk", "cid", "provider", "tenant")
    own = list(rows)
    providers = dict(visibility.providers.filter(pk__in={row[2] for row in own}).values_list("pk", "name"))
    tenants = dict(visibility.tenants.filter(pk__in={row[3] for row in own if row[3]}).values_list("pk", "name"))
    ends: dict[UUID, list[Endpoint]] = defaultdict(list)
    for (circuit, _side), endpoint in sorted(endpoints_of(circuits, visibility).items()):
        ends[circuit].append(endpoint)
    found = {}
    for pk, cid, provider, tenant in own:
        names = {"cid": cid, "provider": providers.get(provider, ""), "tenant": tenants.get(tenant, "")}
        found[pk] = [{**names, **end} for end in _ends(ends[pk])]
    return found


def _ends(endpoints: Iterable[Endpoint]) -> list[dict[str, str]]:
    """Return the names at the ends that are connected; else the locations; else nothing, once."""
    known = list(endpoints)
    connected = [names for endpoint in known for names in _connected(endpoint)]
    places = [{"location": _place(endpoint), "device": "", "interface": ""} for endpoint in known if endpoint.place]
    return connected or places or [{"location": "", "device": "", "interface": ""}]


def _connected(endpoint: Endpoint) -> Iterator[dict[str, str]]:
    """Yield the names for each connection of an end."""
    for connection in endpoint.connections:
        device = connection.device.name if connection.device else ""
        interface = getattr(connection.port, "name", "")
        yield {"location": _place(endpoint), "device": device or "", "interface": interface or ""}


def _place(endpoint: Endpoint) -> str:
    place: Any = endpoint.place
    return str(place.name) if place else ""
