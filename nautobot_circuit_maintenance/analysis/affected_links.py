"""Which links of which sites are affected, and when: what the picture by site and the question of overlaps share."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.analysis.keys import as_text
from nautobot_circuit_maintenance.analysis.risk.topology import Recorded
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact


class Down(NamedTuple):
    """A link in one window of a maintenance; the keys are text."""

    circuit: str
    maintenance: str
    impact: str
    start: datetime
    end: datetime


def read_sites(visibility: Visibility, recorded: Recorded | None) -> dict[str, set[str]]:
    """Return the sites in which each circuit ends, as far as the user may view them.

    With a network, only of circuits that are links in it: "1 of 4 links" has to be the same as wherever the risk is spoken of.
    """
    site_of = recorded.surroundings.site_of if recorded else {}
    ends = visibility.terminations.filter(location__isnull=False, circuit__in=visibility.circuits)
    known: dict[str, str] = {}
    sites: defaultdict[str, set[str]] = defaultdict(set)
    for circuit, place in ends.values_list(as_text("circuit"), as_text("location")):
        if place not in known:
            known[place] = str(site_of.get(UUID(place), place))
        if recorded is None or known[place] in recorded.ends_of_links.get(circuit, ()):
            sites[circuit].add(known[place])
    return dict(sites)


def read_links_at_sites(
    visibility: Visibility, now: datetime, until: datetime | None, sites: Mapping[str, Collection[str]]
) -> dict[str, list[Down]]:
    """Return what is affected at each site in this span, without ``until`` in all the time ahead; two queries.

    ``sites``: the sites of each circuit, as ``read_sites()`` returns them.
    """
    by_site: defaultdict[str, list[Down]] = defaultdict(list)
    for each in (
        *_read_down(visibility, now, until, "maintenance__windows", in_all_windows=True),
        *_read_down(visibility, now, until, "windows", in_all_windows=False),
    ):
        for site in sites.get(each.circuit, ()):
            by_site[site].append(each)
    return by_site


def _read_down(
    visibility: Visibility, now: datetime, until: datetime | None, windows: str, *, in_all_windows: bool
) -> Iterator[Down]:
    """Yield the affected links whose windows are found along this relation; an impact of NO-IMPACT affects nothing."""
    times: dict[str, datetime] = {f"{windows}__end_time__gt": now}
    if until is not None:
        times[f"{windows}__start_time__lt"] = until
    impacts = visibility.impacts.filter(
        in_all_windows=in_all_windows,
        maintenance__in=visibility.maintenances.open(),
        circuit__in=visibility.circuits,
        **times,
    ).exclude(impact=Impact.NO_IMPACT)
    ends = (f"{windows}__start_time", f"{windows}__end_time")
    yield from map(Down._make, impacts.values_list(as_text("circuit"), as_text("maintenance"), "impact", *ends))
