"""Findings in words: the names of circuits and maintenances, and sentences without markup."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.kinds import Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Link, Subject
from nautobot_circuit_maintenance.analysis.redundancy.what_if import ASKED
from nautobot_circuit_maintenance.analysis.risk.topology import Recorded
from nautobot_circuit_maintenance.analysis.visibility import Visibility

HIDDEN = "a circuit that you may not view"
FEW = 3


@dataclass(frozen=True)
class Names:
    """How what the findings mention is called, as far as the user may view it."""

    circuits: Mapping[UUID, str]
    providers: Mapping[UUID, UUID]
    """The provider of each circuit."""
    maintenances: Mapping[UUID, str]
    """With the name of the provider in front."""
    links: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)
    """The circuits of each site that are links."""

    def circuit(self, key: UUID) -> str:
        """Return the circuit ID."""
        return self.circuits.get(key, HIDDEN)

    def link_count(self, finding: Finding) -> int | None:
        """Return how many links or circuits there are; None if the user may not view all of them."""
        counted = finding.down.union(*(phase.hangs_on for phase in finding.phases))
        return finding.link_count if self.links.get(finding.key, counted) <= self.circuits.keys() else None

    def own_down(self, finding: Finding) -> frozenset[UUID]:
        """Return the links of the site itself that are down in some phase; all that are down of what is only counted."""
        if finding.subject == Subject.SITE:
            return finding.down & self.links.get(finding.key, frozenset())
        return finding.down

    def why(self, finding: Finding) -> str:
        """Return the causes: "both links: ISP 1 M-1, ISP 2 M-7", "2 of 3 links: Seaborn 52210; hangs on CID-7"."""
        works = ", ".join(self.works(finding))
        return f"{self.lost(finding)}{f': {works}' if works else ''}{self.rest(finding)}"

    def rest(self, finding: Finding) -> str:
        """Return what of the causes comes after the maintenances: "; hangs on CID-7"."""
        hangs_on = self.hangs_on(finding)
        return f"; hangs on {_some(hangs_on)}" if hangs_on else ""

    def works(self, finding: Finding) -> list[str]:
        """Return the maintenances that cause it."""
        return sorted(self.maintenances[key] for key in finding.maintenances if key in self.maintenances)

    def hangs_on(self, finding: Finding) -> list[str]:
        """Return the circuits of which none may fail, in the order of the phases, each once."""
        return [self.circuit(key) for key in self.hangs_on_keys(finding)]

    def hangs_on_keys(self, finding: Finding) -> list[UUID]:
        """Return the keys of these circuits; of those that the user may not view, the first."""
        keys = dict.fromkeys(key for phase in finding.phases for key in phase.hangs_on)
        hidden = [key for key in keys if key not in self.circuits]
        return [key for key in keys if key in self.circuits or key == hidden[0]]

    def lost(self, finding: Finding) -> str:
        """Return how many links or circuits are down: "both links", "2 of 3 links down"."""
        down, total = len(self.own_down(finding)), self.link_count(finding)
        noun = "link" if finding.subject in (Subject.SITE, Subject.HUB) else "circuit"
        if not down:
            return f"down: {_some([self.circuit(key) for key in sorted(finding.down)])}"
        if finding.kind == Kind.DARK and total == down:
            return {1: f"its only {noun}", 2: f"both {noun}s"}.get(down, f"all {down} {noun}s")
        of_all = f"{down} of {total} {noun}s" if total else f"{down} {noun}{'s' * (down > 1)}"
        return f"{of_all} down"


def read_names(visibility: Visibility, recorded: Recorded, findings: Iterable[Finding]) -> Names:
    """Return the names of what these findings mention; takes two queries."""
    findings = list(findings)
    keys = {each.key for each in findings}
    links = links_of(recorded.surroundings.topology.links, keys)
    circuits = {key for each in findings for phase in each.phases for key in (*phase.down, *phase.hangs_on)}
    circuits.update(key for own in links.values() for key in own)
    maintenances = {key for each in findings for key in each.maintenances} - {ASKED}
    rows = list(visibility.circuits.filter(pk__in=circuits).values_list("pk", "cid", "provider_id")) if circuits else []
    works = visibility.maintenances.filter(pk__in=maintenances).values_list("pk", "provider__name", "name")
    return Names(
        circuits={pk: cid for pk, cid, _ in rows},
        providers={pk: provider for pk, _, provider in rows},
        maintenances=(
            {pk: f"{provider} {name}" if provider else name for pk, provider, name in works} if maintenances else {}
        ),
        links=links,
    )


def links_of(links: Iterable[Link], sites: set[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Return the circuits of these sites that are links."""
    found: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for link in links:
        for end in (link.near, link.far):
            if end is not None and end in sites:
                found[end].add(link.circuit)
    return {site: frozenset(own) for site, own in found.items()}


def _some(names: list[str]) -> str:
    """Return the first of some names, and how many others there are."""
    more = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {more} more" if more > 0 else "")
