"""What taking further circuits down would add, and when they may be taken down."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.assessing import assess_network
from nautobot_circuit_maintenance.analysis.redundancy.kinds import SEVERITIES, Kind
from nautobot_circuit_maintenance.analysis.redundancy.network import network_of
from nautobot_circuit_maintenance.analysis.redundancy.values import (
    Assessment,
    CoreKind,
    Finding,
    Outage,
    Subject,
    Topology,
)

Span = tuple[datetime, datetime]
"""From one moment up to, not including, another."""
ASKED = UUID(int=0)
"""Stands for the work that is asked about, among the maintenances of a phase."""
AHEAD = timedelta(days=14)
MOST_GAPS = 10


@dataclass(frozen=True)
class Added:
    """When something is worse with the work that is asked about than without it."""

    finding: Finding
    """With the work and what else is down during it: it may last longer than it says, and need not be confirmed."""
    start: datetime
    end: datetime

    @property
    def is_dark_site(self) -> bool:
        """Whether a site that would reach the core does not."""
        return _is_dark_site(self.finding)


@dataclass(frozen=True)
class Slot:
    """A time for the work."""

    start: datetime
    end: datetime
    added: tuple[Added, ...]

    @property
    def is_free(self) -> bool:
        """Whether it makes no site dark."""
        return not any(each.is_dark_site for each in self.added)


@dataclass(frozen=True)
class Slots:
    """When the work can be done."""

    alone: tuple[UUID, ...]
    """Sites that the work makes dark all by itself, whenever it is done."""
    slots: tuple[Slot, ...] = ()
    gaps: tuple[Span, ...] = ()
    """The times that are long enough for it."""


class Work:
    """Circuits that are to be taken down, in a network and beside outages that are known."""

    def __init__(self, topology: Topology, outages: Iterable[Outage], circuits: Iterable[UUID]) -> None:
        self._network = network_of(topology)
        self._groups = topology.groups
        self._outages = tuple(outages)
        self._circuits = sorted(circuits)

    def added(self, span: Span) -> tuple[Added, ...]:
        """Return what is worse if the circuits are down for this time than if they are not; times of findings are in UTC."""
        span = (span[0].astimezone(timezone.utc), span[1].astimezone(timezone.utc))
        # What is confirmed does not matter here, and finding it out would take another assessment.
        during = [
            Outage(each.circuit, each.maintenance, each.start, each.end)
            for each in self._outages
            if each.start < span[1] and span[0] < each.end
        ]
        return tuple(_added(self._findings(during), self._findings([*during, *self._asked(span)])))

    def slots(self, now: datetime, duration: timedelta, starts: Iterable[datetime]) -> Slots:
        """Return what each of these starts within the next 14 days would add, and the first gaps that are long enough."""
        now = now.astimezone(timezone.utc)  # two days of a local clock may have 49 hours between them
        whole = (now, now + AHEAD + duration)
        alone = tuple(each.key for each in self._findings(self._asked(whole)) if _is_dark_site(each))
        if alone:
            return Slots(alone)
        worse = self.added(whole)
        closed = [(each.start, each.end) for each in worse if each.is_dark_site]
        gaps = [gap for gap in _without(whole, closed) if gap[1] - gap[0] >= duration]
        return Slots(
            (),
            tuple(_slot(start.astimezone(timezone.utc), duration, worse) for start in starts),
            tuple(gaps[:MOST_GAPS]),
        )

    def _asked(self, span: Span) -> list[Outage]:
        return [Outage(circuit, ASKED, *span) for circuit in self._circuits]

    def _findings(self, outages: Iterable[Outage]) -> Sequence[Finding]:
        return assess_network(self._network, self._groups, outages).findings


def not_assessable(topology: Topology, assessment: Assessment, circuits: Iterable[UUID]) -> tuple[UUID, ...]:
    """Return the circuits of which nothing can be said: they are not links, or lie between sites that are not assessed."""
    reached = {*assessment.sites, *assessment.core.sites}
    is_outside = assessment.core.kind == CoreKind.OUTSIDE
    known = {
        link.circuit
        for link in topology.links
        if not reached.isdisjoint((link.near, link.far)) or (is_outside and _is_outside(topology, link.near, link.far))
    }
    known.update(each for group in topology.groups if group.subject == Subject.CLOUD for each in group.circuits)
    return tuple(sorted(each for each in circuits if each not in known))


def _is_dark_site(finding: Finding) -> bool:
    return finding.subject == Subject.SITE and finding.kind == Kind.DARK


def _is_outside(topology: Topology, *ends: UUID | None) -> bool:
    return any(end not in topology.sites for end in ends)


def _slot(start: datetime, duration: timedelta, worse: Iterable[Added]) -> Slot:
    """Return what is worse during this time."""
    end = start + duration
    return Slot(
        start,
        end,
        tuple(
            Added(each.finding, max(each.start, start), min(each.end, end))
            for each in worse
            if each.start < end and start < each.end
        ),
    )


def _added(before: Iterable[Finding], after: Iterable[Finding]) -> Iterator[Added]:
    """Yield the times at which something is worse after than before."""
    known: defaultdict[tuple[Subject, UUID], list[Finding]] = defaultdict(list)
    for each in before:
        known[each.subject, each.key].append(each)
    for each in after:
        as_bad = (other for other in known[each.subject, each.key] if SEVERITIES[other.kind] >= SEVERITIES[each.kind])
        for start, end in _without((each.start, each.end), ((other.start, other.end) for other in as_bad)):
            yield Added(each, start, end)


def _without(whole: Span, parts: Iterable[Span]) -> Iterator[Span]:
    """Yield what is left of a time without these parts."""
    at, end = whole
    for start, until in sorted(parts):
        if at < min(start, end):
            yield at, min(start, end)
        at = max(at, until)
    if at < end:
        yield at, end
