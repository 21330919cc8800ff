"""Users that tests need, with all permissions or with narrow ones."""

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from nautobot.circuits.models import Circuit, CircuitTermination, Provider
from nautobot.dcim.models import Device, Location
from nautobot.users.models import ObjectPermission

from nautobot_circuit_maintenance import models

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
