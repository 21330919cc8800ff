"""The data of ingesting: providers with tags and custom fields, a webhook and a job hook on every change."""

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from nautobot.apps.choices import CustomFieldTypeChoices
from nautobot.circuits.models import Circuit, CircuitType, Provider
from nautobot.extras.jobs import get_job
from nautobot.extras.models import CustomField, Job, JobHook, JobQueue, Status, Tag, Webhook
from nautobot.extras.utils import refresh_job_model_from_job_class

from development.benchmark import mails
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD

OPERATOR = "benchmark"
JOB = "HandleCircuitMaintenanceNotifications"
SECONDS = 7_200
"""Long enough for the job to do everything in one run, however slow the machine is."""


def create_world(parser: str) -> None:
    """Create everything in a fresh clone of the template; `parser` reads the providers' emails."""
    get_user_model().objects.create_superuser(OPERATOR)
    providers = _create_providers(parser)
    kind = CircuitType.objects.create(name="Transit")
    status = Status.objects.get_for_model(Circuit).get(name="Active")
    Circuit.objects.bulk_create(
        Circuit(cid=cid, provider=provider, circuit_type=kind, status=status)
        for number, provider in enumerate(providers)
        for cid in mails.circuits_of(number)
    )
    _subscribe()
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


def _subscribe() -> None:
    """Create a webhook and a job hook for every created or updated maintenance."""
    receiver = get_job("take_note.TakeNote", reload=True)
    model, _ = refresh_job_model_from_job_class(Job, receiver, JobQueue)
    model.enabled = True
    model.validated_save()
    triggers = {"type_create": True, "type_update": True, "enabled": True}
    webhook = Webhook.objects.create(name="Chat", payload_url="https://chat.example/hook", **triggers)
    job_hook = JobHook.objects.create(name="Note", job=model, **triggers)
    for hook in (webhook, job_hook):
        hook.content_types.add(ContentType.objects.get_for_model(CircuitMaintenance))
