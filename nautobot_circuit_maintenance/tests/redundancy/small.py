"""Small networks by name, for tests that a person reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from nautobot_circuit_maintenance.analysis.redundancy.assessing import assess, rows_of
from nautobot_circuit_maintenance.analysis.redundancy.inventory import Inventory, Locality, Place, PlaceKind, survey
from nautobot_circuit_maintenance.analysis.redundancy.values import Assessment, Finding, Group, Outage, Topology
from nautobot_circuit_maintenance.tests.redundancy.worlds import at

_SPACE = UUID(int=1)


def key_of(name: str) -> UUID:
    """Return the primary key of whatever has this name."""
    return uuid5(_SPACE, name)


def down(circuits: str, start: float, end: float, maintenance: str = "M", *, is_confirmed: bool = True) -> list[Outage]:
    """Return the outages of circuits (names with blanks between) between two hours."""
    return [
        Outage(key_of(circuit), key_of(maintenance), at(start), at(end), is_confirmed) for circuit in circuits.split()
    ]


@dataclass
class Small:
    """A network: circuits by name with the names of their ends; "mpls..." is a provider network, "cloud..." a cloud network.

    Everything else is a location of its own, unless ``within`` names the one above it.
    """

    circuits: Mapping[str, str]
    """The ends with blanks between: one or two."""
    within: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    """Location types by location; "Site" if not named."""
    nestable: Sequence[str] = ()
    site_types: Sequence[str] | None = None
    exits: Sequence[str] | None = None
    hubs: Sequence[str] = ()
    types_for_ends: Sequence[str] = ()
    groups: tuple[Group, ...] = ()

    @property
    def inventory(self) -> Inventory:
        """The network as values."""
        ends = {end for ends in self.circuits.values() for end in ends.split()}
        names = {
            *(end for end in ends if self._kind(end) == PlaceKind.LOCATION),
            *self.within,
            *self.within.values(),
            *self.hubs,
        }
        return Inventory(
            localities={
                key_of(name): Locality(
                    key_of(self.within[name]) if name in self.within else None, key_of(self.types.get(name, "Site"))
                )
                for name in names
            },
            circuits={
                key_of(name): tuple(Place(self._kind(end), key_of(end)) for end in ends.split())
                for name, ends in self.circuits.items()
            },
            nestable_types=_keys(self.nestable),
            types_for_ends=_keys(self.types_for_ends),
            site_types=None if self.site_types is None else _keys(self.site_types),
            exits=None if self.exits is None else _keys(self.exits),
            hubs=_keys(self.hubs),
            groups=self.groups,
        )

    @property
    def topology(self) -> Topology:
        """The topology."""
        return survey(self.inventory).topology

    def assess(self, *outages: Iterable[Outage]) -> Assessment:
        """Assess the network with these outages."""
        return assess(self.topology, [each for several in outages for each in several])

    def findings(self, *outages: Iterable[Outage]) -> list[str]:
        """Return the findings in words."""
        return [self.words(each) for each in self.assess(*outages).findings]

    def rows(self, *outages: Iterable[Outage]) -> list[tuple[str, int]]:
        """Return the first finding of each row in words, and how many others are in the row."""
        assessment = self.assess(*outages)
        return [(self.words(row.first), len(row.others)) for row in rows_of(assessment.findings, assessment.sites)]

    def words(self, finding: Finding) -> str:
        """Return a finding as "A dark 1-3 because of a; on b"; hours may have decimals."""
        names = {key_of(name): name for name in (*self.circuits, *self.within.values(), *self._names())}
        start, end = ((time - at(0)).total_seconds() / 3600 for time in (finding.start, finding.end))
        causes = " ".join(sorted(names[each] for each in finding.down))
        hangs_on = sorted({names[each] for phase in finding.phases for each in phase.hangs_on})
        on = f" on {' '.join(hangs_on)}" if hangs_on else ""
        doubt = "" if finding.is_confirmed else " (unconfirmed)"
        return f"{names[finding.key]} {finding.kind.value} {start:g}-{end:g} because of {causes}{on}{doubt}"

    def _names(self) -> set[str]:
        ends = {end for ends in self.circuits.values() for end in ends.split()}
        return {*ends, *self.within, *self.hubs, *(f"group{number}" for number in range(3))}

    @staticmethod
    def _kind(end: str) -> PlaceKind:
        if end.startswith("mpls"):
            return PlaceKind.PROVIDER_NETWORK
        return PlaceKind.CLOUD_NETWORK if end.startswith("cloud") else PlaceKind.LOCATION


def _keys(names: Iterable[str]) -> frozenset[UUID]:
    return frozenset(map(key_of, names))
