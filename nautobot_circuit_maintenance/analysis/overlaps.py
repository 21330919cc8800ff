"""Which maintenances overlap: work on links of the same site at the same time.

Two maintenances overlap if neither is over, a window of the one shares time with a window of the other, that time has not passed, and in it
each affects a link of the same site (``NO-IMPACT`` affects nothing). Links and sites are those of the risk, or the locations of
circuits where it cannot be assessed. Nothing follows from it: what an overlap means for a site is what the risk says.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import NamedTuple
from uuid import UUID

from django.db.models import Max

from nautobot_circuit_maintenance.analysis.affected_links import Down, read_links_at_sites, read_sites
from nautobot_circuit_maintenance.analysis.keys import as_text
from nautobot_circuit_maintenance.analysis.risk.topology import Recorded, read_topology
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.collecting import without_collections
from nautobot_circuit_maintenance.domain.errors import RiskError

_Span = tuple[datetime, datetime, str]
"""Start and end of a window, and the key of its maintenance."""
_NEVER, _ALWAYS = (moment.replace(tzinfo=timezone.utc) for moment in (datetime.min, datetime.max))


class Overlap(NamedTuple):
    """Another maintenance that a maintenance overlaps with, and the sites where it does."""

    maintenance: UUID
    name: str
    """With the name of the provider in front."""
    sites: tuple[str, ...]


def overlapping(by_site: Iterable[Sequence[Down]]) -> set[str]:
    """Return the keys of the maintenances that overlap with another, of what is affected at each site.

    Each is compared only with the one that ends last of those that start before it, and with the first of others to start after it:
    a busy site has thousands of windows.
    """
    found: set[str] = set()
    for own in by_site:
        in_order = sorted((each.start, each.end, each.maintenance) for each in own)
        _add_after_others(in_order, found)
        _add_before_others(in_order, found)
    return found


def _add_after_others(in_order: Sequence[_Span], found: set[str]) -> None:
    """Add what starts before another that started earlier has ended."""
    last, last_end = "", _NEVER
    for start, end, key in in_order:
        if key != last and last_end > start:
            found.add(key)
        if end > last_end:
            last, last_end = key, end


def _add_before_others(in_order: Sequence[_Span], found: set[str]) -> None:
    """Add what ends after another that starts later has started."""
    first, first_start, other_start = "", _ALWAYS, _ALWAYS  # what starts next, and the earliest start of any other
    for start, end, key in reversed(in_order):
        if (first_start if key != first else other_start) < end:
            found.add(key)
        if key != first:
            first, other_start = key, first_start
        first_start = start


def read_overlapping(visibility: Visibility, now: datetime, until: datetime | None = None) -> set[str]:
    """Return the maintenances that overlap with another, in a span or in all the time ahead, as the user may view them.

    Takes about ten queries, which read only what is not over.
    """
    with without_collections():
        return overlapping(_read(visibility, now, until).values())


def overlaps_of(
    maintenances: Collection[UUID], visibility: Visibility, now: datetime, until: datetime | None = None
) -> dict[UUID, list[Overlap]]:
    """Return with which others each of these maintenances overlaps, by name; what starts after the last of them has ended is not read."""
    wanted = {str(each) for each in maintenances}
    until = until or _last_end(maintenances, visibility)
    sites: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for site, own in _read(visibility, now, until).items():
        for key, other in _pairs(own, wanted):
            sites[key, other].add(site)
    works = visibility.maintenances.filter(pk__in={other for _, other in sites})
    rows = works.values_list(as_text("pk"), "provider__name", "name") if sites else []
    names = {pk: f"{provider or ''} {name}".strip() for pk, provider, name in rows}
    locations = visibility.locations.filter(pk__in={key for keys in sites.values() for key in keys})
    places = dict(locations.values_list(as_text("pk"), "name")) if sites else {}
    found: defaultdict[UUID, list[Overlap]] = defaultdict(list)
    for (key, other), keys in sorted(sites.items(), key=lambda item: names.get(item[0][1], "")):
        if other in names:  # else it was deleted between the two queries
            found[UUID(key)].append(
                Overlap(UUID(other), names[other], tuple(sorted(places[each] for each in keys if each in places)))
            )
    return dict(found)


def _last_end(maintenances: Collection[UUID], visibility: Visibility) -> datetime | None:
    """Return when the last of these maintenances has ended; None if none has a time."""
    last: datetime | None = visibility.maintenances.filter(pk__in=maintenances).aggregate(Max("end_time"))[
        "end_time__max"
    ]
    return last


def _pairs(own: Sequence[Down], wanted: Collection[str]) -> set[tuple[str, str]]:
    """Return which of the wanted overlap with which others at one site."""
    return {
        (one.maintenance, other.maintenance)
        for one in own
        if one.maintenance in wanted
        for other in own
        if other.maintenance != one.maintenance and other.start < one.end and one.start < other.end
    }


def _read(visibility: Visibility, now: datetime, until: datetime | None) -> Mapping[str, Sequence[Down]]:
    """Return what is affected at each site that the user may view."""
    by_site = read_links_at_sites(visibility, now, until, read_sites(visibility, _recorded()))
    viewable = set(visibility.locations.filter(pk__in=by_site).values_list(as_text("pk"), flat=True))
    return {site: own for site, own in by_site.items() if site in viewable}


def _recorded() -> Recorded | None:
    try:
        return read_topology(get_app_settings().risk)
    except RiskError:  # of read_topology(): the settings are wrong, which the page Risk says
        return None
