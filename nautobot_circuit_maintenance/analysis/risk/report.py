"""The risk as a user may see it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model
from nautobot.cloud.models import CloudNetwork
from nautobot.dcim.models import Device, Location
from nautobot.extras.models import DynamicGroup

from nautobot_circuit_maintenance.analysis.redundancy.assessing import assess_network, rows_of
from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Assessment, Finding, Group, Outage, Row, Subject
from nautobot_circuit_maintenance.analysis.risk.devices import devices_with
from nautobot_circuit_maintenance.analysis.risk.outages import read_outages
from nautobot_circuit_maintenance.analysis.risk.topology import Recorded, read_topology
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.app_settings import get_app_settings

MODELS: Mapping[Subject, type[Model]] = {
    Subject.SITE: Location,
    Subject.HUB: Location,
    Subject.CLOUD: CloudNetwork,
    Subject.DEVICE: Device,
    Subject.GROUP: DynamicGroup,
}
_MOST_KNOWN = 4
_known: list[tuple[Recorded, tuple[Group, ...], list[Outage], Assessment]] = []
"""What was last assessed, in this process; used again only for the same network and the same outages."""


@dataclass(frozen=True)
class Risk:
    """What is at risk, as far as a user may view it."""

    recorded: Recorded
    assessment: Assessment
    outages: Sequence[Outage]
    findings: tuple[Finding, ...]
    """Those that are not over, of what the user may view."""
    names: Mapping[UUID, str]
    """The sites, devices, ... of the findings."""
    is_partial: bool
    """Whether there may be maintenances, impacts or circuits that the user may not view."""

    def within(self, until: datetime) -> list[Finding]:
        """Return the findings that begin before a time."""
        return [each for each in self.findings if each.start < until]

    def rows(self, findings: Iterable[Finding]) -> list[Row]:
        """Return findings as rows, the worst first, then by time."""
        rows = rows_of(findings, self.assessment.sites)
        return sorted(rows, key=lambda row: (_gravity(row), row.first.start, self.names[row.first.key]))


@dataclass(frozen=True)
class Counts:
    """Numbers of sites; one that is dark at some time is not counted again for the time with one way left."""

    dark: int
    one_left: int

    @property
    def total(self) -> int:
        """All sites at risk."""
        return self.dark + self.one_left


def read_risk(
    visibility: Visibility, now: datetime, until: datetime | None = None, *, with_devices: bool = False
) -> Risk:
    """Assess what is stored; raises RiskError if that is not possible.

    With ``until``, only what begins before it is read, and found; what is found is the same as without.
    Takes about ten queries, however much there is; devices take seven more.
    """
    recorded = read_topology(get_app_settings().risk)
    outages, assessment = _assess(visibility, now, recorded, until, with_devices=with_devices)
    current = [each for each in assessment.findings if each.end > now and (until is None or each.start < until)]
    names = names_of(visibility, current)
    return Risk(
        recorded=recorded,
        assessment=assessment,
        outages=outages,
        findings=tuple(each for each in current if each.key in names),
        names=names,
        is_partial=may_be_partial(visibility),
    )


def _assess(
    visibility: Visibility, now: datetime, recorded: Recorded, until: datetime | None, *, with_devices: bool
) -> tuple[list[Outage], Assessment]:
    """Return the outages that begin before a time, and what follows from them.

    A finding that lasts until then may last longer with what begins later: then everything is read. What lasts without the
    devices is known before they are read.
    """
    outages = read_outages(visibility, now, get_app_settings().risk, until)
    if (
        until is not None
        and _is_any_at(until, outages)
        and _is_any_at(until, _assessed(recorded, (), outages).findings)
    ):
        return _assess(visibility, now, recorded, None, with_devices=with_devices)
    affected = {each.circuit for each in outages} & recorded.circuits
    devices = devices_with(affected, recorded.circuits) if with_devices else ()
    assessment = _assessed(recorded, devices, outages)
    if until is not None and _is_any_at(until, assessment.findings):
        return _assess(visibility, now, recorded, None, with_devices=with_devices)
    return outages, assessment


def _is_any_at(moment: datetime, spans: Iterable[Finding | Outage]) -> bool:
    return any(each.start < moment <= each.end for each in spans)


def count(findings: Iterable[Finding]) -> Counts:
    """Count the sites."""
    sites: dict[Kind, set[UUID]] = {Kind.DARK: set(), Kind.ONE_LEFT: set()}
    for each in findings:
        if each.subject == Subject.SITE:
            sites[each.kind].add(each.key)
    return Counts(len(sites[Kind.DARK]), len(sites[Kind.ONE_LEFT] - sites[Kind.DARK]))


def is_for_dashboard(finding: Finding) -> bool:
    """Return whether a finding is shown where no one asked for it: what never had two circuits has its own page only."""
    return finding.subject == Subject.SITE or (finding.subject != Subject.DEVICE and finding.had_two_ways)


def may_be_partial(visibility: Visibility) -> bool:
    """Return whether permissions may hide a maintenance, an impact or a circuit."""
    rows = (visibility.maintenances, visibility.impacts, visibility.circuits)
    return any(bool(each.query.where) for each in rows)


def _assessed(recorded: Recorded, devices: tuple[Group, ...], outages: list[Outage]) -> Assessment:
    for network, groups, known, assessment in _known:
        if network is recorded and groups == devices and known == outages:
            return assessment
    topology = recorded.surroundings.topology
    assessment = assess_network(recorded.network, (*topology.groups, *devices), outages)
    _known[:] = [(recorded, devices, outages, assessment), *_known[: _MOST_KNOWN - 1]]
    return assessment


def names_of(visibility: Visibility, findings: Iterable[Finding]) -> dict[UUID, str]:
    """Return the names of what the findings are about and the user may view: one query for each kind."""
    keys: dict[type[Model], set[UUID]] = {}
    for each in findings:
        keys.setdefault(MODELS[each.subject], set()).add(each.key)
    names: dict[UUID, Any] = {}
    for model, wanted in keys.items():
        names |= dict(visibility.of_model(model).filter(pk__in=wanted).values_list("pk", "name"))
    return {pk: name or "Unnamed" for pk, name in names.items()}  # Nautobot allows a device without a name


def _gravity(row: Row) -> int:
    """Return 0 for what loses its redundancy and goes dark, 1 for what has a single link, 2 for one way left."""
    if row.first.kind == Kind.ONE_LEFT:
        return 2
    return 0 if row.first.had_two_ways else 1
