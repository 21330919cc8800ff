"""How many links of each site are down at each moment of the next days, and what that means for the site."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

from nautobot_circuit_maintenance.analysis.affected_links import Down, read_links_at_sites, read_sites
from nautobot_circuit_maintenance.analysis.keys import as_text
from nautobot_circuit_maintenance.analysis.redundancy.kinds import SEVERITIES, Kind
from nautobot_circuit_maintenance.analysis.redundancy.values import Finding, Subject
from nautobot_circuit_maintenance.analysis.risk.report import Risk
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact


class Segment(NamedTuple):
    """A time in which the same links of a site are affected."""

    start: datetime
    end: datetime
    down: int
    """Links with an outage."""
    affected: int
    """Links with any impact."""
    kind: Kind | None = None
    """What the assessment of the risk says, which knows more than the site's own links; None: nothing."""


@dataclass(frozen=True)
class SiteRow:
    """One site, and the times in which something happens there."""

    pk: str
    name: str
    links: int
    """Those that the assessment of the risk counts, without one all circuits that end there; as far as the user may view them."""
    down: Sequence[Down]
    findings: Sequence[Finding]
    now: datetime
    until: datetime

    @property
    def start(self) -> datetime:
        """When the first of it begins; now for what has begun."""
        everything: list[Down | Finding] = [*self.down, *self.findings]
        return max(self.now, min(each.start for each in everything))

    @property
    def is_at_risk(self) -> bool:
        """Whether the site is dark or has one way left at some moment."""
        return bool(self.findings)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The times in which something happens, in order; computed only for the sites that are shown."""
        return tuple(segments_of(self.down, self.findings, self.now, self.until))

    def maintenances(self, segments: Sequence[Segment]) -> list[list[str]]:
        """Return those of each of these segments, which are in order: a busy site has thousands, of which few are drawn."""
        starts = [segment.start for segment in segments]
        found: list[set[str]] = [set() for _ in segments]
        everything: list[Down | Finding] = [*self.down, *self.findings]
        for each in everything:
            keys = [each.maintenance] if isinstance(each, Down) else map(str, each.maintenances)
            for key in keys:
                for place in range(bisect_left(starts, max(each.start, self.now)), bisect_left(starts, each.end)):
                    found[place].add(key)
        return [sorted(own) for own in found]


def read_timeline(visibility: Visibility, now: datetime, until: datetime, risk: Risk | None) -> list[SiteRow]:
    """Return the sites with affected links in this span, or at risk in it, by the start of their first window.

    Without an assessment, nothing is said of the risk, and each location is a site.
    """
    findings = _findings(risk.findings if risk else (), now, until)
    sites = read_sites(visibility, risk.recorded if risk else None)
    by_site = read_links_at_sites(visibility, now, until, sites)
    wanted = visibility.locations.filter(pk__in=by_site.keys() | findings.keys())
    links = Counter(site for ends in sites.values() for site in ends)
    rows = [
        SiteRow(pk, name, links[pk], by_site[pk], findings.get(pk, ()), now, until)
        for pk, name in wanted.values_list(as_text("pk"), "name")
    ]
    return sorted(rows, key=lambda row: (row.start, row.name))


def _findings(findings: Iterable[Finding], now: datetime, until: datetime) -> dict[str, list[Finding]]:
    """Return what is found about sites in this span; a hub is a site, too."""
    found: defaultdict[str, list[Finding]] = defaultdict(list)
    for each in findings:
        if each.subject in (Subject.SITE, Subject.HUB) and each.start < until and each.end > now:
            found[str(each.key)].append(each)
    return dict(found)


class _Open(dict[Any, int]):
    """What is open at a moment, each with the number of its reasons; a key without one is gone."""

    def step(self, key: Any, by: int) -> None:
        """Add or take away a reason."""
        count = self.get(key, 0) + by
        if count:
            self[key] = count
        else:
            del self[key]


def segments_of(
    links: Sequence[Down], findings: Sequence[Finding], now: datetime, until: datetime
) -> Iterator[Segment]:
    """Yield the times in which the same windows are open at one site, and the same is found; what has begun counts from now.

    From one moment to the next, only what begins or ends there is counted: a busy site has hundreds of moments.
    """
    affected, down, found = _Open(), _Open(), _Open()
    last = now
    for moment, by, each in _steps([*links, *findings], now, until):
        if moment > last:
            if affected or found:
                worst = max(found, key=SEVERITIES.__getitem__) if found else None
                yield Segment(last, moment, len(down), len(affected), worst)
            last = moment
        if isinstance(each, Finding):
            found.step(each.kind, by)
            continue
        affected.step(each.circuit, by)
        if each.impact == Impact.OUTAGE:
            down.step(each.circuit, by)


def _steps(
    everything: Iterable[Down | Finding], now: datetime, until: datetime
) -> list[tuple[datetime, int, Down | Finding]]:
    """Return when something begins (1) or ends (-1), in order."""
    steps = []
    for each in everything:
        steps.append((max(each.start, now), 1, each))
        steps.append((min(each.end, until), -1, each))
    return sorted(steps, key=itemgetter(0))
