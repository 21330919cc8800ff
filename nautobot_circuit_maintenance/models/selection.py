"""Which maintenances an operator means: by time, by what they hit, by how bad it is."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Case, Count, Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Now
from nautobot.circuits.models import CircuitTermination
from nautobot.dcim.models import CablePath, Interface

from nautobot_circuit_maintenance.choices import CircuitImpactChoices, CircuitMaintenanceStatusChoices
from nautobot_circuit_maintenance.models import CircuitImpact, MaintenanceWindow

SEVERITIES = CircuitImpactChoices.values()
"""The impacts, mildest first: ``worst_severity`` counts from 1 in this order."""

_MODULE_DEPTH = 4  # modules within modules, as deep as Nautobot follows them

OWNING_DEVICE = (
    "device",
    *(
        f"module__parent_module_bay__{'parent_module__parent_module_bay__' * level}parent_device"
        for level in range(_MODULE_DEPTH)
    ),
)
"""Where an interface keeps its device: one of these is set."""

IN_THE_PAST = Case(When(end_time__lt=Now(), then=Value(1)), default=Value(0), output_field=IntegerField())

MOST_URGENT_FIRST = (
    IN_THE_PAST.asc(),
    Case(When(end_time__gte=Now(), then=F("start_time"))).asc(nulls_last=True),
    F("start_time").desc(nulls_last=True),
    "name",
)
"""In progress and coming first, by start; then what has no time; then the past, newest first."""


OVER = (CircuitMaintenanceStatusChoices.CANCELLED, CircuitMaintenanceStatusChoices.COMPLETED)
"""What a provider says when there is nothing left to wait for."""


def in_progress_at(moment: datetime) -> Q:
    """Select maintenances that work at this moment; one that is cancelled or completed does not."""
    return Q(active_at(moment)) & ~Q(status__in=OVER)


def over_at(moment: datetime) -> Q:
    """Select maintenances that are over, by their time or by the provider's word."""
    return Q(status__in=OVER) | Q(end_time__isnull=False, end_time__lt=moment)


def active_at(moment: datetime) -> Exists:
    """Select maintenances that work at this moment in one of their windows."""
    return overlapping(moment, moment)


def overlapping(since: datetime | None, until: datetime | None) -> Exists:
    """Select maintenances with a window that shares time with this range; None leaves a side open."""
    windows = MaintenanceWindow.objects.filter(maintenance=OuterRef("pk")).order_by()
    windows = windows.filter(end_time__gt=since) if since else windows
    # A moment is the range from itself to itself, and the start of a window belongs to the window.
    windows = windows.filter(start_time__lte=until) if until else windows
    return Exists(windows)


def terminations_cabled_to(devices: Iterable[Any]) -> QuerySet[CircuitTermination]:
    """Return the ends of circuits that a cable path from an interface of these devices leads to.

    The interfaces of installed modules are the device's too.
    """
    devices = list(devices)
    owned = Q()
    for owner in OWNING_DEVICE:
        owned |= Q(**{f"{owner}__in": devices})
    # Traced from the circuit: a path that starts at the interface goes on through the circuit to its far end.
    paths = CablePath.objects.filter(
        origin_type=ContentType.objects.get_for_model(CircuitTermination),
        destination_type=ContentType.objects.get_for_model(Interface),
        destination_id__in=Interface.objects.filter(owned).order_by().values("pk"),
    )
    return CircuitTermination.objects.filter(pk__in=paths.order_by().values("origin_id")).order_by()


def with_impact_summary(maintenances: QuerySet, user: Any) -> QuerySet:
    """Annotate ``circuit_count``, ``unmatched_count`` and ``worst_severity`` (0: none), of the impacts the user may see."""
    impacts = CircuitImpact.objects.restrict(user, "view") if user else CircuitImpact.objects.all()
    impacts = impacts.filter(maintenance=OuterRef("pk")).order_by().values("maintenance")
    figures = {
        "circuit_count": Count("pk"),
        "unmatched_count": Count("pk", filter=Q(circuit=None)),
        "worst_severity": Max(severity("impact")),
    }
    return maintenances.annotate(
        **{
            name: Coalesce(Subquery(impacts.annotate(figure=figure).values("figure")), Value(0))
            for name, figure in figures.items()
        }
    )


def severity(field: str) -> Case:
    """Return the place of the impact in this field among ``SEVERITIES``, from 1."""
    order = [When(**{field: impact, "then": Value(place)}) for place, impact in enumerate(SEVERITIES, start=1)]
    return Case(*order, default=Value(0), output_field=IntegerField())


def worst(impacts: Iterable[CircuitImpact]) -> str:
    """Return the worst of these impacts; empty if there is none."""
    return max((impact.impact for impact in impacts), key=SEVERITIES.index, default="")


def impact_of_severity(place: int) -> str:
    """Return the word for a ``worst_severity``; empty where no impact was told."""
    return SEVERITIES[place - 1] if place else ""
