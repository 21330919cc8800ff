"""What circuits and power feeds are cabled to.

Core stores the traced path of each cabled object as ``CablePath`` rows. A path is read from the circuit's end here: one that
starts at an interface continues through the circuit to its other end. An end of a breakout cable has several paths, one for each
connector, so nothing here may keep only one far end of an origin.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Model, Q, QuerySet, UUIDField, Value
from django.db.models.functions import Coalesce
from nautobot.circuits.models import CircuitTermination
from nautobot.dcim.models import CablePath, Device, Interface, Module, PowerFeed, PowerPort

from nautobot_circuit_maintenance.analysis.visibility import Visibility

_MODULE_DEPTH = 4  # modules within modules, as deep as Nautobot follows them
_PARENT = "parent_module__parent_module_bay__"
_MODULE_PATHS = tuple(f"parent_module_bay__{_PARENT * level}parent_device" for level in range(_MODULE_DEPTH))
"""Where a module keeps the device that it is installed in, directly or within other modules."""
_DEVICE_PATHS = ("device", *(f"module__{path}" for path in _MODULE_PATHS))
"""Where a device component keeps its device: one of these is set. Components of installed modules have no ``device``."""

_LOCATION_PATHS = {CircuitTermination: "location", PowerFeed: "power_panel__location"}
"""Where far ends that belong to no device are."""


@dataclass(frozen=True)
class FarEnd:
    """What one cable path leads to."""

    termination: Any
    """An interface, a power port, a power feed, an end of another circuit, ..."""
    device: UUID | None
    """Primary key of the device that the termination belongs to; None if it belongs to none."""
    location: UUID | None
    """Primary key of the location of a termination that belongs to no device."""


def far_ends(
    origins: type[Model],
    pks: Collection[UUID],
    visibility: Visibility,
    kinds: Collection[type[Model]] = (),
) -> dict[UUID, list[FarEnd]]:
    """Return the visible far ends of these circuit terminations, power feeds or device components, by primary key.

    Takes one query, and one for each model among the far ends; ``kinds`` limits it to some models. A path that ends at a
    patch panel has no far end.
    """
    # In the default order: that of the connectors of a breakout cable, where Nautobot has these.
    paths = _paths_from(origins, *kinds).filter(origin_id__in=pks).exclude(destination_id=None)
    rows = list(paths.values_list("origin_id", "destination_type", "destination_id"))
    wanted: defaultdict[int, set[UUID]] = defaultdict(set)
    for _, kind, pk in rows:
        wanted[kind].add(pk)
    read = {(kind, end.termination.pk): end for kind in wanted for end in _read(kind, wanted[kind], visibility)}
    found: dict[UUID, list[FarEnd]] = defaultdict(list)
    for origin, kind, pk in rows:
        if (kind, pk) in read:
            found[origin].append(read[kind, pk])
    return dict(found)


def devices_cabled_to(origins: QuerySet[Any]) -> QuerySet[Any]:
    """Return a subquery for the primary keys of the devices that circuit terminations or power feeds are cabled to."""
    component: type[Model] = PowerPort if origins.model is PowerFeed else Interface
    paths = _paths_from(origins.model, component).filter(origin_id__in=origins.order_by().values("pk"))
    components = Visibility.everything().of_model(component)
    components = components.filter(pk__in=paths.order_by().values("destination_id"))
    return components.annotate(owner=_device()).values("owner")


def terminations_cabled_to(devices: Iterable[UUID]) -> QuerySet[CircuitTermination]:
    """Return the circuit terminations that are cabled to an interface of these devices or of their modules.

    Takes a query for the modules: one condition on columns of two tables would read all interfaces.
    """
    devices = list(devices)
    installed = Q()
    for path in _MODULE_PATHS:
        installed |= Q(**{f"{path}__in": devices})
    modules = list(Module.objects.filter(installed).order_by().values_list("pk", flat=True))
    interfaces = Interface.objects.filter(Q(device__in=devices) | Q(module__in=modules)).order_by()
    paths = _paths_from(CircuitTermination, Interface).filter(destination_id__in=interfaces.values("pk"))
    return CircuitTermination.objects.filter(pk__in=paths.order_by().values("origin_id")).order_by()


def circuits_cabled_to(devices: Iterable[Device], visibility: Visibility) -> QuerySet[Any]:
    """Return a subquery for the primary keys of the visible circuits that are cabled to one of these devices."""
    cabled = terminations_cabled_to([device.pk for device in devices])
    visible = visibility.terminations.filter(pk__in=cabled.values("pk"))
    return visibility.circuits.filter(pk__in=visible.values("circuit")).values("pk")


def locations_of_feeds(feeds: QuerySet[PowerFeed]) -> QuerySet[Any]:
    """Return a subquery for the primary keys of the locations of power feeds: those of their panels."""
    return feeds.order_by().values(_LOCATION_PATHS[PowerFeed])


def _paths_from(origins: type[Model], *destinations: type[Model]) -> QuerySet[CablePath]:
    """Return the paths from objects of one model to those of other models; to any if none is given."""
    paths: QuerySet[CablePath] = CablePath.objects.filter(origin_type=ContentType.objects.get_for_model(origins))
    kinds = [ContentType.objects.get_for_model(model) for model in destinations]
    return paths.filter(destination_type__in=kinds) if kinds else paths


def _read(kind: int, pks: Collection[UUID], visibility: Visibility) -> Iterator[FarEnd]:
    """Read the visible far ends of one model, with the device or the location of each."""
    model = ContentType.objects.get_for_id(kind).model_class()
    if model is None:
        return
    location = _LOCATION_PATHS.get(model)
    nothing = Value(None, output_field=UUIDField())
    rows = visibility.of_model(model).filter(pk__in=pks)
    rows = rows.annotate(owner=nothing if location else _device(), place=F(location) if location else nothing)
    for row in rows:
        yield FarEnd(row, row.owner, row.place)


def _device() -> Coalesce:
    return Coalesce(*_DEVICE_PATHS)
