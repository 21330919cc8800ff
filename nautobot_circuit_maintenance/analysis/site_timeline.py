"""How many links of each site are down at each moment of the next days, and what that means for the site."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.values import SEVERITIES, Finding, Kind, Subject
from nautobot_circuit_maintenance.analysis.risk.report import Risk
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact


class Down(NamedTuple):
    """A link of a site in one window of a maintenance."""

    circuit: UUID
    site: UUID
    start: datetime
    end: datetime
    impact: str
    maintenance: UUID


@dataclass(frozen=True)
class Segment:
    """A time in which the same links of a site are affected."""

    start: datetime
    end: datetime
    down: int
    """Links with an outage."""
    affected: int
    """Links with any impact."""
    maintenances: tuple[UUID, ...]
    """In no particular order: a busy site has thousands of segments, of which few are drawn."""
    kind: Kind | None = None
    """What the assessment of the risk says, which knows more than the site's own links; None: nothing."""


@dataclass(frozen=True)
class SiteRow:
    """One site, and the times in which something happens there."""

    pk: UUID
    name: str
    links: int
    """All circuits that end there, as far as the user may view them."""
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


def read_timeline(visibility: Visibility, now: datetime, until: datetime, risk: Risk | None) -> list[SiteRow]:
    """Return the sites with affected links in this span, or at risk in it, by the start of their first window.

    Without an assessment, nothing is said of the risk, and each location is a site.
    """
    site_of = risk.recorded.surroundings.site_of if risk else {}
    findings = _findings(risk.findings if risk else (), now, until)
    by_site: defaultdict[UUID, list[Down]] = defaultdict(list)
    for each in (
        *_links(visibility, now, until, "maintenance__windows", in_all_windows=True),
        *_links(visibility, now, until, "windows", in_all_windows=False),
    ):
        by_site[site_of.get(each.site, each.site)].append(each)
    wanted = by_site.keys() | findings.keys()
    names = dict(visibility.locations.filter(pk__in=wanted).values_list("pk", "name"))
    links = _count_links(visibility, names, site_of)
    rows = [SiteRow(pk, name, links[pk], by_site[pk], findings.get(pk, ()), now, until) for pk, name in names.items()]
    return sorted(rows, key=lambda row: (row.start, row.name))


def _findings(findings: Iterable[Finding], now: datetime, until: datetime) -> dict[UUID, list[Finding]]:
    """Return what is found about sites in this span; a hub is a site, too."""
    found: defaultdict[UUID, list[Finding]] = defaultdict(list)
    for each in findings:
        if each.subject in (Subject.SITE, Subject.HUB) and each.start < until and each.end > now:
            found[each.key].append(each)
    return dict(found)


def _count_links(visibility: Visibility, sites: Collection[UUID], site_of: Mapping[UUID, UUID]) -> Counter[UUID]:
    """Return how many circuits end in each site, as far as the user may view them."""
    places = {*sites, *(place for place, site in site_of.items() if site in sites)}
    ends = visibility.terminations.filter(location__in=places, circuit__in=visibility.circuits)
    pairs = {(site_of.get(place, place), circuit) for place, circuit in ends.values_list("location", "circuit")}
    return Counter(site for site, _ in pairs)


def _links(
    visibility: Visibility, now: datetime, until: datetime, windows: str, *, in_all_windows: bool
) -> Iterator[Down]:
    """Yield the affected links whose windows are found along this relation; an impact of NO-IMPACT affects nothing."""
    ends = "circuit__circuit_terminations"
    impacts = visibility.impacts.filter(
        in_all_windows=in_all_windows,
        maintenance__in=visibility.maintenances.open(),
        circuit__in=visibility.circuits,
        **{
            f"{windows}__end_time__gt": now,
            f"{windows}__start_time__lt": until,
            f"{ends}__in": visibility.terminations,
            f"{ends}__location__isnull": False,
        },
    ).exclude(impact=Impact.NO_IMPACT)
    rows = impacts.values_list(
        "circuit",
        f"{ends}__location",
        f"{windows}__start_time",
        f"{windows}__end_time",
        "impact",
        "maintenance",
    )
    for row in rows:
        yield Down(*row)


class _Open(dict[Any, int]):
    """What is open at a moment, each with the number of its reasons; a key without one is gone."""

    def step(self, key: Any, by: int) -> None:
        """Add or take away a reason."""
        count = self.get(key, 0) + by  # a UUID is hashed in Python: once for this, once for what follows
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
    steps: defaultdict[datetime, list[tuple[int, Down | Finding]]] = defaultdict(list)
    everything: list[Down | Finding] = [*links, *findings]
    for each in everything:
        steps[max(each.start, now)].append((1, each))
        steps[min(each.end, until)].append((-1, each))
    affected, down, maintenances, found = _Open(), _Open(), _Open(), _Open()
    changes = sorted(steps)
    for moment, following in zip(changes, changes[1:]):
        for by, each in sorted(steps[moment], key=itemgetter(0)):  # what ends, first
            if isinstance(each, Down):
                affected.step(each.circuit, by)
                maintenances.step(each.maintenance, by)
                if each.impact == Impact.OUTAGE:
                    down.step(each.circuit, by)
            else:
                found.step(each.kind, by)
                for pk in each.maintenances:
                    maintenances.step(pk, by)
        if affected or found:
            worst = max(found, key=SEVERITIES.__getitem__, default=None)
            yield Segment(moment, following, len(down), len(affected), tuple(maintenances), worst)
