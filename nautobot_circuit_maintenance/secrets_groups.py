"""Reads secrets from the secrets groups of Nautobot, each time a mailbox is opened."""

from typing import Any

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from nautobot.extras.secrets.exceptions import SecretError

from nautobot_circuit_maintenance.domain.errors import MailboxError

_ACCESS_TYPES = ("Generic", "HTTP(S)")
"""Where a group may have the secret, in this order: the values of SecretsGroupAccessTypeChoices."""


def read_secret(group: str, source: str, secret_type: str) -> str:
    """Return the secret of this type that a group has for a source, empty if it has none; raises MailboxError.

    A channel has no row: ``source`` is empty.

    Which group that is must be in PLUGINS_CONFIG. A user who could choose it in the web UI, and a server with it, could send
    any secret of Nautobot to that server: reading a secret takes no permission (Nautobot's user guide, Secrets).
    """
    found = _group(group)
    row = (
        _model("nautobot_circuit_maintenance", "NotificationSource").objects.filter(name=source).first()
        if source
        else None
    )
    for access_type in _ACCESS_TYPES:
        value = _value(found, access_type, secret_type, row)
        if value:
            return value
    return ""


def _model(app: str, name: str) -> Any:
    """Return a model; the settings are parsed before there are models."""
    return apps.get_model(app, name)


def _group(name: str) -> Any:
    """Return the secrets group of this name."""
    groups = _model("extras", "SecretsGroup").objects
    try:
        return groups.get(name=name)
    except ObjectDoesNotExist:  # groups.get
        known = ", ".join(groups.order_by("name").values_list("name", flat=True)[:10]) or "none"
        sentence = (
            f"There is no secrets group '{name}'; create it under Secrets > Secrets Groups, or correct 'secrets_group' in "
            f"PLUGINS_CONFIG. Existing groups: {known}."
        )
        raise MailboxError("SECRET-01", sentence, permanent=True) from None


def _value(group: Any, access_type: str, secret_type: str, source: Any) -> str:
    """Return a secret of a group; empty if the group has none of these types.

    The templates in a secret's parameters see the source as ``obj``.
    """
    try:
        return str(group.get_secret_value(access_type, secret_type, obj=source) or "")
    except ObjectDoesNotExist:  # group.get_secret_value: no secret of these types
        return ""
    except SecretError as error:  # the same: the provider fails; its words name a variable or a path, not the value
        sentence = (
            f"A secret of the group '{group.name}' cannot be read ({error}). Each process reads it on its own: Test "
            "Connection in the web server, the job in a worker."
        )
        raise MailboxError("SECRET-02", sentence) from None
