"""Keeps Nautobot's pages working while the app is installed and its tables are not: post_upgrade has not run yet.

The tables may be missing, or be those of the older package of this name. Every query of theirs would fail, also on pages of core,
which ask for the maintenances of a circuit, for what a change record is about, for what a provider would take with it. So the
models have no rows until the migrations are done. Whether they are costs a process one query, and no page any.
"""

from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection, models
from django.db.models import ProtectedError
from django.db.models.signals import pre_delete

PACKAGE = "nautobot_circuit_maintenance"
WHAT_TO_RUN = (
    "The tables of the app Circuit Maintenance are not migrated, so that it shows nothing and does nothing. "
    "Run: nautobot-server post_upgrade, and restart Nautobot."
)
_FIRST = "0001_schema"
_OLDER_MODEL = "rawnotification"
"""A model that only the older package has: core cannot list change records of a model that does not exist."""

_is_known = False
_is_hidden = False


def is_migrated() -> bool:
    """Ask the database whether our first migration is applied; False if that cannot be known."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations WHERE app = %s AND name = %s", [PACKAGE, _FIRST])
            return cursor.fetchone() is not None
    except DatabaseError:  # there are no tables at all
        return False


def look(connection: Any, **_kwargs: Any) -> None:  # pylint: disable=redefined-outer-name  # Django's name
    """Receive ``connection_created``: look once, with the first connection of the process."""
    global _is_known  # pylint: disable=global-statement  # of the process
    if _is_known or connection.alias != "default":
        return
    _is_known = True
    if not is_migrated():
        hide()


def is_hidden() -> bool:
    """Return whether the models have no rows, because their tables are not migrated; without a query if they are."""
    if _is_hidden and is_migrated():
        show()
    return _is_hidden


def hide() -> None:
    """Let the models have no rows, and protect what they refer to from deletion."""
    global _is_hidden  # pylint: disable=global-statement  # of the process
    _is_hidden = True
    for manager in _managers():
        vars(manager)["get_queryset"] = _Hidden(manager)
    config = apps.get_app_config(PACKAGE)
    config.models = _Models(config.models)
    for label in ("circuits.Provider", "circuits.Circuit"):
        pre_delete.connect(_refuse, sender=apps.get_model(label), dispatch_uid=f"circuit_maintenance_refuse_{label}")


def show(**_kwargs: Any) -> None:
    """Undo ``hide()``: the migrations are done, or begin, and this process needs no protection from the tables any more."""
    global _is_known, _is_hidden  # pylint: disable=global-statement  # of the process
    _is_known = True
    if not _is_hidden:
        return
    _is_hidden = False
    for manager in _managers():
        vars(manager).pop("get_queryset", None)
    apps.get_app_config(PACKAGE).models = apps.all_models[PACKAGE]
    for label in ("circuits.Provider", "circuits.Circuit"):
        pre_delete.disconnect(sender=apps.get_model(label), dispatch_uid=f"circuit_maintenance_refuse_{label}")


class _Models(dict[str, type[models.Model]]):
    """The models of the app. That of the older package is found, but not listed: a model that is listed twice fails checks."""

    def __missing__(self, name: str) -> type[models.Model]:
        """Return what takes the older model's place."""
        if name == _OLDER_MODEL:
            return self["notification"]
        raise KeyError(name)


class _Hidden:
    """Takes the place of a manager's ``get_queryset()``."""

    def __init__(self, manager: models.Manager) -> None:
        """Remember the manager."""
        self._manager = manager

    def __call__(self) -> models.QuerySet:
        """Return no rows, or all as soon as they are migrated."""
        rows = type(self._manager).get_queryset(self._manager)
        return rows.none() if is_hidden() else rows


def _managers() -> list[models.Manager]:
    found = apps.get_app_config(PACKAGE).get_models(include_auto_created=True)
    options = [model._meta for model in found]
    return [each for one in options for each in (*one.managers, one.base_manager, one.default_manager)]


def _refuse(instance: models.Model, **_kwargs: Any) -> None:
    """Receive ``pre_delete`` of what the tables refer to: the database would refuse it, too, with an error."""
    if is_hidden():
        raise ProtectedError(WHAT_TO_RUN, {instance})
