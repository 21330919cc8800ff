"""Thousands of maintenances, the same for the same seed, created in bulk without signals."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from nautobot.circuits.models import Circuit, CircuitTermination, CircuitType, Provider
from nautobot.dcim.models import CablePath, Device, DeviceType, Interface, Location, LocationType, Manufacturer
from nautobot.extras.models import CustomField, Role, Status, Tag, TaggedItem
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices,
    CircuitMaintenanceStatusChoices as Word,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.domain.evidence import to_json
from nautobot_circuit_maintenance.domain.updates import (
    AnnouncedImpact,
    MaintenanceEvent,
    MaintenanceUpdate,
    ParserInfo,
    Provenance,
    Window,
)
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Note,
    Notification,
    NotificationSource,
    ParsedNotification,
)
from nautobot_circuit_maintenance.models.severity import severity_of

PROVIDERS, SITES, DEVICES, CIRCUITS = 20, 100, 200, 2000
DAYS_BACK, DAYS_AHEAD = 1095, 90
CHUNK = 2000
RAW = b"From: noc@isp.example\r\nSubject: Planned work\r\n\r\n" + b"Dear customer, we plan to work. " * 60


@dataclass
class World:
    """Objects that the maintenances affect, and the random generator."""

    now: datetime
    dice: random.Random
    circuits: dict[Any, list[Circuit]] = field(default_factory=dict)
    """By provider."""
    source: NotificationSource | None = None
    tags: list[Tag] = field(default_factory=list)
    count: int = 0
    most_circuits: int = 5
    """Circuits of a maintenance: one to so many; notifications likewise."""
    most_mails: int = 3


def create_world(now: datetime, seed: int) -> World:
    """Create providers, circuits with both ends, locations and cabled devices, tags and a custom field."""
    world = World(now, random.Random(seed))  # nosec B311 # sample data
    sites = _create_sites()
    interfaces = _create_interfaces(world.dice, sites)
    providers = [Provider.objects.create(name=f"ISP {number:02}") for number in range(PROVIDERS)]
    kind = CircuitType.objects.create(name="Transit")
    tenants = [Tenant.objects.create(name=name) for name in ("North", "South")]
    status = Status.objects.get_for_model(Circuit).get(name="Active")
    circuits = Circuit.objects.bulk_create(
        Circuit(
            cid=f"C-{number:05}",
            provider=providers[number % PROVIDERS],
            circuit_type=kind,
            status=status,
            tenant=tenants[number % len(tenants)],
        )
        for number in range(CIRCUITS)
    )
    for circuit in circuits:
        world.circuits.setdefault(circuit.provider, []).append(circuit)
    _terminate(world.dice, circuits, sites, interfaces)
    world.source = NotificationSource.objects.create(name="Mail", last_fetched_at=now)
    world.source.providers.add(*providers)
    maintenances = ContentType.objects.get_for_model(CircuitMaintenance)
    for name in ("Alpha", "Bravo", "Charlie"):
        tag = Tag.objects.create(name=name)
        tag.content_types.add(maintenances)
        world.tags.append(tag)
    team = CustomField.objects.create(type="text", label="Team", key="team")
    # Not content_types.add(): there is no user to enqueue Nautobot's job for, which would write the default into objects.
    CustomField.content_types.through.objects.create(customfield=team, contenttype=maintenances)
    return world


def _create_sites() -> list[Location]:
    """Create sites in four regions."""
    region = LocationType.objects.create(name="Region")
    site = LocationType.objects.create(name="Site", parent=region)
    site.content_types.set(ContentType.objects.get_for_models(Device, CircuitTermination).values())
    status = Status.objects.get_for_model(Location).get(name="Active")
    regions = [Location.objects.create(name=name, location_type=region, status=status) for name in "ABCD"]
    return [
        Location.objects.create(
            name=f"Site {number:03}", location_type=site, parent=regions[number % len(regions)], status=status
        )
        for number in range(SITES)
    ]


def _create_interfaces(dice: random.Random, sites: list[Location]) -> list[Interface]:
    """Create devices with an interface for every circuit."""
    kind = DeviceType.objects.create(manufacturer=Manufacturer.objects.create(name="Vendor"), model="Router")
    role = Role.objects.create(name="Edge")
    role.content_types.add(ContentType.objects.get_for_model(Device))
    active = Status.objects.get_for_model(Device).get(name="Active")
    devices = Device.objects.bulk_create(
        Device(name=f"edge-{number:03}", device_type=kind, role=role, location=dice.choice(sites), status=active)
        for number in range(DEVICES)
    )
    up = Status.objects.get_for_model(Interface).get(name="Active")
    return Interface.objects.bulk_create(
        Interface(device=devices[number % DEVICES], name=f"xe-{number}", type="10gbase-x-sfpp", status=up)
        for number in range(CIRCUITS)
    )


def _terminate(
    dice: random.Random, circuits: list[Circuit], sites: list[Location], interfaces: list[Interface]
) -> None:
    """Create two terminations per circuit, and a path from the A side to an interface; the app reads no cables."""
    ends = CircuitTermination.objects.bulk_create(
        CircuitTermination(circuit=circuit, term_side=side, location=dice.choice(sites))
        for side in "AZ"
        for circuit in circuits
    )
    types = ContentType.objects.get_for_models(CircuitTermination, Interface)
    CablePath.objects.bulk_create(
        CablePath(
            origin_type=types[CircuitTermination],
            origin_id=end.pk,
            destination_type=types[Interface],
            destination_id=interface.pk,
            path=[],
            is_active=True,
        )
        for end, interface in zip(ends, interfaces)  # the A sides come first
    )


def grow(world: World, count: int) -> None:
    """Create maintenances up to a total."""
    while world.count < count:
        _create_chunk(world, min(CHUNK, count - world.count))


def _create_chunk(world: World, size: int) -> None:
    """Create maintenances with everything that belongs to them."""
    rows: dict[type[Model], list[Any]] = {}
    for row in (row for _ in range(size) for row in _maintenance(world)):
        rows.setdefault(type(row), []).append(row)
    for model in (CircuitMaintenance, MaintenanceWindow, CircuitImpact, Note, Notification, ParsedNotification):
        remaining = iter(rows.get(model, ()))
        while part := list(islice(remaining, CHUNK)):
            model.objects.bulk_create(part)
    TaggedItem.objects.bulk_create(rows.get(TaggedItem, ()))


def _maintenance(world: World) -> Iterator[Model]:
    """Yield a maintenance, then its windows, impacts, notes, notifications and tag."""
    dice, world.count = world.dice, world.count + 1
    start = world.now + timedelta(minutes=dice.randrange(-DAYS_BACK * 1440, DAYS_AHEAD * 1440))
    end = start + timedelta(hours=dice.randint(1, 8))
    provider = dice.choice(list(world.circuits))
    past = end < world.now
    words = (Word.COMPLETED,) * 8 + (Word.CANCELLED, Word.CONFIRMED)
    ahead = (Word.CONFIRMED,) * 6 + (Word.TENTATIVE,) * 2 + (Word.RE_SCHEDULED, Word.CANCELLED)
    maintenance = CircuitMaintenance(
        name=f"CHG{world.count:07}",
        provider=provider,
        description="Fibre work. " * dice.randint(1, 20),
        status=dice.choice(words if past else ahead),
        start_time=start,
        end_time=end,
        ack=dice.random() < (0.99 if past else 0.5),
        ticket=f"INC{world.count}" if dice.random() < 0.3 else "",
        # Emails are never from the future: later work was announced within the last weeks.
        issued_at=min(start, world.now) - timedelta(hours=dice.randint(1, 600)),
        _custom_field_data={"team": dice.choice(("North", "South"))},
    )
    yield maintenance
    yield MaintenanceWindow(maintenance=maintenance, start_time=start, end_time=end)
    if dice.random() < 0.1:
        yield MaintenanceWindow(maintenance=maintenance, start_time=start - timedelta(days=1), end_time=start)
        maintenance.start_time = start - timedelta(days=1)
    impacts = list(_impacts(world, maintenance))
    maintenance.sort_circuits = len(impacts)
    maintenance.sort_severity = severity_of(impact.impact for impact in impacts)
    yield from impacts
    yield from _mail(world, maintenance)
    if dice.random() < 0.1:
        yield Note(maintenance=maintenance, title="Called the provider", comment="They confirm.")
    if dice.random() < 0.2:
        kind = ContentType.objects.get_for_model(CircuitMaintenance)
        yield TaggedItem(tag=dice.choice(world.tags), content_type=kind, object_id=maintenance.pk)


def _impacts(world: World, maintenance: CircuitMaintenance) -> Iterator[CircuitImpact]:
    """Yield impacts on circuits, sometimes on an unknown one."""
    words = CircuitImpactChoices.values()
    for circuit in world.dice.sample(world.circuits[maintenance.provider], world.dice.randint(1, world.most_circuits)):
        yield CircuitImpact(maintenance=maintenance, cid=circuit.cid, circuit=circuit, impact=world.dice.choice(words))
    if world.dice.random() < 0.05:
        yield CircuitImpact(maintenance=maintenance, cid=f"X-{world.count}", impact=CircuitImpactChoices.OUTAGE)


def _mail(world: World, maintenance: CircuitMaintenance) -> Iterator[Model]:
    """Yield notifications and their content."""
    for sequence in range(world.dice.randint(1, world.most_mails)):
        sent = maintenance.issued_at + timedelta(minutes=sequence)
        notification = Notification(
            source=world.source,
            provider=maintenance.provider,
            state=State.PARSED,
            fingerprint=f"{world.count}-{sequence}".rjust(64, "0"),
            sender="noc@isp.example",
            subject=f"Planned work {maintenance.name}",
            sent_at=sent,
            received_at=sent,
            size=len(RAW),
            raw=RAW,
        )
        if world.dice.random() < 0.002:
            notification.state, notification.error = State.FAILED, "No parser understood it."
        yield notification
        yield ParsedNotification(
            notification=notification,
            maintenance=maintenance,
            json=_evidence(world, maintenance, sent, sequence),
            issued_at=sent,
            received_at=sent,
            sent_at=sent,
            sequence=sequence,
            fingerprint=notification.fingerprint,
            status=maintenance.status,
            parser="genericprovider",
            subject=notification.subject,
            sender=notification.sender,
        )


def _evidence(world: World, maintenance: CircuitMaintenance, sent: datetime, sequence: int) -> dict[str, Any]:
    """Return what a notification announces; the first one announces what the others confirm."""
    circuit = world.circuits[maintenance.provider][world.count % len(world.circuits[maintenance.provider])]
    event = MaintenanceEvent(
        status=maintenance.status if sequence else Word.TENTATIVE,
        windows=(Window(maintenance.start_time, maintenance.end_time),),
        circuits=(AnnouncedImpact(circuit.cid, CircuitImpactChoices.OUTAGE),),
        issued_at=sent.replace(microsecond=0),
        uid=maintenance.name,
        sequence=sequence,
    )
    return to_json(
        MaintenanceUpdate(
            maintenance_id=maintenance.name,
            events=(event,),
            provenance=Provenance(sent, sent, ""),
            description=maintenance.description,
            parser=ParserInfo("genericprovider"),
        )
    )
