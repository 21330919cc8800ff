"""The assessment: what is dark or has one way left, when, and why."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.counting import group_findings
from nautobot_circuit_maintenance.analysis.redundancy.findings import site_findings
from nautobot_circuit_maintenance.analysis.redundancy.moments import Moments
from nautobot_circuit_maintenance.analysis.redundancy.network import Network, network_of
from nautobot_circuit_maintenance.analysis.redundancy.values import (
    Assessment,
    Finding,
    Group,
    Outage,
    Row,
    SiteState,
    Topology,
)


def assess(topology: Topology, outages: Collection[Outage]) -> Assessment:
    """Return all findings; nothing is clipped, so that a finding is the same whatever span it is shown in.

    Times are aware; an outage of a circuit that is in no link and in no group does nothing.
    """
    return assess_network(network_of(topology), topology.groups, outages)


def assess_network(network: Network, groups: Iterable[Group], outages: Iterable[Outage]) -> Assessment:
    """Do the same for a network that was looked at before."""
    moments = Moments(outages)
    findings = site_findings(network, moments)
    counted = [*groups, *network.hubs]
    sure = _sure(findings, network, moments) if any(group.far_sites for group in counted) else ()
    findings += group_findings(counted, moments, findings, sure)
    findings.sort(key=lambda each: (each.start, each.subject.value, each.key, each.end))
    return Assessment(tuple(findings), network.states, network.not_assessed, network.core)


def _sure(findings: list[Finding], network: Network, moments: Moments) -> list[Finding]:
    """Return what would be found about sites without the maintenances that are not confirmed."""
    if all(each.is_confirmed for each in findings):
        return findings
    confirmed = [span.outage for spans in moments.spans.values() for span in spans if span.outage.is_confirmed]
    return site_findings(network, Moments(confirmed))


def rows_of(findings: Iterable[Finding], sites: Mapping[UUID, SiteState]) -> list[Row]:
    """Put findings of equal kind, time and phases together, in their order."""
    alike: defaultdict[tuple[object, ...], list[Finding]] = defaultdict(list)
    for each in findings:
        alike[each.subject, each.kind, each.phases].append(each)

    def place(finding: Finding) -> tuple[int, UUID]:
        state = sites.get(finding.key)
        return (state.distance if state else 0, finding.key)

    rows = []
    for group in alike.values():
        first, *others = sorted(group, key=place)
        rows.append(Row(first, tuple(others)))
    return rows
