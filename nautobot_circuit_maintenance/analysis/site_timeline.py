"""How many links of each site are down at each moment of the next days."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count

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


@dataclass(frozen=True)
class SiteRow:
    """One site, and the times in which something happens there."""

    pk: UUID
    name: str
    links: int
    """All circuits that end there, as far as the user may view them."""
    segments: tuple[Segment, ...]

    @property
    def is_at_risk(self) -> bool:
        """Whether at some moment no link is left, or one of several."""
        return any(each.down and self.links - each.down <= (1 if self.links > 1 else 0) for each in self.segments)


def read_timeline(visibility: Visibility, now: datetime, until: datetime) -> list[SiteRow]:
    """Return the sites with affected links in this span, by the start of their first window."""
    by_site: defaultdict[UUID, list[Down]] = defaultdict(list)
    for each in (
        *_links(visibility, now, until, "maintenance__windows", in_all_windows=True),
        *_links(visibility, now, until, "windows", in_all_windows=False),
    ):
        by_site[each.site].append(each)
    names = dict(visibility.locations.filter(pk__in=list(by_site)).values_list("pk", "name"))
    ends = visibility.terminations.filter(location__in=list(names), circuit__in=visibility.circuits)
    links = dict(ends.values_list("location").annotate(count=Count("circuit", distinct=True)))
    rows = [
        SiteRow(pk, name, links.get(pk, 0), tuple(segments_of(by_site[pk], now, until))) for pk, name in names.items()
    ]
    return sorted(rows, key=lambda row: (row.segments[0].start, row.name))


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


def segments_of(links: Iterable[Down], now: datetime, until: datetime) -> Iterator[Segment]:
    """Yield the times in which the same windows are open at one site; what has begun counts from now."""
    links = list(links)
    changes = sorted({moment for each in links for moment in (max(each.start, now), min(each.end, until))})
    starts, ends = defaultdict(list), defaultdict(list)
    for each in links:
        starts[max(each.start, now)].append(each)
        ends[min(each.end, until)].append(each)
    affected: Counter[UUID] = Counter()
    down: Counter[UUID] = Counter()
    maintenances: Counter[UUID] = Counter()
    for moment, following in zip(changes, changes[1:]):
        for each, step in (*((each, -1) for each in ends[moment]), *((each, 1) for each in starts[moment])):
            affected[each.circuit] += step
            down[each.circuit] += step * (each.impact == Impact.OUTAGE)
            maintenances[each.maintenance] += step
        if count := sum(number > 0 for number in affected.values()):
            open_ones = tuple(sorted((pk for pk, number in maintenances.items() if number > 0), key=str))
            yield Segment(moment, following, sum(number > 0 for number in down.values()), count, open_ones)
