"""What the tests of the dashboard and of the panels look at, beyond the fixtures: cabled devices, narrow permissions."""

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from nautobot.circuits.models import Circuit, CircuitTermination, Provider
from nautobot.dcim.models import Cable, Device, DeviceType, Interface, Location, LocationType, Manufacturer
from nautobot.extras.models import Role
from nautobot.users.models import ObjectPermission

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests.factories import core

ALL = (
    models.CircuitMaintenance,
    models.CircuitImpact,
    models.Notification,
    models.ParsedNotification,
    models.NotificationSource,
    Circuit,
    CircuitTermination,
    Provider,
    Location,
    Device,
)
BY_PROVIDER = {
    models.CircuitMaintenance: {"provider__name": "ISP 1"},
    models.CircuitImpact: {"maintenance__provider__name": "ISP 1"},
    models.Notification: {"provider__name": "ISP 1"},
    models.ParsedNotification: {"maintenance__provider__name": "ISP 1"},
    models.NotificationSource: {"providers__name": "ISP 1"},
    Circuit: {"provider__name": "ISP 1"},
    CircuitTermination: {"circuit__provider__name": "ISP 1"},
    Provider: {"name": "ISP 1"},
    Location: {"name": "Site 1"},
    Device: {"name": "edge-1"},
}
"""Constraints that leave the first of each."""


def superuser():
    """Create someone who sees everything."""
    return get_user_model().objects.create_superuser("everything")


def permit(user, *permitted, constraints=None, actions=("view",)) -> None:
    """Let a user do this with these models, within constraints by model."""
    for model in permitted:
        permission = ObjectPermission.objects.create(
            name=f"{user} {model.__name__} {actions}",
            actions=list(actions),
            constraints=(constraints or {}).get(model),
        )
        permission.users.add(user)
        permission.object_types.add(ContentType.objects.get_for_model(model))


def viewer(*permitted, constraints=None):
    """Create someone who may view only this."""
    user = get_user_model().objects.create_user(username=f"viewer {get_user_model().objects.count()}")
    permit(user, *permitted, constraints=constraints)
    return user


def create_sites(*names: str) -> list[Location]:
    """Create locations beside each other, which may have devices and circuits."""
    kind, _ = LocationType.objects.get_or_create(name="Site")
    kind.content_types.set(ContentType.objects.get_for_models(CircuitTermination, Device).values())
    status = core.status_for(Location)
    return [Location.objects.create(name=name, location_type=kind, status=status) for name in names]


def create_device(name: str, location: Location) -> Device:
    """Create a device."""
    maker, _ = Manufacturer.objects.get_or_create(name="Vendor")
    kind, _ = DeviceType.objects.get_or_create(manufacturer=maker, model="Router")
    role, _ = Role.objects.get_or_create(name="Edge")
    role.content_types.add(ContentType.objects.get_for_model(Device))
    return Device.objects.create(
        name=name, device_type=kind, role=role, location=location, status=core.status_for(Device)
    )


def terminate(circuit: Circuit, side: str, location: Location, device: Device | None = None) -> CircuitTermination:
    """Give a circuit an end at a location, cabled to a new interface of the device if there is one."""
    end = CircuitTermination.objects.create(circuit=circuit, term_side=side, location=location)
    if device:
        interface = Interface.objects.create(
            device=device, name=f"to {circuit.cid}", type="1000base-t", status=core.status_for(Interface)
        )
        connected = core.status_for(Cable)
        Cable(termination_a=end, termination_b=interface, status=connected).validated_save()
    return end
