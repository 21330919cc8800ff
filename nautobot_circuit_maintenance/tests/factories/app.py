"""Objects of the app that tests need: maintenances, impacts, notifications, evidence, and three of each of our models."""

from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from nautobot.circuits.models import Circuit, Provider
from nautobot.extras.models import Tag
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance.choices import (
    CircuitImpactChoices as Impact,
    CircuitMaintenanceStatusChoices as MaintenanceStatus,
    NoteLevelChoices as Level,
    NotificationStateChoices as State,
)
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    Delivery,
    MailLayout,
    MaintenanceWindow,
    Note,
    Notification,
    NotificationSource,
    ParsedNotification,
    Subscription,
    Thread,
    UnknownSender,
)
from nautobot_circuit_maintenance.reading.layouts.learn import learn
from nautobot_circuit_maintenance.reading.layouts.stored import applies_to_json, fields_json
from nautobot_circuit_maintenance.tests.factories.core import create_circuit, create_locations, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON
from nautobot_circuit_maintenance.tests.layouts.emails import body_of, example_of, page_of

HOSTILE = "<script>alert('mail')</script>"
RAW = b"From: noc@isp.example\r\nSubject: Planned work\r\n\r\nthe-raw-bytes <b>of the mail</b>\r\n"

_numbers = count(1)


def create_maintenance(name: str, provider: Provider | None = None, *, start=NOON, hours: float = 4, **fields):
    """Create a maintenance with one window."""
    return CircuitMaintenance.objects.create(
        name=name, provider=provider, start_time=start, end_time=start + timedelta(hours=hours), **fields
    )


def create_impact(
    maintenance: CircuitMaintenance, circuit: Circuit | str, impact: str = Impact.OUTAGE
) -> CircuitImpact:
    """Create an impact on a circuit, or on a circuit ID that Nautobot does not know."""
    if isinstance(circuit, str):
        return CircuitImpact.objects.create(maintenance=maintenance, cid=circuit, impact=impact)
    return CircuitImpact.objects.create(maintenance=maintenance, cid=circuit.cid, circuit=circuit, impact=impact)


def create_notification(provider: Provider, source: NotificationSource | None = None, **fields) -> Notification:
    """Create a notification of a message of its own."""
    number = next(_numbers)
    return Notification.objects.create(
        **{
            "provider": provider,
            "source": source,
            "state": State.PARSED,
            "fingerprint": f"{number:064}",
            "message_id": f"<{number}@isp.example>",
            "sender": f"noc-{number}@isp.example",
            "subject": f"Planned work {number}",
            "received_at": NOON + timedelta(seconds=number),
            "sent_at": NOON + timedelta(seconds=number),
            "size": len(RAW) + number,
            "raw": RAW,
            **fields,
        }
    )


def evidence(name: str, stamp: datetime, **fields) -> dict:
    """Return what a notification announces about a maintenance, as it is stored; start and end are seconds since 1970."""
    start, end = fields.pop("start", 0), fields.pop("end", 0)
    event = {
        "uid": "1",
        "recurrence_id": None,
        "sequence": 1,
        "method": None,
        "status": fields.pop("status", "CONFIRMED"),
        "issued_at": _utc(int(stamp.timestamp())),
        "windows": [{"start": _utc(start), "end": _utc(end)}] if end else [],
        "circuits": fields.pop("circuits", []),
    }
    return {
        "version": 1,
        "maintenance_id": name,
        "other_ids": [],
        "account": "",
        "provider": "",
        "organizer": "",
        "description": "",
        "events": [event],
        "parser": {"name": "", "version": "", "details": {}},
        **fields,
    }


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def create_parsed(notification: Notification, maintenance: CircuitMaintenance, **fields) -> ParsedNotification:
    """Create the evidence of a notification about a maintenance."""
    number = next(_numbers)
    return ParsedNotification.objects.create(
        **{
            "notification": notification,
            "maintenance": maintenance,
            "json": evidence(maintenance.name, notification.received_at),
            "issued_at": notification.received_at,
            "received_at": notification.received_at,
            "sequence": number,
            "fingerprint": notification.fingerprint,
            "status": "CONFIRMED",
            "parser": f"parser-{number}",
            "subject": notification.subject,
            "sender": notification.sender,
            **fields,
        }
    )


def create_unknown_sender(source: NotificationSource, address: str, count: int = 1) -> UnknownSender:
    """Create an address that belongs to no provider of a source."""
    return UnknownSender.objects.create(source=source, address=address, count=count, first_seen=NOON, last_seen=NOON)


def create_layout(provider: Provider, name: str = "Notices", **values) -> MailLayout:
    """Create a layout that was taught with one invented email."""
    learned = learn([example_of(page_of(body_of()))])
    content = {"applies_to": applies_to_json(learned), "fields": fields_json(learned)}
    return MailLayout.objects.create(provider=provider, name=name, **{**content, **values})


def create_subscription(owner: Any, name: str = "Everything", **values) -> Subscription:
    """Create a subscription that has begun, by a channel named "mail"."""
    return Subscription.objects.create(
        **{"owner": owner, "name": name, "channel": "mail", "begun": NOON, "clock": NOON, **values}
    )


def create_thread(subscription: Subscription, maintenance: CircuitMaintenance, recipient: str = "", **values) -> Thread:
    """Create a thread about a maintenance."""
    return Thread.objects.create(
        subscription=subscription, subject_type="maintenance", subject_id=maintenance.pk, recipient=recipient, **values
    )


def create_delivery(thread: Thread, **values) -> Delivery:
    """Create a delivery of a thread, about a fact of its own."""
    number = next(_numbers)
    return Delivery.objects.create(
        **{
            "subscription": thread.subscription,
            "thread": thread,
            "channel": thread.subscription.channel,
            "event": "new",
            "key": f"{number:064x}",
            "recipient": thread.recipient,
            "subject": f"Subject {number}",
            "headline": f"Headline {number}",
            "text": f"Text {number}",
            "created": NOON + timedelta(seconds=number),
            **values,
        }
    )


def create_world() -> None:
    """Create three of everything, each with other values."""
    tenant = Tenant.objects.create(name="Tenant")
    places = create_locations("Country", "Site")
    for number, place in enumerate((places[1], places[0], None), start=1):
        provider = create_provider(f"ISP {number}")
        circuit = create_circuit(provider, f"C-{number}", tenant=tenant, location=place)
        maintenance = _create_numbered_maintenance(number, provider)
        create_impact(maintenance, circuit, (Impact.OUTAGE, Impact.DEGRADED, Impact.NO_IMPACT)[number - 1])
        if number < 3:
            create_impact(maintenance, f"UNKNOWN-{number}", Impact.REDUCED_REDUNDANCY)
        Note.objects.create(
            maintenance=maintenance,
            title=f"Note {number}",
            comment=f"Comment {number}",
            level=Level.INFO if number < 3 else Level.WARNING,
        )
        _create_numbered_mail(number, maintenance)
        _create_numbered_subscription(number, maintenance)
        create_layout(
            provider, f"Layout {number}", version=number, refusals=number, suspended_because=f"Reason {number}"
        )
    create_maintenance("M-0", None, status=MaintenanceStatus.UNKNOWN)
    for name in ("Alpha", "Bravo", "Charlie"):
        tag = Tag.objects.create(name=name)
        tag.content_types.add(*map(ContentType.objects.get_for_model, (CircuitMaintenance, MailLayout, Subscription)))


def _create_numbered_maintenance(number: int, provider: Provider) -> CircuitMaintenance:
    statuses = (MaintenanceStatus.CONFIRMED, MaintenanceStatus.TENTATIVE, MaintenanceStatus.CANCELLED)
    return create_maintenance(
        f"M-{number}",
        provider,
        start=NOON + timedelta(days=number),
        hours=number,
        status=statuses[number - 1],
        description=f"Work {number}",
        ticket=f"TICKET-{number}",
        ack=number == 1,
        issued_at=NOON + timedelta(seconds=number),
        sequence=number,
    )


def _create_numbered_subscription(number: int, maintenance: CircuitMaintenance) -> None:
    owner, _ = get_user_model().objects.get_or_create(username=f"owner-{number}")
    values = {"channel": f"mail-{number}", "last_error": "" if number == 1 else f"Reason {number}"}
    subscription = create_subscription(owner, f"Subscription {number}", lead_time=number, **values)
    thread = create_thread(subscription, maintenance, f"noc-{number}@elsewhere.example", recipient_name=f"NOC {number}")
    sent = {
        "state": ("sent", "failed", "waiting")[number - 1],
        "event": ("new", "changed", "cancelled")[number - 1],
        "attempts": number,
        "error": f"Reason {number}",
        "next_attempt": NOON + timedelta(hours=number),
        "sent_at": NOON + timedelta(hours=number),
    }
    create_delivery(thread, maintenance=maintenance, recipient_name=thread.recipient_name, **sent)


def _create_numbered_mail(number: int, maintenance: CircuitMaintenance) -> None:
    source = NotificationSource.objects.create(name=f"Source {number}", last_error="" if number == 1 else "refused")
    source.providers.add(maintenance.provider)
    create_unknown_sender(source, f"unknown-{number}@elsewhere.example", count=number)
    state = (State.PARSED, State.FAILED, State.IGNORED)[number - 1]
    create_parsed(create_notification(maintenance.provider, source, state=state, error=f"Reason {number}"), maintenance)


def add_window(maintenance: CircuitMaintenance, start: datetime, hours: float = 4) -> MaintenanceWindow:
    """Add a window to a maintenance, and update its start and end."""
    window = MaintenanceWindow.objects.create(
        maintenance=maintenance, start_time=start, end_time=start + timedelta(hours=hours)
    )
    windows = list(maintenance.windows.all())
    maintenance.start_time = min(each.start_time for each in windows)
    maintenance.end_time = max(each.end_time for each in windows)
    maintenance.save()
    return window
