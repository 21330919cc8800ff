"""The takeover itself, as one migration runs it, and the way back."""

from typing import Any

from django.conf import settings
from django.db import connection

from nautobot_circuit_maintenance.takeover import aside
from nautobot_circuit_maintenance.takeover.maintenances import Copier
from nautobot_circuit_maintenance.takeover.messages import copy_messages, copy_sources
from nautobot_circuit_maintenance.takeover.references import (
    give_back,
    move_jobs,
    move_references,
    move_types,
    rename_labels,
)
from nautobot_circuit_maintenance.takeover.report import remove_job_result, write_job_result
from nautobot_circuit_maintenance.takeover.tables import APP, Entry
from nautobot_circuit_maintenance.takeover.values import rewrite_log, rewrite_values
from nautobot_circuit_maintenance.takeover.world import World, erase_with_dependents, pages

_USUAL_SIZES = (8192, 16384)
"""Bytes at which the older package cut messages: its default, and the most that it could be set to."""

_COPIES = {
    "circuitmaintenance": "CircuitMaintenance",
    "rawnotification": "Notification",
    "notificationsource": "NotificationSource",
}
"""By older table, our models that the others belong to."""
_AT_ONCE = 500


def take_over(apps: Any, _schema_editor: Any) -> None:
    """Copy the rows of the tables that are set aside, if there are any and they were not copied yet."""
    if not aside.is_aside(connection) or Entry.objects.exists():
        return
    world = World(apps)
    move_types(world)
    copy_sources(world)
    copy_messages(world, _sizes())
    copier = Copier(world)
    copier.copy()
    move_references(world, copier.merged)
    move_jobs(world)
    rename_labels(world)
    rewrite_values(world, copier.providers)
    world.enter_moved()
    write_job_result(apps)


def undo(apps: Any, _schema_editor: Any) -> None:
    """Delete the copies, and give what was rewritten its values before, so that the takeover can run again."""
    if not aside.is_aside(connection):
        return
    _delete_copies(apps)
    give_back(apps)
    rewrite_log(apps, back=True)
    remove_job_result(apps)
    Entry.objects.all().delete()
    if connection.vendor == "postgresql":
        connection.check_constraints()  # now: it alters no table while checks are pending


def _delete_copies(apps: Any) -> None:
    """Delete what was copied, with what belongs to it: evidence, windows, keys, impacts and notes."""
    models = list(apps.get_app_config(APP).get_models(include_auto_created=True))
    for table, name in _COPIES.items():
        keys = list(Entry.objects.filter(table=table, outcome=Entry.MOVED).values_list("row", flat=True))
        for page in pages(keys, _AT_ONCE):
            erase_with_dependents(models, apps.get_model(APP, name), page)


def _sizes() -> tuple[int, ...]:
    size = settings.PLUGINS_CONFIG.get(APP, {}).get("raw_notification_size")
    return (*_USUAL_SIZES, size) if isinstance(size, int) else _USUAL_SIZES
