"""The moments at which anything changes, as numbers, and what is down between them."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timezone
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from nautobot_circuit_maintenance.analysis.redundancy.values import Outage, Phase


class Span(NamedTuple):
    """An outage of one circuit, from one moment up to, not including, another."""

    start: int
    end: int
    outage: Outage


class Moments:
    """The moments of some outages."""

    def __init__(self, outages: Iterable[Outage]) -> None:
        """Number the moments; an outage that ends when it starts is none."""
        # In UTC: times of one zone are compared by their wall clock, which repeats an hour in autumn.
        timed = [(each.start.astimezone(timezone.utc), each.end.astimezone(timezone.utc), each) for each in outages]
        lasting = [each for each in timed if each[0] < each[1]]
        self.times: Sequence[datetime] = sorted({time for each in lasting for time in each[:2]})
        numbers = {time: number for number, time in enumerate(self.times)}
        self.spans: dict[UUID, list[Span]] = defaultdict(list)
        """The outages of each circuit."""
        for start, end, outage in lasting:
            self.spans[outage.circuit].append(Span(numbers[start], numbers[end], outage))

    def also(self, circuits: Iterable[UUID], outages: Iterable[Outage]) -> "Moments":
        """Return the moments of the outages of these circuits and of further ones."""
        own = [span.outage for circuit in circuits for span in self.spans.get(circuit, ())]
        return Moments([*own, *outages])

    def number(self, time: datetime) -> int:
        """Return the number of a moment that is among them."""
        return bisect_left(self.times, time)

    def changes(self, circuit: UUID, *, confirmed_only: bool = False) -> list[int]:
        """Return when a circuit goes down, up, down, ...: strictly ascending; touching outages are one."""
        changes: list[int] = []
        for span in sorted(self.spans.get(circuit, ()), key=lambda each: each[:2]):
            if confirmed_only and not span.outage.is_confirmed:
                continue
            if changes and span.start <= changes[-1]:
                changes[-1] = max(changes[-1], span.end)
            else:
                changes += (span.start, span.end)
        return changes

    def phases(self, start: int, end: int, down: Collection[UUID], hangs_on: tuple[UUID, ...]) -> Iterator[Phase]:
        """Yield the phases of a time during which the same circuits are down: one for each set of maintenances."""
        spans = [
            each for circuit in down for each in self.spans.get(circuit, ()) if each.start < end and start < each.end
        ]
        stops = sorted({start, end, *(at for span in spans for at in span[:2] if start < at < end)})
        pairs = zip(stops, stops[1:], strict=False)
        by_maintenances = ((_active(spans, since, until), since, until) for since, until in pairs)
        for maintenances, parts in groupby(by_maintenances, key=lambda part: part[0]):
            (_, since, until), *others = parts
            until = others[-1][2] if others else until
            yield Phase(self.times[since], self.times[until], tuple(sorted(down)), maintenances, hangs_on)


def _active(spans: Iterable[Span], start: int, end: int) -> tuple[UUID, ...]:
    """Return the maintenances with an outage during all of this time, sorted."""
    return tuple(sorted({span.outage.maintenance for span in spans if span.start <= start and end <= span.end}))
