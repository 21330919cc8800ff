"""A large network and its maintenances, for measuring the assessment of risk: values, no database."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from random import Random
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.values import Link, Outage, Topology

SITES = 2_000
CIRCUITS = 10_000
CORES = 30
NETWORKS = 40
RING = 10
DAYS = 60
START = datetime(2026, 12, 1, tzinfo=timezone.utc)

_SITE, _NETWORK, _CIRCUIT, _MAINTENANCE = (UUID(int=number << 64) for number in range(1, 5))


def topology_of(chance: Random, *, with_hubs: bool) -> Topology:
    """Return 2,000 sites with 10,000 circuits: data centers, branches with one or two providers, rings, chains, the Internet."""
    sites = [_key(_SITE, number) for number in range(SITES)]
    networks = [_key(_NETWORK, number) for number in range(NETWORKS)]
    pairs = list(_pairs(chance, sites, networks))
    links = tuple(Link(_key(_CIRCUIT, number), near, far) for number, (near, far) in enumerate(pairs))
    return Topology(frozenset(sites), links, frozenset(sites[:2] if with_hubs else ()))


def outages_of(chance: Random, topology: Topology, maintenances: int) -> list[Outage]:
    """Return the outages of maintenances within 60 days: up to six circuits, one to three nights, one of ten unconfirmed."""
    outages = []
    circuits = [link.circuit for link in topology.links]
    for number in range(maintenances):
        first = chance.randrange(len(circuits))
        affected = {
            circuits[(first + chance.randrange(20)) % len(circuits)] for _ in range(chance.choice((1, 1, 2, 3, 6)))
        }
        night = START + timedelta(
            days=chance.randrange(DAYS), hours=chance.randrange(20, 30), minutes=chance.choice((0, 30))
        )
        is_confirmed = chance.random() > 0.1
        for repeat in range(chance.choice((1, 1, 1, 2, 3))):
            start = night + timedelta(days=repeat)
            end = start + timedelta(hours=chance.choice((2, 4, 6, 8)))
            outages += [Outage(each, _key(_MAINTENANCE, number), start, end, is_confirmed) for each in affected]
    return outages


def _pairs(chance: Random, sites: list[UUID], networks: list[UUID]) -> Iterator[tuple[UUID, UUID | None]]:
    """Yield the ends of the circuits; None leads to the Internet."""
    cores, others = sites[:CORES], sites[CORES:]
    ringed, chained, single, double = others[:400], others[400:500], others[500:800], others[800:]
    count = 0
    for near, far in _structure(chance, cores, networks, ringed, chained, single, double):
        count += 1
        yield near, far
    while count < CIRCUITS:
        near = chance.choice(cores if chance.random() < 0.4 else sites)
        far = chance.choice((*networks, *cores, None, chance.choice(sites)))
        if near != far:
            count += 1
            yield near, far


def _structure(  # pylint: disable=too-many-arguments,too-many-positional-arguments  # the kinds of sites
    chance: Random,
    cores: list[UUID],
    networks: list[UUID],
    ringed: list[UUID],
    chained: list[UUID],
    single: list[UUID],
    double: list[UUID],
) -> Iterator[tuple[UUID, UUID | None]]:
    for core in cores:
        yield from ((core, network) for network in chance.sample(networks, 5))
        yield core, None
    for number in range(0, len(ringed), RING):
        ring = [chance.choice(cores), *ringed[number : number + RING], chance.choice(cores)]
        yield from ((a, b) for a, b in zip(ring, ring[1:], strict=False))
    for number, site in enumerate(chained):
        yield site, chance.choice(cores) if number % 5 == 0 else chained[number - 1]
    yield from ((site, chance.choice(networks)) for site in single)
    for site in double:
        yield from ((site, network) for network in chance.sample(networks, 2))


def _key(base: UUID, number: int) -> UUID:
    return UUID(int=base.int + number)
