"""From what is so in a part of time to findings, which last as long as the site or the group is that bad."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.kinds import SEVERITIES, Kind, Severity
from nautobot_circuit_maintenance.analysis.redundancy.moments import Moments
from nautobot_circuit_maintenance.analysis.redundancy.network import Network
from nautobot_circuit_maintenance.analysis.redundancy.resolving import Verdict
from nautobot_circuit_maintenance.analysis.redundancy.solving import solve
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Outage, Phase, Subject

Level = tuple[int, int, Severity]
"""How bad it is from one moment to another."""


class Piece(NamedTuple):
    """A finding before it is known whose it is."""

    kind: Kind
    start: int
    end: int
    phases: tuple[Phase, ...]


def merged(pieces: Iterable[Piece]) -> list[Piece]:
    """Return these pieces, ascending in time, with those of one kind that touch as one."""
    whole: list[Piece] = []
    for piece in pieces:
        last = whole[-1] if whole else None
        if last and last.kind == piece.kind and last.end == piece.start:
            whole[-1] = last._replace(end=piece.end, phases=_joined(last.phases, piece.phases))
        else:
            whole.append(piece)
    return whole


def _joined(before: tuple[Phase, ...], after: tuple[Phase, ...]) -> tuple[Phase, ...]:
    """Return both, the two in the middle as one if nothing but the time differs."""
    last, first = before[-1], after[0]
    if replace(last, start=first.start, end=first.end) != first:
        return before + after
    return (*before[:-1], replace(last, end=first.end), *after[1:])


def verdicts_of(network: Network, moments: Moments, *, confirmed_only: bool = False) -> list[Verdict]:
    """Return what is dark or has one way left, in the order of time."""
    circuits = [(key, network.links[key].circuit) for *_, key in network.edges]
    changing = {
        key: moments.changes(circuit, confirmed_only=confirmed_only)
        for key, circuit in circuits
        if circuit in moments.spans
    }
    changes = {key: changes for key, changes in changing.items() if changes}
    if not changes:
        return []
    found = solve(network.part(changes), changes, 0, len(moments.times) - 1)
    return sorted(found, key=lambda verdict: verdict.start)


def site_findings(network: Network, moments: Moments) -> list[Finding]:
    """Return the findings about sites."""
    verdicts = verdicts_of(network, moments)
    pieces = [_pieces(verdict, network, moments) for verdict in verdicts]
    positions: defaultdict[int, list[int]] = defaultdict(list)
    for position, verdict in enumerate(verdicts):
        for site in verdict.sites:
            positions[site].append(position)
    alike: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for site, own in positions.items():
        alike[tuple(own)].append(site)
    findings = []
    for own_positions, sites in alike.items():
        whole = merged(piece for position in own_positions for piece in pieces[position])
        findings += [_site_finding(piece, network.names[site], network) for site in sites for piece in whole]
    return _with_confirmation(findings, network, moments)


def _pieces(verdict: Verdict, network: Network, moments: Moments) -> list[Piece]:
    down = [network.links[key].circuit for key in verdict.down]
    hangs_on = tuple(network.links[key].circuit for key in verdict.hangs_on)
    phases = tuple(moments.phases(verdict.start, verdict.end, down, hangs_on))
    return [Piece(verdict.kind, verdict.start, verdict.end, phases)]


def _site_finding(piece: Piece, site: UUID, network: Network) -> Finding:
    state = network.states[site]
    return Finding(
        subject=Subject.SITE,
        key=site,
        kind=piece.kind,
        start=piece.phases[0].start,
        end=piece.phases[-1].end,
        phases=piece.phases,
        is_confirmed=True,
        had_two_ways=state.has_two_ways,
        link_count=state.link_count,
    )


def _with_confirmation(findings: list[Finding], network: Network, moments: Moments) -> list[Finding]:
    """Assess once more without what is not confirmed, if any of it is a cause."""
    unconfirmed = unconfirmed_maintenances(moments)
    if not any(unconfirmed & finding.maintenances for finding in findings):
        return findings
    levels = levels_of(verdicts_of(network, moments, confirmed_only=True), network)
    return [
        (
            replace(each, is_confirmed=_is_as_bad(each, levels.get(each.key, ()), moments))
            if unconfirmed & each.maintenances
            else each
        )
        for each in findings
    ]


def unconfirmed_maintenances(moments: Moments) -> set[UUID]:
    """Return the maintenances with an outage that is not confirmed."""
    outages: Iterator[Outage] = (span.outage for spans in moments.spans.values() for span in spans)
    return {each.maintenance for each in outages if not each.is_confirmed}


def levels_of(verdicts: Iterable[Verdict], network: Network) -> dict[UUID, list[Level]]:
    """Return how bad it is at each site, in the order of time."""
    levels: defaultdict[UUID, list[Level]] = defaultdict(list)
    for verdict in verdicts:
        for site in verdict.sites:
            levels[network.names[site]].append((verdict.start, verdict.end, SEVERITIES[verdict.kind]))
    return levels


def _is_as_bad(finding: Finding, levels: Sequence[Level], moments: Moments) -> bool:
    """Return whether these levels are at least as bad as a finding, all the time."""
    at, end = moments.number(finding.start), moments.number(finding.end)
    for start, until, severity in levels:
        if start <= at < until and severity >= SEVERITIES[finding.kind]:
            at = until
    return at >= end
