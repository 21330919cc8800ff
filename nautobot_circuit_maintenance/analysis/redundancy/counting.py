"""Devices, cloud networks, hubs and redundancy groups: what counts is how many of their circuits are down."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.findings import Piece, merged, unconfirmed_maintenances
from nautobot_circuit_maintenance.analysis.redundancy.kinds import SEVERITIES, Kind
from nautobot_circuit_maintenance.analysis.redundancy.moments import Moments
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Group, Outage


def group_findings(
    groups: Iterable[Group], moments: Moments, sites: Sequence[Finding], sure_sites: Sequence[Finding]
) -> Iterator[Finding]:
    """Yield the findings about groups.

    ``sites`` are those about sites, behind which circuits of cloud networks are useless; ``sure_sites`` are what they would be
    without the maintenances that are not confirmed.
    """
    unconfirmed = unconfirmed_maintenances(moments)
    for group in groups:
        behind = list(_behind_dark_sites(group, sites, is_confirmed=False)) if group.far_sites else []
        surely_behind = list(_behind_dark_sites(group, sure_sites, is_confirmed=True)) if behind else []
        own = moments.also(group.circuits, [*behind, *surely_behind]) if behind else moments
        yield from _findings(group, own, unconfirmed)


def _behind_dark_sites(group: Group, sites: Iterable[Finding], *, is_confirmed: bool) -> Iterator[Outage]:
    """Yield the outages of circuits that are up and lead to a site that is dark."""
    for finding in sites:
        if finding.kind == Kind.DARK:
            circuits = [circuit for circuit, site in group.far_sites.items() if site == finding.key]
            for circuit in circuits:
                for phase in finding.phases:
                    for each in phase.maintenances:
                        yield Outage(circuit, each, phase.start, phase.end, is_confirmed)


def _findings(group: Group, moments: Moments, unconfirmed: Collection[UUID]) -> Iterator[Finding]:
    affected = [circuit for circuit in group.circuits if circuit in moments.spans]
    if len(affected) < max(len(group.circuits) - 1, 1):
        return  # two circuits are left at any time
    confirmed = list(_pieces(group, moments, confirmed_only=True))
    for piece in merged(_pieces(group, moments)):
        causes = {each for phase in piece.phases for each in phase.maintenances}
        yield Finding(
            subject=group.subject,
            key=group.key,
            kind=piece.kind,
            start=piece.phases[0].start,
            end=piece.phases[-1].end,
            phases=piece.phases,
            is_confirmed=causes.isdisjoint(unconfirmed) or _is_as_bad(piece, confirmed),
            had_two_ways=len(group.circuits) > 1,
            link_count=len(group.circuits),
        )


def _pieces(group: Group, moments: Moments, *, confirmed_only: bool = False) -> Iterator[Piece]:
    """Yield when all or all but one of the circuits are down."""
    changes = {circuit: moments.changes(circuit, confirmed_only=confirmed_only) for circuit in group.circuits}
    steps = sorted({at for ats in changes.values() for at in ats})
    flips: dict[int, list[UUID]] = {at: [] for at in steps}
    for circuit, ats in changes.items():
        for at in ats:
            flips[at].append(circuit)
    up = set(group.circuits)
    for start, end in zip(steps, steps[1:], strict=False):
        up ^= set(flips[start])
        if not up or (len(up) == 1 and len(group.circuits) > 1):
            down = [circuit for circuit in group.circuits if circuit not in up]
            kind = Kind.ONE_LEFT if up else Kind.DARK
            yield Piece(kind, start, end, tuple(moments.phases(start, end, down, tuple(up))))


def _is_as_bad(piece: Piece, others: Iterable[Piece]) -> bool:
    """Return whether the others are at least as bad as a piece, all the time."""
    at = piece.start
    for other in others:
        if other.start <= at < other.end and SEVERITIES[other.kind] >= SEVERITIES[piece.kind]:
            at = other.end
    return at >= piece.end
