"""Objects of Nautobot that tests need: providers, circuits, locations."""

from django.contrib.contenttypes.models import ContentType
from nautobot.circuits.models import Circuit, CircuitTermination, CircuitType, Provider
from nautobot.dcim.models import Location, LocationType
from nautobot.extras.models import Status
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
