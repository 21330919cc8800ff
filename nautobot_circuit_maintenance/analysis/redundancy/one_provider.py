"""A hint, not a finding: while other links are down, all that a site has left are of one provider."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.values import Outage


@dataclass(frozen=True)
class OneProvider:
    """A site with two links left or more, all of one provider, though it has links of several."""

    site: UUID
    provider: UUID
    start: datetime
    end: datetime
    left: frozenset[UUID]
    """The circuits that are left all the time."""


def left_to_one_provider(
    links: Mapping[UUID, Collection[UUID]], providers: Mapping[UUID, UUID], outages: Iterable[Outage]
) -> list[OneProvider]:
    """Return when that is so, by the links of each site and the provider of each circuit, in the order of time.

    Sites with a circuit whose provider is not known are left out: nothing can be said about them.
    """
    by_circuit: defaultdict[UUID, list[Outage]] = defaultdict(list)
    for each in outages:
        by_circuit[each.circuit].append(each)
    found: list[OneProvider] = []
    for site, circuits in links.items():
        own = [each for circuit in circuits for each in by_circuit.get(circuit, ())]
        if own and providers.keys() >= set(circuits) and len({providers[each] for each in circuits}) > 1:
            found += _merged(_of_site(site, frozenset(circuits), providers, own))
    return sorted(found, key=lambda each: (each.start, each.site))


def _of_site(
    site: UUID, circuits: frozenset[UUID], providers: Mapping[UUID, UUID], outages: list[Outage]
) -> Iterator[OneProvider]:
    """Yield the spans from one change to the next; walks once along the changes."""
    changes: defaultdict[datetime, list[tuple[UUID, int]]] = defaultdict(list)
    for each in outages:
        changes[each.start].append((each.circuit, 1))
        changes[each.end].append((each.circuit, -1))
    down: Counter[UUID] = Counter()
    for start, end in pairwise(sorted(changes)):
        for circuit, change in changes[start]:
            down[circuit] += change
        left = circuits - (+down).keys()
        remaining = {providers[each] for each in left}
        if len(left) > 1 and len(remaining) == 1:
            yield OneProvider(site, remaining.pop(), start, end, left)


def _merged(spans: Iterable[OneProvider]) -> list[OneProvider]:
    """Return spans of one site with those of the same provider that touch as one."""
    whole: list[OneProvider] = []
    for span in spans:
        last = whole[-1] if whole else None
        if last and last.end == span.start and last.provider == span.provider:
            whole[-1] = replace(last, end=span.end, left=last.left & span.left)
        else:
            whole.append(span)
    return whole
