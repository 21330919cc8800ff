"""Random worlds for Hypothesis: small networks, and maintenances that take their circuits down."""

from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from nautobot_circuit_maintenance.analysis.redundancy.inventory import Inventory, Locality, Place, PlaceKind
from nautobot_circuit_maintenance.analysis.redundancy.values import Group, Outage, Subject

START = datetime(2026, 12, 1, 22, tzinfo=timezone.utc)
HOURS = 10
TYPES = 4


class World(NamedTuple):
    """A network and what takes its circuits down."""

    inventory: Inventory
    outages: tuple[Outage, ...]


def key(number: int) -> UUID:
    """Return a primary key; those of lower numbers are lower."""
    return UUID(int=number)


def location_type(number: int) -> UUID:
    """Return the key of a location type."""
    return key(50 + number)


def place(number: int) -> UUID:
    """Return the key of a location."""
    return key(100 + number)


def circuit(number: int) -> UUID:
    """Return the key of a circuit."""
    return key(300 + number)


def maintenance(number: int) -> UUID:
    """Return the key of a maintenance."""
    return key(400 + number)


def at(hour: float) -> datetime:
    """Return a time."""
    return START + timedelta(hours=hour)


@st.composite
def worlds(draw: Any, most_circuits: int = 10, most_outages: int = 10) -> World:
    """Draw a world."""
    circuits = [circuit(number) for number in range(draw(st.integers(1, most_circuits)))]
    outages = draw(st.lists(_outages(circuits), max_size=most_outages))
    return World(draw(_inventories(circuits)), tuple(outages))


@st.composite
def long_worlds(draw: Any, most_outages: int = 7) -> World:
    """Draw a world of chains, rings and branches, in which most links stay up at any time."""
    count = draw(st.integers(8, 14))
    pairs = [(number, number - draw(st.sampled_from([1, 1, 1, 2, 5, number]))) for number in range(1, count)]
    pairs += draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=4))
    circuits = {
        circuit(position): tuple(Place(PlaceKind.LOCATION, place(max(number, 0))) for number in pair)
        for position, pair in enumerate(pairs)
    }
    localities = {place(number): Locality(None, location_type(0)) for number in range(count)}
    hubs = frozenset(draw(st.sets(st.sampled_from(list(localities)), max_size=2)))
    outages = draw(st.lists(_outages(list(circuits)), max_size=most_outages))
    return World(Inventory(localities, circuits, hubs=hubs), tuple(outages))


@st.composite
def _inventories(draw: Any, circuits: list[UUID]) -> Inventory:
    localities: dict[UUID, Locality] = {}
    for number in range(draw(st.integers(1, 9))):
        parent = draw(st.one_of(st.none(), st.none(), st.sampled_from(list(localities) or [None])))
        localities[place(number)] = Locality(parent, location_type(draw(st.integers(0, TYPES - 1))))
    types = st.sets(st.sampled_from([location_type(number) for number in range(TYPES)]))
    keys = st.sampled_from(list(localities))
    ends = keys.map(lambda each: Place(PlaceKind.LOCATION, each))
    if draw(st.booleans()):
        ends = st.one_of(
            ends, ends, st.integers(200, 201).map(lambda each: Place(PlaceKind.PROVIDER_NETWORK, key(each)))
        )
    if draw(st.booleans()):
        ends = st.one_of(ends, ends, st.integers(250, 251).map(lambda each: Place(PlaceKind.CLOUD_NETWORK, key(each))))
    fewest = draw(st.sampled_from([0, 1, 2, 2]))
    return Inventory(
        localities=localities,
        circuits={each: tuple(draw(st.lists(ends, min_size=fewest, max_size=2))) for each in circuits},
        nestable_types=frozenset(draw(types)),
        site_types=frozenset(draw(types)) if draw(st.booleans()) else None,
        exits=frozenset(draw(st.sets(st.sampled_from(circuits)))) if draw(st.booleans()) else None,
        hubs=frozenset(draw(st.sets(keys, max_size=2))) if draw(st.booleans()) else frozenset(),
        groups=tuple(draw(st.lists(_devices(circuits), max_size=2, unique_by=lambda each: each.key))),
    )


@st.composite
def _devices(draw: Any, circuits: list[UUID]) -> Group:
    own = draw(st.lists(st.sampled_from(circuits), min_size=1, max_size=3, unique=True))
    return Group(Subject.DEVICE, key(500 + draw(st.integers(0, 1))), tuple(own))


@st.composite
def _outages(draw: Any, circuits: list[UUID]) -> Outage:
    number = draw(st.integers(0, 6))
    start = draw(st.integers(0, HOURS - 1))
    end = draw(st.integers(start + 1, HOURS))
    is_confirmed = number % 3 != 0  # a property of the maintenance
    return Outage(draw(st.sampled_from(circuits)), maintenance(number), at(start), at(end), is_confirmed)
