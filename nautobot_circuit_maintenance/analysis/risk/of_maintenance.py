"""What one maintenance puts at risk."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Outage, Subject
from nautobot_circuit_maintenance.analysis.risk.report import Risk, read_risk
from nautobot_circuit_maintenance.analysis.risk.words import Names, links_of, read_names
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.errors import RiskError
from nautobot_circuit_maintenance.risk_settings import RISK_PERMISSIONS

_MOMENT = timedelta(seconds=1)
"""A finding that ends with the maintenance does not last longer: all the rest need not be read."""


@dataclass(frozen=True)
class Line:
    """A sentence about a site, a device, ...: its name, then the rest around a time, if there is one."""

    key: UUID
    name: str
    says: str
    kind: Kind | None = None
    subject: Subject = Subject.SITE
    start: datetime | None = None
    end: datetime | None = None
    why: str = ""


def lines_about(maintenance: UUID, ends: datetime, visibility: Visibility, now: datetime) -> list[Line]:
    """Return what a maintenance puts at risk, the worst first, then the sites that it only touches.

    ``ends`` is the end of its last window: what begins later, it has no part in.

    Empty without the permissions, and if nothing can be assessed: the page *Risk* says why.
    """
    if not visibility.user.has_perms(RISK_PERMISSIONS):
        return []
    margin = timedelta(minutes=get_app_settings().risk.risk_margin)
    try:
        # Without the devices, "keeps 3 of 4 links" would be all that is said where one of them hangs on a circuit.
        risk = read_risk(visibility, now, ends + margin + _MOMENT, with_devices=True)
    except RiskError:  # of read_risk(): the settings are wrong
        return []
    findings = [each for each in risk.findings if maintenance in each.maintenances]
    names = read_names(visibility, risk.recorded, findings)
    worst_first = sorted(
        findings,
        key=lambda each: (each.kind != Kind.DARK, each.subject == Subject.DEVICE, each.start, risk.names[each.key]),
    )
    return [
        *(_line(each, maintenance, risk, names) for each in worst_first),
        *_touched(maintenance, risk, visibility, now, {each.key for each in findings}),
    ]


def at_risk_by(maintenances: Iterable[UUID] | None, visibility: Visibility, now: datetime) -> dict[UUID, list[str]]:
    """Return what each maintenance that causes a finding puts at risk ("AMS1 dark"); of these maintenances, or of all.

    It is what the page *Risk* lists: sites, and devices, clouds, hubs and groups.

    Raises nothing: what cannot be assessed puts nothing at risk here, and the page *Risk* says why.
    """
    try:
        risk = read_risk(visibility, now, with_devices=True)
    except RiskError:  # of read_risk(): the settings are wrong
        return {}
    wanted = None if maintenances is None else set(maintenances)
    found: dict[UUID, list[str]] = {}
    for each in sorted(risk.findings, key=lambda finding: (finding.kind != Kind.DARK, risk.names[finding.key])):
        for key in each.maintenances:
            text = f"{risk.names[each.key]} {each.kind.value}"
            if (wanted is None or key in wanted) and text not in found.setdefault(key, []):
                found[key].append(text)
    return found


def _line(finding: Finding, maintenance: UUID, risk: Risk, names: Names) -> Line:
    """Return "goes dark", with what else is down, or "keeps one way out", with its circuit."""
    others = sorted(
        names.maintenances[key] for key in finding.maintenances - {maintenance} if key in names.maintenances
    )
    also = f"together with {', '.join(others)}" if others else ""
    if finding.kind == Kind.DARK:
        says, why = "goes dark", also or ("its only link" if finding.link_count == 1 else "by this maintenance alone")
    else:
        says, why = "keeps one way out", ", ".join(filter(None, (" or ".join(names.hangs_on(finding)), also)))
    return Line(
        finding.key, risk.names[finding.key], says, finding.kind, finding.subject, finding.start, finding.end, why
    )


def _touched(
    maintenance: UUID, risk: Risk, visibility: Visibility, now: datetime, reported: set[UUID]
) -> Iterator[Line]:
    """Yield "keeps 3 of 4 links" for sites of which no worse is to be said."""
    own = [each for each in risk.outages if each.maintenance == maintenance and each.end > now]
    circuits = {each.circuit for each in own}
    links = risk.recorded.surroundings.topology.links
    sites = {end for link in links if link.circuit in circuits for end in (link.near, link.far) if end is not None}
    names = dict(visibility.locations.filter(pk__in=sites - reported).values_list("pk", "name"))
    of_sites = links_of(links, set(names))
    visible = set(
        visibility.circuits.filter(pk__in={key for own in of_sites.values() for key in own}).values_list(
            "pk", flat=True
        )
    )
    for site, name in sorted(names.items(), key=lambda pair: pair[1]):
        if of_sites[site] <= visible:  # else the total is not the user's to know
            left = len(of_sites[site]) - _most_down(of_sites[site], own, risk.outages)
            yield Line(site, name, f"keeps {left} of {len(of_sites[site])} links")


def _most_down(links: frozenset[UUID], own: Iterable[Outage], outages: Iterable[Outage]) -> int:
    """Return how many of these links are down at most while one of them is down for a maintenance."""
    known = [each for each in outages if each.circuit in links]
    most = 0
    for span in own:
        if span.circuit in links:
            moments = [span.start, *(each.start for each in known if span.start < each.start < span.end)]
            most = max(most, *(len({each.circuit for each in known if each.start <= at < each.end}) for at in moments))
    return most
