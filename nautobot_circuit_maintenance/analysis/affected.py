"""Locations and devices whose circuits are affected, soonest first."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, QuerySet
from nautobot.circuits.models import CircuitTermination
from nautobot.dcim.models import Device, Interface, Location

from nautobot_circuit_maintenance.analysis.cabling import far_ends
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitImpactChoices
from nautobot_circuit_maintenance.models.severity import impact_of_severity, severity

ROWS = 10
_UNNAMED = "Unnamed"
"""Nautobot allows a device without a name."""


@dataclass(frozen=True)
class AffectedTermination:
    """One end of a circuit that is affected: when one of its windows starts, and how severe the worst impact in it is."""

    circuit: UUID
    """Primary key of the circuit."""
    termination: UUID
    """Primary key of its end."""
    location: UUID | None
    """Primary key of where it ends; None if it ends in a network of the provider or of a cloud."""
    start: datetime
    severity: int


@dataclass
class Affected:
    """A location or a device, and which of its circuits are affected in the window that is next."""

    pk: UUID
    start: datetime
    severity: int
    circuits: set[UUID] = field(default_factory=set)
    name: str = ""
    circuit_count: int = 0
    """All circuits that end at the location, affected or not; not counted for devices."""

    @property
    def impact(self) -> str:
        """The worst impact on one of its circuits."""
        return impact_of_severity(self.severity)


@dataclass(frozen=True)
class Ranking:
    """What is affected first, and the primary keys of all that is affected."""

    rows: list[Affected]
    pks: list[UUID]


def read_terminations(visibility: Visibility, now: datetime, until: datetime) -> list[AffectedTermination]:
    """Return the ends of the circuits that are affected in this span; an impact of NO-IMPACT affects nothing."""
    return [
        *_terminations(visibility, now, until, "maintenance__windows", in_all_windows=True),
        *_terminations(visibility, now, until, "windows", in_all_windows=False),
    ]


def _in_next_window(affected: Iterable[AffectedTermination], now: datetime) -> list[AffectedTermination]:
    """Return what is affected at the moment at which the first window starts, or now if it has started."""
    known = list(affected)
    moment = max(now, min(each.start for each in known))
    return [each for each in known if each.start <= moment]


def _terminations(
    visibility: Visibility, now: datetime, until: datetime, windows: str, *, in_all_windows: bool
) -> Iterator[AffectedTermination]:
    """Yield the ends of the circuits whose windows are found along this relation."""
    ends = "circuit__circuit_terminations"
    impacts = visibility.impacts.filter(
        in_all_windows=in_all_windows,
        maintenance__in=visibility.maintenances.open(),
        circuit__in=visibility.circuits,
        **{
            f"{windows}__end_time__gt": now,
            f"{windows}__start_time__lte": until,
            f"{ends}__in": visibility.terminations,
        },
    )
    rows = (
        impacts.exclude(impact=CircuitImpactChoices.NO_IMPACT)
        .values_list("circuit", ends, f"{ends}__location", f"{windows}__start_time")
        .annotate(severity=Max(severity("impact")))
    )
    for row in rows:
        yield AffectedTermination(*row)


def affected_locations(visibility: Visibility, terminations: Iterable[AffectedTermination], now: datetime) -> Ranking:
    """Return the locations that are affected first, each with the number of all circuits that end there."""
    pairs = ((each.location, each) for each in terminations if each.location)
    ranking = _soonest(pairs, visibility.locations, now)
    ends = visibility.terminations.filter(
        location__in=[each.pk for each in ranking.rows], circuit__in=visibility.circuits
    )
    counts = dict(ends.values_list("location").annotate(count=Count("circuit", distinct=True)))
    for each in ranking.rows:
        each.circuit_count = counts.get(each.pk, 0)
    return ranking


def affected_devices(visibility: Visibility, terminations: Iterable[AffectedTermination], now: datetime) -> Ranking:
    """Return the devices that are affected first: those that the affected circuits are cabled to."""
    return _soonest(_at_devices(terminations), visibility.devices, now)


def _at_devices(terminations: Iterable[AffectedTermination]) -> Iterator[tuple[UUID, AffectedTermination]]:
    by_pk: defaultdict[UUID, list[AffectedTermination]] = defaultdict(list)
    for each in terminations:
        by_pk[each.termination].append(each)
    # Who may see a device need not be permitted to see its interfaces.
    cabled = far_ends(CircuitTermination, list(by_pk), Visibility.everything(), kinds=(Interface,))
    for pk, ends in cabled.items():
        for end in ends:
            if end.device:
                yield from ((end.device, each) for each in by_pk[pk])


def _soonest(
    pairs: Iterable[tuple[UUID, AffectedTermination]], visible: QuerySet[Location] | QuerySet[Device], now: datetime
) -> Ranking:
    """Rank the visible ones of these locations or devices by the start of their next window."""
    affected: defaultdict[UUID, list[AffectedTermination]] = defaultdict(list)
    for pk, termination in pairs:
        affected[pk].append(termination)
    names = dict(visible.filter(pk__in=list(affected)).values_list("pk", "name"))
    soonest = sorted((min(each.start for each in affected[pk]), name or _UNNAMED, pk) for pk, name in names.items())
    rows = []
    for start, name, pk in soonest[:ROWS]:
        together = _in_next_window(affected[pk], now)
        worst, circuits = max(each.severity for each in together), {each.circuit for each in together}
        rows.append(Affected(pk=pk, name=name, start=start, severity=worst, circuits=circuits))
    return Ranking(rows, [pk for *_, pk in soonest])
