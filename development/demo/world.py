"""The demo's data in Nautobot: locations, devices, providers, circuits, an administrator and an enabled job."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from nautobot.circuits.models import Circuit, CircuitTermination, CircuitType, Provider
from nautobot.dcim.models import Cable, Device, DeviceType, Interface, Location, LocationType, Manufacturer
from nautobot.extras.models import Job, Role, Status

from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD

_JOB = "HandleCircuitMaintenanceNotifications"
ADMIN = "admin"
LOCATED = (Device, CircuitTermination)
LOCATION_LEVELS = ("Region", "Site", "Building")


@transaction.atomic
def seed(world: dict[str, Any]) -> None:
    """Create everything but users; the database is a fresh clone of the template."""
    locations = create_locations(world["locations"])
    devices = create_devices(world["devices"], locations)
    providers = create_providers(world["providers"])
    types = {name: CircuitType.objects.create(name=name) for name in sorted({c["type"] for c in world["circuits"]})}
    for entry in world["circuits"]:
        circuit = Circuit.objects.create(
            cid=entry["cid"],
            provider=providers[entry["provider"]],
            circuit_type=types[entry["type"]],
            status=Status.objects.get_for_model(Circuit).get(name=entry["status"]),
            install_date=entry["install_date"],
        )
        for side in ("a", "z"):
            if entry[side]:
                terminate(circuit, side.upper(), entry[side], locations, devices)


def create_admin() -> None:
    """Create the administrator whose login the demo prints."""
    get_user_model().objects.create_superuser(ADMIN, "admin@example.net", ADMIN)


def create_locations(entries: list[dict[str, Any]]) -> dict[str, Location]:
    """Create location types and locations; parents come before their children in the list."""
    types: dict[str, LocationType] = {}
    for level in LOCATION_LEVELS:
        types[level] = LocationType.objects.create(name=level, parent=types.get(previous_level(level)), nestable=False)
        types[level].content_types.set(ContentType.objects.get_for_models(*LOCATED).values())
    status = Status.objects.get_for_model(Location).get(name="Active")
    locations: dict[str, Location] = {}
    for entry in entries:
        parent = locations.get(entry["parent"])
        locations[entry["name"]] = Location.objects.create(
            name=entry["name"], location_type=types[entry["type"]], parent=parent, status=status
        )
    return locations


def previous_level(level: str) -> str:
    """Return the level above, empty for the highest."""
    return ("", *LOCATION_LEVELS)[LOCATION_LEVELS.index(level)]


def create_devices(entries: list[dict[str, Any]], locations: dict[str, Location]) -> dict[str, Device]:
    """Create devices with their types and roles."""
    status = Status.objects.get_for_model(Device).get(name="Active")
    devices = {}
    for entry in entries:
        manufacturer, _ = Manufacturer.objects.get_or_create(name=entry["manufacturer"])
        device_type, _ = DeviceType.objects.get_or_create(manufacturer=manufacturer, model=entry["type"])
        role, _ = Role.objects.get_or_create(name=entry["role"])
        role.content_types.add(ContentType.objects.get_for_model(Device))
        devices[entry["name"]] = Device.objects.create(
            name=entry["name"],
            device_type=device_type,
            role=role,
            location=locations[entry["location"]],
            status=status,
        )
    return devices


def create_providers(entries: list[dict[str, Any]]) -> dict[str, Provider]:
    """Create providers with email addresses and parser names."""
    providers = {}
    for entry in entries:
        provider = Provider(name=entry["name"])
        provider.cf[EMAILS_FIELD] = ",".join(entry["emails"])
        provider.cf[PARSERS_FIELD] = entry["parsers"]
        provider.save()  # unvalidated: one parser does not exist, as happens when the library drops one
        providers[entry["name"]] = provider
    return providers


def terminate(
    circuit: Circuit, side: str, end: dict[str, str], locations: dict[str, Location], devices: dict[str, Device]
) -> None:
    """Create a termination of a circuit, and a cable if the data names a device."""
    termination = CircuitTermination.objects.create(
        circuit=circuit, term_side=side, location=locations[end["location"]]
    )
    if not end.get("device"):
        return
    interface = Interface.objects.create(
        device=devices[end["device"]],
        name=end["interface"],
        type="10gbase-x-sfpp",
        status=Status.objects.get_for_model(Interface).get(name="Active"),
    )
    connected = Status.objects.get_for_model(Cable).get(name="Connected")
    Cable(termination_a=termination, termination_b=interface, status=connected).validated_save()


def enable_job() -> Job:
    """Enable the job and the one behind the Reprocess button; new jobs are disabled."""
    for job in Job.objects.filter(job_class_name__in=(_JOB, "ReprocessNotifications")):
        job.enabled = True
        job.validated_save()
    return Job.objects.get(job_class_name=_JOB)
