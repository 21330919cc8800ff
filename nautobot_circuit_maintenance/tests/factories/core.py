"""Objects of Nautobot that tests need: providers, circuits, locations, cabled devices."""

from django.contrib.contenttypes.models import ContentType
from nautobot.circuits.models import Circuit, CircuitTermination, CircuitType, Provider
from nautobot.dcim.models import Cable, Device, DeviceType, Interface, Location, LocationType, Manufacturer
from nautobot.extras.models import Role, Status
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD


def status_for(model) -> Status:
    """Return a status that this model may have."""
    return Status.objects.get_for_model(model).first()


def create_provider(name: str, emails: str = "", parsers: str = "genericprovider") -> Provider:
    """Create a provider, which sends from these addresses if there are any."""
    provider = Provider(name=name)
    if emails:
        provider.cf[EMAILS_FIELD], provider.cf[PARSERS_FIELD] = emails, parsers
    provider.validated_save()
    return provider


def create_circuit(provider: Provider, cid: str, *, tenant: Tenant | None = None, location: Location | None = None):
    """Create a circuit, with its A side at this location if there is one."""
    circuit_type, _ = CircuitType.objects.get_or_create(name="Transit")
    circuit = Circuit.objects.create(
        cid=cid, provider=provider, circuit_type=circuit_type, status=status_for(Circuit), tenant=tenant
    )
    if location:
        CircuitTermination.objects.create(circuit=circuit, term_side="A", location=location)
        circuit.refresh_from_db()
    return circuit


def create_circuits(provider: Provider, *cids: str) -> list[Circuit]:
    """Create circuits of a provider."""
    return [create_circuit(provider, cid) for cid in cids]


def create_locations(*names: str) -> list[Location]:
    """Create locations, each inside the one before."""
    kind, _ = LocationType.objects.get_or_create(name="Place", defaults={"nestable": True})
    kind.content_types.add(ContentType.objects.get_for_model(CircuitTermination))
    parent, created = None, []
    for name in names:
        parent = Location.objects.create(name=name, location_type=kind, parent=parent, status=status_for(Location))
        created.append(parent)
    return created


def create_sites(*names: str) -> list[Location]:
    """Create locations beside each other, which may have devices and circuits."""
    kind, _ = LocationType.objects.get_or_create(name="Site")
    kind.content_types.set(ContentType.objects.get_for_models(CircuitTermination, Device).values())
    status = status_for(Location)
    return [Location.objects.create(name=name, location_type=kind, status=status) for name in names]


def create_device(name: str, location: Location) -> Device:
    """Create a device."""
    maker, _ = Manufacturer.objects.get_or_create(name="Vendor")
    kind, _ = DeviceType.objects.get_or_create(manufacturer=maker, model="Router")
    role, _ = Role.objects.get_or_create(name="Edge")
    role.content_types.add(ContentType.objects.get_for_model(Device))
    return Device.objects.create(name=name, device_type=kind, role=role, location=location, status=status_for(Device))


def terminate(circuit: Circuit, side: str, location: Location, device: Device | None = None) -> CircuitTermination:
    """Give a circuit an end at a location, cabled to a new interface of the device if there is one."""
    end = CircuitTermination.objects.create(circuit=circuit, term_side=side, location=location)
    if device:
        interface = Interface.objects.create(
            device=device, name=f"to {circuit.cid}", type="1000base-t", status=status_for(Interface)
        )
        connected = status_for(Cable)
        Cable(termination_a=end, termination_b=interface, status=connected).validated_save()
    return end
