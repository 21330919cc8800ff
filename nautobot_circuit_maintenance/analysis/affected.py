"""Where it hurts: locations and devices whose circuits are worked on, as far as a user may see them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Max, Min, QuerySet
from django.db.models.functions import Coalesce
from nautobot.circuits.models import Circuit, CircuitTermination
from nautobot.dcim.models import CablePath, Device, Interface, Location

from nautobot_circuit_maintenance.analysis.dashboard import not_over
from nautobot_circuit_maintenance.choices import CircuitImpactChoices
from nautobot_circuit_maintenance.models import CircuitImpact, selection

ROWS = 10


@dataclass(frozen=True)
class AffectedTermination:
    """One end of a circuit that is worked on: when next, and how bad (``selection.SEVERITIES``)."""

    circuit: UUID
    """Primary key of the circuit."""
    termination: UUID
    """Primary key of its end."""
    location: UUID | None
    """Primary key of where it ends; None where Nautobot knows no location."""
    start: datetime
    severity: int


@dataclass
class Affected:
    """A location or a device, and what it is about to lose."""

    pk: UUID
    start: datetime
    severity: int
    circuits: set[UUID] = field(default_factory=set)
    name: str = ""
    circuits_there: int = 0

    @property
    def impact(self) -> str:
        """The worst impact on one of its circuits."""
        return selection.impact_of_severity(self.severity)


@dataclass(frozen=True)
class Ranking:
    """What is hit soonest, and the keys of all that is hit."""

    rows: list[Affected]
    pks: list[UUID]


def read_hits(user: Any, now: datetime, until: datetime) -> list[AffectedTermination]:
    """Return the ends of the circuits that are worked on in this span, without those that will not notice."""
    ends = "circuit__circuit_terminations"
    impacts = CircuitImpact.objects.restrict(user, "view").filter(
        maintenance__in=not_over(user),
        maintenance__windows__end_time__gt=now,
        maintenance__windows__start_time__lte=until,
        circuit__in=Circuit.objects.restrict(user, "view").order_by(),
        **{f"{ends}__in": CircuitTermination.objects.restrict(user, "view").order_by()},
    )
    rows = (
        impacts.exclude(impact=CircuitImpactChoices.NO_IMPACT)
        .order_by()
        .values_list("circuit", ends, f"{ends}__location")
        .annotate(start=Min("maintenance__windows__start_time"), severity=Max(selection.severity("impact")))
    )
    return [AffectedTermination(*row) for row in rows]


def affected_locations(user: Any, hits: Iterable[AffectedTermination]) -> Ranking:
    """Return the locations that are hit soonest, with how many of the circuits that end there are hit."""
    found = _soonest(
        ((hit.location, hit) for hit in hits if hit.location),
        Location.objects.restrict(user, "view").without_tree_fields(),
    )
    ends = CircuitTermination.objects.restrict(user, "view").filter(location__in=[each.pk for each in found.rows])
    ends = ends.filter(circuit__in=Circuit.objects.restrict(user, "view").order_by()).order_by()
    there = dict(ends.values_list("location").annotate(count=Count("circuit", distinct=True)))
    for each in found.rows:
        each.circuits_there = there.get(each.pk, 0)
    return found


def affected_devices(user: Any, hits: Iterable[AffectedTermination]) -> Ranking:
    """Return the devices that are hit soonest: those that the hit circuits are cabled to."""
    by_termination = {hit.termination: hit for hit in hits}
    paths = CablePath.objects.filter(
        origin_type=ContentType.objects.get_for_model(CircuitTermination),
        origin_id__in=list(by_termination),
        destination_type=ContentType.objects.get_for_model(Interface),
    )
    cabled = list(paths.order_by().values_list("origin_id", "destination_id"))
    interfaces = Interface.objects.filter(pk__in={interface for _, interface in cabled}).order_by()
    owners = dict(interfaces.annotate(owner=Coalesce(*selection.OWNING_DEVICE)).values_list("pk", "owner"))
    pairs = ((owners.get(interface), by_termination[end]) for end, interface in cabled)
    return _soonest(((pk, hit) for pk, hit in pairs if pk), Device.objects.restrict(user, "view"))


def _soonest(pairs: Iterator[tuple[UUID, AffectedTermination]], visible: QuerySet[Any]) -> Ranking:
    """Return the first of what is hit by the start of the next window, of what the user may see."""
    hits: defaultdict[UUID, list[AffectedTermination]] = defaultdict(list)
    for pk, hit in pairs:
        hits[pk].append(hit)
    names = dict(visible.filter(pk__in=list(hits)).order_by().values_list("pk", "name"))
    # Nautobot allows a device without a name.
    soonest = sorted((min(hit.start for hit in hits[pk]), name or "Unnamed", pk) for pk, name in names.items())
    rows = [
        Affected(
            pk=pk,
            name=name,
            start=start,
            severity=max(hit.severity for hit in hits[pk]),
            circuits={hit.circuit for hit in hits[pk]},
        )
        for start, name, pk in soonest[:ROWS]
    ]
    return Ranking(rows, [pk for *_, pk in soonest])
