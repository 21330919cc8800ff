"""Repoints what refers to the older package: content types, permissions, jobs and schedules, custom fields, merged rows."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import ForeignKey

from nautobot_circuit_maintenance.takeover.tables import APP, Entry
from nautobot_circuit_maintenance.takeover.world import World, erase

_OLD_MODEL, _NEW_MODEL = "rawnotification", "notification"
_OLD_NAME, _NEW_NAME = "raw notification", "notification"
_JOBS_MODULE = f"{APP}.jobs"
_HANDLER = (f"{APP}.handle_notifications.handler", "HandleCircuitMaintenanceNotifications")
_OVERLAP = (f"{APP}.jobs.location_search", "FindLocationsWithMaintenanceOverlap")
_RISK_CLASS, _RISK_JOB = "FindSitesAtRisk", "Find Sites At Risk"
_LABELS = {
    "emails_circuit_maintenances": (
        "Emails for Circuit Maintenance app.",
        "Emails for Circuit Maintenance plugin",
        "Comma-separated email addresses from which this provider sends maintenance notifications. "
        "@domain stands for every address of exactly that domain.",
    ),
    "provider_parser_circuit_maintenances": (
        "Provider Parser for Circuit Maintenance app.",
        "Parser for Circuit Maintenance plugin",
        "Comma-separated parser names, tried in order. Leave empty to use the provider's name. "
        "See the documentation for the list.",
    ),
}
"""By key: the older package's label, ours, and our description."""


def rewrite(world: World, row: Any, *, reason: str = "", **values: Any) -> None:
    """Change a row of another app; the ledger keeps what it was."""
    before = {name: getattr(row, name) for name in values}
    type(row)._base_manager.filter(pk=row.pk).update(**values)  # core's own managers leave rows out
    said = reason or f"{', '.join(values)} changed."
    world.note(row._meta.label_lower, row.pk, Entry.REWRITTEN, reason=said, before=before)


def give_back(apps: Any) -> None:
    """Undo what the ledger says of rows of other apps, the latest change first."""
    undone = (Entry.REWRITTEN, Entry.ADDED, Entry.REMOVED)
    for entry in Entry.objects.filter(outcome__in=undone).order_by("-pk"):
        model = apps.get_model(entry.table)
        rows = model._base_manager.filter(pk=entry.row)
        if entry.outcome == Entry.REWRITTEN:
            rows.update(**entry.before)
        elif entry.outcome == Entry.REMOVED:
            model._base_manager.create(**entry.before)
        else:
            _take_away(model, rows.first(), entry.into)


def _take_away(model: Any, copy: Any, original: str) -> None:
    """Delete the copy of a permission that was added; its object types return to the original."""
    kept = model.objects.filter(pk=original).first()
    if copy and kept:
        kept.object_types.add(*copy.object_types.all())
    if copy:
        for each in (copy.object_types, copy.groups, copy.users):
            each.clear()
        erase(model._base_manager.filter(pk=copy.pk))


def move_types(world: World) -> None:
    """Let the content type of raw notifications be that of notifications, with its permissions."""
    types = world.apps.get_model("contenttypes", "ContentType").objects
    permissions = world.apps.get_model("auth", "Permission").objects
    old = types.filter(app_label=APP, model=_OLD_MODEL).first()
    if old is None:
        return
    leftover = types.filter(app_label=APP, model=_NEW_MODEL).first()
    if leftover:  # of an earlier try of ours: nothing refers to it but permissions that Nautobot makes
        keys = list(permissions.filter(content_type_id=leftover.pk).values_list("pk", flat=True))
        group, user = world.apps.get_model("auth", "Group"), world.apps.get_model("users", "User")
        for links in (group.permissions.through, user.user_permissions.through):
            erase(links._base_manager.filter(permission_id__in=keys))
        erase(permissions.filter(pk__in=keys))
        erase(types.filter(pk=leftover.pk))
    rewrite(world, old, model=_NEW_MODEL)
    for row in permissions.filter(content_type=old):
        rewrite(
            world,
            row,
            codename=row.codename.replace(_OLD_MODEL, _NEW_MODEL),
            name=row.name.replace(_OLD_NAME, _NEW_NAME),
        )


def move_jobs(world: World) -> None:
    """Let the older package's jobs be ours, with their schedules and results."""
    _move_job(world, _HANDLER, _HANDLER[1], ("dryrun", "sources", "since"))
    reason = f"The job that looks for overlaps is now '{_RISK_JOB}': compare what it finds."
    _move_job(world, _OVERLAP, _RISK_CLASS, (), reason)


def _move_job(world: World, older: tuple[str, str], name: str, variables: tuple[str, ...], reason: str = "") -> None:
    """Let a job and its schedules be one of ours; of what a schedule passes, our job takes these variables."""
    jobs = world.apps.get_model("extras", "Job").objects
    module, older_name = older
    job = jobs.filter(module_name=module, job_class_name=older_name).first()
    ours = jobs.filter(module_name=_JOBS_MODULE, job_class_name=name)
    if job:
        # Of an earlier try of ours; one that was used stays, and takes over the schedules.
        unused = list(ours.filter(scheduled_jobs=None, job_results=None).values_list("pk", flat=True))
        erase(world.apps.get_model("extras", "JobQueueAssignment").objects.filter(job_id__in=unused))
        erase(jobs.filter(pk__in=unused))
    kept = ours.first() or job
    if job and kept == job:
        rewrite(world, job, module_name=_JOBS_MODULE, job_class_name=name, reason=reason)
    for row in world.apps.get_model("extras", "ScheduledJob").objects.filter(task=f"{module}.{older_name}"):
        known = {key: value for key, value in row.kwargs.items() if key in variables}
        rewrite(world, row, task=f"{_JOBS_MODULE}.{name}", kwargs=known, job_model_id=kept and kept.pk)


def rename_labels(world: World) -> None:
    """Give the custom fields our labels where they have the older package's."""
    for row in world.apps.get_model("extras", "CustomField").objects.filter(key__in=_LABELS):
        older, label, description = _LABELS[row.key]
        if row.label == older:
            rewrite(world, row, label=label, description=row.description or description)


def move_references(world: World, merged: Mapping[UUID, UUID]) -> None:
    """Let what refers to maintenances that were merged refer to what they are a part of now."""
    if not merged:
        return
    content_type = (
        world.apps.get_model("contenttypes", "ContentType")
        .objects.filter(app_label=APP, model="circuitmaintenance")
        .first()
    )
    if content_type is None:
        return
    for model, type_field, key_field in generic_references(world.apps):
        for row in model._base_manager.filter(**{type_field: content_type, f"{key_field}__in": list(merged)}):
            _move_reference(world, row, key_field, merged[getattr(row, key_field)])


def _move_reference(world: World, row: Any, key_field: str, target: UUID) -> None:
    """Move a reference; drop it if the target has the same one."""
    try:
        with transaction.atomic():
            moved: dict[str, Any] = {key_field: target}
            rewrite(world, row, **moved)
    except IntegrityError:
        before = {field.attname: field.value_to_string(row) for field in row._meta.concrete_fields}
        reason = f"{target} has the same one already."
        world.note(row._meta.label_lower, row.pk, Entry.REMOVED, into=target, reason=reason, before=before)
        erase(type(row)._base_manager.filter(pk=row.pk))


def generic_references(apps: Any) -> Iterator[tuple[Any, str, str]]:
    """Yield each model that refers by content type and primary key, with the names of the two fields."""
    for model in apps.get_models():
        names = {field.name: field for field in model._meta.concrete_fields}
        for name, field in names.items():
            if not isinstance(field, ForeignKey) or field.related_model._meta.label_lower != "contenttypes.contenttype":
                continue
            key = "object_id" if name == "content_type" else f"{name.removesuffix('_type')}_id"
            if key in names and names[key].get_internal_type() == "UUIDField":
                yield model, name, key
