"""Two providers with everything, and someone who may do everything with what belongs to the first."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model
from django.utils import timezone
from nautobot.circuits.models import Circuit, CircuitTermination, CircuitType, Provider
from nautobot.dcim.models import Device, Interface, Location, LocationType
from nautobot.extras.models import Status, Tag
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.choices import CircuitImpactChoices as Impact, NotificationStateChoices as State
from nautobot_circuit_maintenance.tests.factories import app, core, users

OURS, THEIRS = "alfaours", "zzbravo"
"""Words that stand in every text of a provider's, and nowhere else."""
SHARED = "Shared"

OF_THE_APP = (
    models.CircuitMaintenance,
    models.CircuitImpact,
    models.Note,
    models.Notification,
    models.ParsedNotification,
    models.NotificationSource,
    models.UnknownSender,
    models.MailLayout,
    models.Subscription,
    models.Delivery,
)
NAMES = [f"{OURS} site", f"{OURS} edge", f"{SHARED} site", f"{SHARED} edge"]
OF_CORE = (Provider, Circuit, CircuitTermination, Location, Device, Interface, Tenant)
CONSTRAINTS: dict[type[Model], dict[str, Any]] = {
    models.CircuitMaintenance: {"provider__name": OURS},
    models.CircuitImpact: {"maintenance__provider__name": OURS},
    models.Note: {"maintenance__provider__name": OURS},
    models.Notification: {"provider__name": OURS},
    models.ParsedNotification: {"maintenance__provider__name": OURS},
    models.NotificationSource: {"providers__name": OURS},
    models.UnknownSender: {"source__name": f"{OURS} source"},
    models.MailLayout: {"provider__name": OURS},
    models.Subscription: {"name": f"{OURS} subscription"},
    models.Delivery: {"subscription__name": f"{OURS} subscription"},
    Provider: {"name": OURS},
    Circuit: {"provider__name": OURS},
    CircuitTermination: {"circuit__provider__name": OURS},
    Location: {"name__in": NAMES},
    Device: {"name__in": NAMES},
    Interface: {"device__name__in": NAMES},
    Tenant: {"name": f"{OURS} tenant"},
}
UNCONSTRAINED = (CircuitType, LocationType, Status, Tag)


@dataclass
class Side:
    """What belongs to one provider, by model."""

    word: str
    objects: dict[type[Model], list[Model]]

    def add(self, *created: Model) -> None:
        """Note what belongs to it."""
        for each in created:
            self.objects.setdefault(type(each), []).append(each)

    def of(self, model: type[Model]) -> list[Model]:
        """Return what there is of a model."""
        return self.objects.get(model, [])

    def secrets(self) -> list[str]:
        """Return what gives it away: its word and every primary key."""
        return [self.word, *(str(each.pk) for rows in self.objects.values() for each in rows)]

    def rows(self) -> list[dict[str, Any]]:
        """Return all that the database has of it."""
        return [
            model.objects.filter(pk=each.pk).values().get() for model, rows in self.objects.items() for each in rows
        ]


def create_shared() -> None:
    """Create what both providers use: a site, a router and a mailbox."""
    site = core.create_sites(f"{SHARED} site")[0]
    core.create_device(f"{SHARED} edge", site)
    models.NotificationSource.objects.create(name=f"{SHARED} source")


def create_side(word: str) -> Side:
    """Create a provider with its circuits, places, maintenances in the past, now and ahead, and its mail."""
    side = Side(word, {})
    provider = core.create_provider(word)
    tenant = Tenant.objects.create(name=f"{word} tenant")
    site = core.create_sites(f"{word} site")[0]
    edge = core.create_device(f"{word} edge", site)
    circuit = core.create_circuit(provider, f"{word} circuit", tenant=tenant)
    far = Location.objects.get(name=f"{SHARED} site"), Device.objects.get(name=f"{SHARED} edge")
    ends = core.terminate(circuit, "A", site, edge), core.terminate(circuit, "Z", *far)
    side.add(provider, tenant, site, edge, circuit, *ends)
    source = models.NotificationSource.objects.create(name=f"{word} source", last_error=f"{word} error")
    source.providers.add(provider)
    models.NotificationSource.objects.get(name=f"{SHARED} source").providers.add(provider)
    side.add(source, app.create_unknown_sender(source, f"billing@{word}.example"))
    side.add(app.create_layout(provider, f"{word} layout", suspended_because=f"{word} reason"))
    owner = get_user_model().objects.create(username=f"{word} owner")
    subscription = app.create_subscription(owner, f"{word} subscription", channel=f"{word} channel", last_error=word)
    side.add(subscription)
    for number, hours in enumerate((-24 * 40 + 0.5, -1.5, 20.5, 24 * 6 + 0.5)):
        add_work(side, number, hours)
    return side


def add_work(side: Side, number: int, hours: float) -> None:
    """Give a provider a maintenance with all that belongs to one, and mail of every state."""
    word, provider, circuit = side.word, side.of(Provider)[0], side.of(Circuit)[0]
    start = timezone.now() + timedelta(hours=hours)
    maintenance = app.create_maintenance(
        f"{word} work {number}",
        provider,
        start=start,
        description=f"{word} description",
        ticket=f"{word} ticket",
        issued_at=start - timedelta(days=9),
    )
    impacts = [app.create_impact(maintenance, circuit), app.create_impact(maintenance, f"{word} unknown")]
    note = models.Note.objects.create(maintenance=maintenance, title=f"{word} note", comment=f"{word} comment")
    state = (State.FAILED, State.REFUSED, State.PARSED, State.RECEIVED)[number]
    source = (
        models.NotificationSource.objects.get(name=f"{SHARED} source")
        if number % 2
        else side.of(models.NotificationSource)[0]
    )
    mail = app.create_notification(
        provider,
        source,
        state=state,
        error=f"{word} reason",
        received_at=timezone.now() - timedelta(hours=1, minutes=30 + number),
        sender=f"noc@{word}.example",
        subject=f"{word} subject",
        message_id=f"<{word}-{number}@isp.example>",
        raw=f"Subject: {word}\r\nContent-Type: text/html\r\n\r\n<p>{word} body</p>\r\n".encode(),
    )
    parsed = app.create_parsed(mail, maintenance, json=evidence_of(word, maintenance), parser=f"{word} parser")
    side.add(maintenance, *maintenance.windows.all(), *impacts, note, mail, parsed)
    thread = app.create_thread(side.of(models.Subscription)[0], maintenance, f"staff@{word}.example")
    state = ("sent", "failed", "waiting", "unsure")[number]
    values = {
        "subject": f"{word} subject",
        "text": f"{word} text",
        "headline": f"{word} headline",
        "error": f"{word} reason",
    }
    side.add(thread, app.create_delivery(thread, maintenance=maintenance, state=state, **values))


def evidence_of(word: str, maintenance: models.CircuitMaintenance) -> dict[str, Any]:
    """Return what a notification announces about a maintenance, as it is stored."""
    return app.evidence(
        maintenance.name,
        maintenance.issued_at,
        start=int(maintenance.start_time.timestamp()),
        end=int(maintenance.end_time.timestamp()),
        circuits=[{"cid": f"{word} circuit", "impact": "OUTAGE"}],
        account=f"{word} account",
        organizer=f"noc@{word}.example",
        provider=word,
        description=f"{word} summary",
    )


def cross(ours: Side, theirs: Side) -> None:
    """Let their work and their words hang on our objects: it is theirs nevertheless."""
    circuit = ours.of(Circuit)[0]
    maintenance = theirs.of(models.CircuitMaintenance)[2]
    theirs.add(app.create_impact(maintenance, circuit, Impact.DEGRADED))


def permit(user: Any) -> None:
    """Let a user do everything with what is ours, and view what belongs to no one."""
    every = ("view", "add", "change", "delete")
    users.permit(user, *CONSTRAINTS, constraints=CONSTRAINTS, actions=every)
    users.permit(user, *UNCONSTRAINED)
