"""The data of ingesting: providers with tags and custom fields, and hooks on every change."""

import hashlib
from collections.abc import Collection, Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from nautobot.apps.choices import CustomFieldTypeChoices
from nautobot.circuits.models import Circuit, CircuitType, Provider
from nautobot.extras.jobs import get_job
from nautobot.extras.models import CustomField, Job, JobHook, JobQueue, ObjectChange, Status, Tag, Webhook
from nautobot.extras.utils import refresh_job_model_from_job_class

from development.benchmark import mails
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD
from nautobot_circuit_maintenance.tests.end_to_end.world import comparable_rows

OPERATOR = "benchmark"
JOB = "HandleCircuitMaintenanceNotifications"
SECONDS = 7_200
"""Long enough for the job to do everything in one run, however slow the machine is."""
_MADE_HERE = ("id", "provider", "replaced_by", "created", "last_updated")
"""What change records have of generated keys and times of writing."""


def create_world(parser: str, hooks: Collection[str]) -> None:
    """Create everything in a fresh clone of the template; `parser` reads the providers' emails.

    ``hooks``: "webhook", "job hook", both or none.
    """
    get_user_model().objects.create_superuser(OPERATOR)
    providers = _create_providers(parser)
    kind = CircuitType.objects.create(name="Transit")
    status = Status.objects.get_for_model(Circuit).get(name="Active")
    Circuit.objects.bulk_create(
        Circuit(cid=cid, provider=provider, circuit_type=kind, status=status)
        for number, provider in enumerate(providers)
        for cid in mails.circuits_of(number)
    )
    _subscribe(hooks)
    job = Job.objects.get(job_class_name=JOB)
    job.enabled = True
    job.soft_time_limit_override = job.time_limit_override = True
    job.soft_time_limit = job.time_limit = SECONDS
    job.validated_save()


def _create_providers(parser: str) -> list[Provider]:
    """Create providers with a tag and an additional custom field."""
    of_provider = ContentType.objects.get_for_model(Provider)
    field = CustomField.objects.create(key="contract", label="Contract", type=CustomFieldTypeChoices.TYPE_TEXT)
    # Not content_types.add(): there is no user to enqueue Nautobot's job for, which would write the default into objects.
    CustomField.content_types.through.objects.create(customfield=field, contenttype=of_provider)
    tag = Tag.objects.create(name="Carrier")
    tag.content_types.add(of_provider)
    providers = []
    for number in range(mails.PROVIDERS):
        provider = Provider(name=f"ISP {number:02}")
        provider.cf["contract"] = f"4711-{number}"
        provider.cf[EMAILS_FIELD], provider.cf[PARSERS_FIELD] = mails.address_of(number), parser
        provider.validated_save()
        provider.tags.add(tag)
        providers.append(provider)
    return providers


def _subscribe(hooks: Collection[str]) -> None:
    """Create hooks for every created or updated maintenance."""
    triggers = {"type_create": True, "type_update": True, "enabled": True}
    of_maintenance = ContentType.objects.get_for_model(CircuitMaintenance)
    if "webhook" in hooks:
        webhook = Webhook.objects.create(name="Chat", payload_url="https://chat.example/hook", **triggers)
        webhook.content_types.add(of_maintenance)
    if "job hook" in hooks:
        receiver = get_job("take_note.TakeNote", reload=True)
        model, _ = refresh_job_model_from_job_class(Job, receiver, JobQueue)
        model.enabled = True
        model.validated_save()
        job_hook = JobHook.objects.create(name="Note", job=model, **triggers)
        job_hook.content_types.add(of_maintenance)


def rows() -> dict[str, str]:
    """Return a hash of each of the app's tables, and of its change records, without generated keys and times."""
    if waiting := Notification.objects.exclude(state="parsed").count():
        raise SystemExit(f"{waiting} mails were not parsed.")
    tables = {**comparable_rows(), "ObjectChange": sorted(_records(), key=repr)}
    return {name: hashlib.sha256(repr(table).encode()).hexdigest() for name, table in tables.items()}


def _records() -> Iterator[dict[str, Any]]:
    """Yield the change records of maintenances."""
    of_maintenances = ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance")
    for action, data in of_maintenances.values_list("action", "object_data_v2"):
        yield {"action": action, **{name: value for name, value in data.items() if name not in _MADE_HERE}}
