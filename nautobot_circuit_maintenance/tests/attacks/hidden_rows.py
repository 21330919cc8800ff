"""Rows that a reader may not see, inside and around rows that he may see; and the same world with other hidden rows."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models as fields
from django.db.models import Model, Q
from nautobot.circuits.models import Circuit, CircuitTermination, Provider
from nautobot.dcim.models import Device, Interface, Location
from nautobot.tenancy.models import Tenant

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests import two_providers
from nautobot_circuit_maintenance.tests.factories import app, users
from nautobot_circuit_maintenance.tests.two_providers import NAMES, OURS, THEIRS

WORD = {"startswith": OURS}
CONSTRAINTS: dict[type[Model], dict[str, Any]] = {
    models.CircuitImpact: {"cid__startswith": OURS},
    models.Note: {"title__startswith": OURS},
    models.Notification: {"subject__startswith": OURS},
    models.ParsedNotification: {"subject__startswith": OURS},
    Provider: {"name__startswith": OURS},
    Circuit: {"cid__startswith": OURS},
    CircuitTermination: {"circuit__cid__startswith": OURS},
    Location: {"name__in": NAMES},
    Device: {"name__in": NAMES},
    Interface: {"device__name__in": NAMES},
    Tenant: {"name__startswith": OURS},
}
"""What is hidden: whatever has their word. Maintenances and sources are visible, theirs too."""
READERS: dict[str, dict[type[Model], dict[str, Any]]] = {
    "everything of theirs is hidden": CONSTRAINTS,
    "impacts are hidden": {models.CircuitImpact: CONSTRAINTS[models.CircuitImpact]},
    "notes are hidden": {models.Note: CONSTRAINTS[models.Note]},
    "notifications are hidden": {
        model: CONSTRAINTS[model] for model in (models.Notification, models.ParsedNotification)
    },
    "providers are hidden": {Provider: CONSTRAINTS[Provider]},
    "maintenances are hidden": {models.CircuitMaintenance: {"name__startswith": OURS}},
}


def create() -> None:
    """Create both sides, with rows of theirs inside ours."""
    two_providers.create_shared()
    ours, theirs = two_providers.create_side(OURS), two_providers.create_side(THEIRS)
    circuit = theirs.of(Circuit)[0]
    circuit.provider = ours.of(Provider)[0]  # two tenants at one carrier
    circuit.save()
    for number, maintenance in enumerate(ours.of(models.CircuitMaintenance)[:2]):
        app.create_impact(maintenance, circuit)
        app.create_impact(maintenance, f"{THEIRS} secret {number}")
        models.Note.objects.create(maintenance=maintenance, title=f"{THEIRS} title", comment=f"{THEIRS} comment")
        app.create_parsed(theirs.of(models.Notification)[number], maintenance, parser=f"{THEIRS} parser")
    bare = app.create_maintenance(f"{OURS} bare", ours.of(Provider)[0])
    app.create_impact(bare, f"{THEIRS} alone")
    models.Note.objects.create(maintenance=bare, title=f"{THEIRS} alone")


def reader(constraints: dict[type[Model], dict[str, Any]]) -> Any:
    """Create someone who may view everything but what these constraints hide."""
    user = get_user_model().objects.create_user(f"reader {get_user_model().objects.count()}")
    users.permit(user, *two_providers.OF_THE_APP, *two_providers.OF_CORE, constraints=constraints)
    return user


def change_hidden(constraints: dict[type[Model], dict[str, Any]]) -> None:
    """Delete or change everything that these constraints hide: no answer may be another one afterwards."""
    # The ends of circuits have nothing to change but their side.
    changed = {model: wanted for model, wanted in constraints.items() if model is not CircuitTermination}
    hidden = {model: _hidden(model, wanted) for model, wanted in changed.items()}
    for source in models.NotificationSource.objects.all():
        source.providers.remove(*Provider.objects.filter(pk__in=hidden.get(Provider, ())))
    for model in (models.CircuitImpact, models.Note, models.ParsedNotification):
        model.objects.filter(pk__in=hidden.pop(model, ())).delete()
    for model, pks in hidden.items():
        for pk in pks:
            row = model.objects.filter(pk=pk)
            row.update(**_other_values(row.get()))
    moved = models.MaintenanceWindow.objects.filter(maintenance__in=hidden.get(models.CircuitMaintenance, ()))
    for window in moved:
        window.start_time, window.end_time = (each + _LATER for each in (window.start_time, window.end_time))
        window.save()


_LATER = timedelta(days=1000)


def _hidden(model: type[Model], wanted: dict[str, Any]) -> Iterable[Any]:
    visible = model.objects.filter(Q(**wanted)).values("pk")
    return list(model.objects.exclude(pk__in=visible).values_list("pk", flat=True))


def _other_values(row: Model) -> dict[str, Any]:
    """Return another value for each column of a row that is neither a key nor a relation."""
    values = {}
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.primary_key or field.is_relation or value is None:
            continue
        if isinstance(field, fields.DateTimeField):
            values[field.attname] = value + _LATER
        elif isinstance(field, fields.BooleanField):
            values[field.attname] = not value
        elif isinstance(field, fields.IntegerField):
            values[field.attname] = value + 7
        elif isinstance(field, (fields.CharField, fields.TextField)) and not field.choices:
            values[field.attname] = f"qq{row.pk}"[: field.max_length]
        elif field.choices:
            values[field.attname] = next(str(key) for key, _ in field.flatchoices if key != value)
    return values
