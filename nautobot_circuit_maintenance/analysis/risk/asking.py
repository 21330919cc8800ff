"""What would happen if circuits were taken down: what a person, or a pipeline, asks before that."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone as fixed_zones
from uuid import UUID

from django.utils import timezone
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.analysis.redundancy.what_if import AHEAD, Added, Slots, Work, not_assessable
from nautobot_circuit_maintenance.analysis.risk.report import Risk, names_of
from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact
from nautobot_circuit_maintenance.domain.errors import RiskError


@dataclass(frozen=True)
class Question:
    """Work on some circuits, from one moment up to another."""

    circuits: frozenset[UUID]
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Answer:
    """What the work adds to what is so anyhow."""

    added: tuple[Added, ...]
    """Of what the user may view."""
    names: dict[UUID, str]
    """The sites, devices, ... that it is about."""
    unknown: tuple[tuple[UUID, str, str], ...]
    """Maintenances of the same providers at that time that name circuits which Nautobot does not have: key, name, circuit ID."""

    @property
    def makes_dark(self) -> bool:
        """Whether a site goes dark that would not otherwise."""
        return any(each.is_dark_site for each in self.added)


def check(risk: Risk, visibility: Visibility, circuits: Collection[UUID]) -> None:
    """Raise RiskError if nothing can be said about one of these circuits: that must not be taken for "safe"."""
    visible = dict(visibility.circuits.filter(pk__in=list(circuits)).values_list("pk", "cid"))
    unclear = {*not_assessable(risk.recorded.surroundings.topology, risk.assessment, circuits)}
    unclear |= set(circuits) - visible.keys()
    if unclear or not circuits:
        names = ", ".join(sorted(visible.get(key, str(key)) for key in unclear)) or "no circuit"
        hint = "It has to be a circuit that counts, between two places of which one is assessed."
        raise RiskError("RISK-06", f"Nothing can be said about {names}.", hint)


def answer(risk: Risk, visibility: Visibility, question: Question) -> Answer:
    """Return what the work would add."""
    work = Work(risk.recorded.surroundings.topology, risk.outages, question.circuits)
    added = work.added((question.start, question.end))
    names = names_of(visibility, (each.finding for each in added))
    return Answer(
        added=tuple(each for each in added if each.finding.key in names),
        names=names,
        unknown=_unknown(visibility, question),
    )


def free_slots(risk: Risk, question: Question, now: datetime) -> Slots:
    """Return what the work would add on each of the next 14 days at the same time of day in the active time zone."""
    work = Work(risk.recorded.surroundings.topology, risk.outages, question.circuits)
    return work.slots(now, question.end - question.start, same_time_of_day(question.start, now))


def same_time_of_day(start: datetime, now: datetime) -> list[datetime]:
    """Return the next 14 moments at this time of day in the active time zone, whatever clocks are changed in between."""
    zone = timezone.get_current_timezone()
    clock = start.astimezone(zone).time()
    today = now.astimezone(zone).date()
    moments = (
        datetime.combine(today + timedelta(days=day), clock, tzinfo=zone).astimezone(fixed_zones.utc)
        for day in range(AHEAD.days + 1)
    )
    return [moment for moment in moments if moment > now][: AHEAD.days]


def _unknown(visibility: Visibility, question: Question) -> tuple[tuple[UUID, str, str], ...]:
    """Return what the providers of these circuits do at that time to circuits that are not in Nautobot."""
    providers = Circuit.objects.filter(pk__in=question.circuits).order_by().values("provider")
    impacts = visibility.impacts.unmatched().overlapping(question.start, question.end)
    rows = impacts.filter(
        maintenance__in=visibility.maintenances.open(),
        maintenance__provider__in=providers,
        impact__in=(Impact.OUTAGE, Impact.DEGRADED),
    )
    return tuple(rows.order_by("maintenance__name", "cid").values_list("maintenance_id", "maintenance__name", "cid"))
