"""What is assessed, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind


class Subject(str, Enum):
    """What a finding is about. All but sites are assessed by the number of their circuits."""

    SITE = "site"
    HUB = "hub"
    CLOUD = "cloud"
    DEVICE = "device"
    GROUP = "group"


class CoreKind(str, Enum):
    """What a site has to reach."""

    HUBS = "hubs"
    OUTSIDE = "outside"
    """Provider networks, and wherever circuits with one known end lead to."""
    SITE = "site"
    """The site with the most links, because no circuit leads outside."""
    NOTHING = "nothing"
    """There is no link at all."""


class Reason(str, Enum):
    """Why a site is not assessed."""

    NO_LINK = "no link"
    NOT_CONNECTED = "not connected with the core"


@dataclass(frozen=True)
class Link:
    """A circuit between two different nodes: sites or provider networks."""

    circuit: UUID
    near: UUID
    far: UUID | None
    """None: it leads outside, to a node of its own."""


@dataclass(frozen=True)
class Group:
    """Circuits that are counted: those of a device, a cloud network, a hub or a redundancy group."""

    subject: Subject
    key: UUID
    circuits: tuple[UUID, ...]
    """Without repetition."""
    far_sites: Mapping[UUID, UUID] = field(default_factory=dict)
    """The site at the other end of circuits that are useless while it is dark, by circuit."""


@dataclass(frozen=True)
class Topology:
    """The network, as it is with all links up."""

    sites: frozenset[UUID]
    links: tuple[Link, ...]
    """Ends that are not sites are provider networks: they carry traffic and are not assessed."""
    hubs: frozenset[UUID] = frozenset()
    """Sites any one of which has to be reached; without them the outside, else the site with the most links."""
    groups: tuple[Group, ...] = ()


class Outage(NamedTuple):
    """A circuit that a maintenance takes down, from ``start`` up to, not including, ``end``."""

    circuit: UUID
    maintenance: UUID
    start: datetime
    end: datetime
    is_confirmed: bool = True


@dataclass(frozen=True)
class Phase:
    """A part of a finding during which its causes are the same."""

    start: datetime
    end: datetime
    down: tuple[UUID, ...]
    """Circuits whose outage causes it, sorted."""
    maintenances: tuple[UUID, ...]
    """What takes them down, sorted."""
    hangs_on: tuple[UUID, ...] = ()
    """One left: the circuits of which none may fail, from the core towards the site."""


@dataclass(frozen=True)
class Finding:
    """When something is dark or has one way left: as long as it lasts."""

    subject: Subject
    key: UUID
    kind: Kind
    start: datetime
    end: datetime
    phases: tuple[Phase, ...]
    is_confirmed: bool
    """It is at least as bad all the time without the maintenances that are not confirmed."""
    had_two_ways: bool
    """With all links up. Of what is counted: it has two circuits or more."""
    link_count: int

    @property
    def maintenances(self) -> frozenset[UUID]:
        """What causes it, in any phase."""
        return frozenset(each for phase in self.phases for each in phase.maintenances)

    @property
    def down(self) -> frozenset[UUID]:
        """The circuits whose outage causes it, in any phase."""
        return frozenset(each for phase in self.phases for each in phase.down)

    @property
    def hangs_on(self) -> frozenset[UUID]:
        """One left: the circuits of which none may fail, in any phase."""
        return frozenset(each for phase in self.phases for each in phase.hangs_on)


@dataclass(frozen=True)
class SiteState:
    """A site that is assessed, with all links up."""

    link_count: int
    has_two_ways: bool
    distance: int
    """Links to the core on the shortest way."""


@dataclass(frozen=True)
class Core:
    """What sites have to reach."""

    kind: CoreKind
    sites: tuple[UUID, ...] = ()
    """The hubs, or the site with the most links."""


@dataclass(frozen=True)
class Assessment:
    """What follows from a topology and the outages of its circuits."""

    findings: tuple[Finding, ...]
    """Sorted by start, subject and key."""
    sites: Mapping[UUID, SiteState]
    """The sites that are assessed."""
    not_assessed: Mapping[UUID, Reason]
    core: Core


@dataclass(frozen=True)
class Row:
    """Findings of one kind at the same time with the same causes."""

    first: Finding
    """That of the site which is nearest to the core."""
    others: tuple[Finding, ...]
    """Those of the sites behind it."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them."""
        return (self.first, *self.others)
