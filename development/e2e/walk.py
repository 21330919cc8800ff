"""The pages that the browser visits: all of the URL configuration, and those of core that have something of ours."""

import re
from collections.abc import Iterator
from typing import Any

APP_LABEL = "nautobot_circuit_maintenance"
NAMESPACE = f"plugins:{APP_LABEL}"
OF_CORE = re.compile("_(changelog|data-compliance|notes|import|delete|bulk_edit)$")
"""Pages that are core's for every model."""
NOT_PAGES = {
    "home": "leads to the dashboard",
    "docs": "leads to the documentation",
    "consent": "where a provider of mailboxes leads back to",
    "calendar_events": "JSON",
    "feed": "a calendar",
    "circuitmaintenance_ics": "a calendar",
    "notification_raw": "a download",
    "maillayout_yaml": "a download",
    **dict.fromkeys(
        ("circuit_maintenances", "provider_maintenances", "location_maintenances", "device_maintenances"),
        "leads to the list",
    ),
    "circuit_risk": "a part of core's page",
    "provider_risk": "a part of core's page",
    "location_risk": "a part of core's page",
    "device_risk": "a part of core's page",
    "provider_summary": "a part of core's page",
    "provider_parsers": "a part of core's page",
    "home_risk": "a part of core's page",
}
"""Names of URLs that answer with no page, and why."""


def names() -> list[tuple[str, bool]]:
    """Return the names of all URLs of the app that answer to GET, and whether each is about one object."""
    from django.urls import get_resolver  # pylint: disable=import-outside-toplevel  # before it, Django is set up

    return sorted(set(_names(get_resolver(), "", "")))


def _names(resolver: Any, namespace: str, path: str) -> Iterator[tuple[str, bool]]:
    for each in resolver.url_patterns:
        whole = path + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _names(each, ":".join(filter(None, (namespace, each.namespace))), whole)
        elif namespace == NAMESPACE and "format" not in whole and "get" in getattr(each.callback, "actions", ["get"]):
            yield each.name, "pk>" in whole


def pages() -> list[str]:
    """Return the addresses: of each page about an object that of one or two which differ, and of core's with panels of ours."""
    from django.urls import reverse  # pylint: disable=import-outside-toplevel  # as above

    found = []
    for name, is_about_one in names():
        if name not in NOT_PAGES and not OF_CORE.search(name):
            rows = _rows_of(name) if is_about_one else [None]
            found += [reverse(f"{NAMESPACE}:{name}", args=[row.pk] if row else None) for row in rows]
    return ["/", *found, *(row.get_absolute_url() for row in _of_core())]


def _rows_of(name: str) -> list[Any]:
    """Return the objects whose pages differ."""
    from nautobot_circuit_maintenance import models  # pylint: disable=import-outside-toplevel  # as above

    kind = re.split("[_-]", name)[0]
    if kind == "notification":
        failed = models.Notification.objects.filter(state="failed").first()
        parsed = models.Notification.objects.filter(state="parsed", parsed_notifications__isnull=False).first()
        return [failed, parsed] if name == kind else [failed]
    if name == "circuitimpact_link":
        return [models.CircuitImpact.objects.filter(circuit=None).first()]
    if kind == "circuitmaintenance":
        doubtful = models.CircuitMaintenance.objects.exclude(doubts=[]).first()
        return [_busy(), doubtful] if name == kind else [_busy()]
    model = {each.__name__.lower(): each for each in vars(models).values() if isinstance(each, type)}[kind]
    return [model.objects.first()]


def _busy() -> Any:
    """Return a maintenance of the demo with circuits, sites and devices."""
    from nautobot_circuit_maintenance import models  # pylint: disable=import-outside-toplevel  # as above

    return models.CircuitMaintenance.objects.get(name="NLF-W-612")


def _of_core() -> list[Any]:
    """Return one of each of core's objects whose page has a panel of ours, with something in it."""
    from nautobot.dcim.models import Device  # pylint: disable=import-outside-toplevel  # as above

    circuit = _busy().impacts.exclude(circuit=None).first().circuit
    device = Device.objects.get(name="osl1-edge-01")
    return [circuit, circuit.provider, device.location, device]


def fill() -> None:
    """Create one of each model that the demo has none of."""
    # pylint: disable=import-outside-toplevel  # Django is set up before it
    from django.contrib.auth import get_user_model
    from nautobot.circuits.models import Provider

    from nautobot_circuit_maintenance import models
    from nautobot_circuit_maintenance.tests.factories import app

    maintenance = _busy()
    models.Note.objects.create(maintenance=maintenance, title="Asked the provider", comment="It stays as planned.")
    # Of a provider that is not taught in another test: an email that is taught becomes an example of the layout at hand.
    app.create_layout(Provider.objects.get(name="Seaborn"), "Notices of works")
    subscription = app.create_subscription(get_user_model().objects.get(username="admin"), "All outages")
    thread = app.create_thread(subscription, maintenance, "noc@demo.example")
    app.create_delivery(thread, maintenance=maintenance, state="failed", error="The mail server refuses the address.")
