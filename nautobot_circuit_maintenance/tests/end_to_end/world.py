"""What the end-to-end tests share: settings that point at the mail server, the Job run by Nautobot, rows to compare."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Any
from unittest import mock
from uuid import uuid4

from django.db import connection, connections
from django.db.models import Model
from django.test import override_settings
from nautobot.apps.testing import create_job_result_and_run_job
from nautobot.extras.models import Job, JobLogEntry, JobResult
from nautobot.users.models import User

from development.services.imap import ImapServer
from nautobot_circuit_maintenance.models import (
    CircuitImpact,
    CircuitMaintenance,
    MaintenanceWindow,
    Notification,
    NotificationSource,
    ParsedNotification,
)

OPERATOR = "operator"
HANDLE = "HandleCircuitMaintenanceNotifications"
REPROCESS = "ReprocessNotifications"
PURGE = "PurgeRawNotifications"
CENTURY = 36_500
"""Days; the mails of the corpus are years old."""

Rows = dict[str, list[dict[str, Any]]]


def new_folder() -> str:
    """Return the name of a mail folder that no one has used."""
    return f"Mail-{uuid4().hex[:8]}"


def reading(server: ImapServer, folder: str, name: str = "Mail", **others: Any) -> dict[str, Any]:
    """Return the settings of a source that reads this folder of the server, unless others are given."""
    return {
        "name": name,
        "url": f"imaps://{server.host}:{server.tls_port}",
        "account": server.username,
        "secret": server.password,
        "folder": folder,
        "ca_file": str(server.ca_file),
        "attach_all_providers": True,
        **others,
    }


def configured(*sources: dict[str, Any], **others: Any) -> override_settings:
    """Write these sources into PLUGINS_CONFIG; the whole past of a sender is its backlog."""
    config = {"raw_notification_initial_days_since": CENTURY, **others, "notification_sources": list(sources)}
    return override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": config})


def run_job(job: str = HANDLE, **variables: Any) -> JobResult:
    """Let Nautobot run a Job here and now, as its own tests do."""
    # Inside the transaction of a TestCase, Nautobot's second connection for log lines would not see the job's result.
    in_transaction = connection.in_atomic_block
    logs = mock.patch("nautobot.extras.models.jobs.JOB_LOGS", None) if in_transaction else nullcontext()
    with logs:
        return create_job_result_and_run_job("nautobot_circuit_maintenance.jobs", job, username=OPERATOR, **variables)


def prepare_job(job: str = HANDLE) -> Job:
    """Enable a Job and create who runs it, so that two processes need not do it at once."""
    User.objects.get_or_create(username=OPERATOR, defaults={"is_superuser": True})
    model = Job.objects.get(job_class_name=job)
    model.enabled = True
    model.validated_save()
    return model


def log_lines(result: JobResult) -> list[str]:
    """Return the lines of the log of a job."""
    return list(JobLogEntry.objects.filter(job_result=result).order_by("created").values_list("message", flat=True))


def start_in_child(work: Callable[[], object]) -> BaseProcess:
    """Start the work in a process of its own, with database connections of its own."""
    connections.close_all()  # a connection that two processes share is none
    process = get_context("fork").Process(target=_quietly, args=(work,))
    process.start()
    return process


def _quietly(work: Callable[[], object]) -> None:
    """Work without a word: what counts is in the database."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    work()


def exact_rows() -> Rows:
    """Return every row of ours with every value, but for the time of the last look into a mailbox."""
    rows = {model.__name__: list(model.objects.order_by("pk").values()) for model in _MODELS}
    sources = NotificationSource.objects.order_by("pk").values("pk", "name", "cursor", "searched_senders", "last_error")
    return {**rows, "NotificationSource": list(sources)}


def comparable_rows() -> Rows:
    """Return every row of ours in an order of its own, without keys that the database makes and times of writing."""
    return {model.__name__: sorted(_comparable(model), key=repr) for model in _MODELS}


_OF_MAINTENANCE = ("maintenance__provider__name", "maintenance__name")
_MODELS: dict[type[Model], tuple[str, ...]] = {
    Notification: ("provider__name",),
    ParsedNotification: (*_OF_MAINTENANCE, "notification__fingerprint"),
    CircuitMaintenance: ("provider__name",),
    MaintenanceWindow: _OF_MAINTENANCE,
    CircuitImpact: (*_OF_MAINTENANCE, "circuit__cid"),
}
"""What holds the mail of a run and what came of it, and what to compare instead of foreign keys."""
_NOT_COMPARED = ("created", "last_updated", "attempts", "server_id", "revision")
"""The ID of a message in its mailbox depends on the order in which messages were delivered; a revision counts changes on the way."""


def _comparable(model: type[Model]) -> Iterator[dict[str, Any]]:
    fields = model._meta.concrete_fields  # pylint: disable=protected-access  # Django documents it as public
    own = [field.name for field in fields if not field.is_relation and not field.primary_key]
    for row in model.objects.values(*(name for name in own if name not in _NOT_COMPARED), *_MODELS[model]):
        yield {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}


def forget_everything() -> None:
    """Delete what the app has recorded and concluded; the sources begin again."""
    for model in (ParsedNotification, CircuitMaintenance, Notification):
        model.objects.all().delete()
    NotificationSource.objects.update(cursor={}, searched_senders=[], last_fetched_at=None, last_error="")


@contextmanager
def expecting_rest_of(process: BaseProcess) -> Iterator[None]:
    """End a child process with the block, however the block ends."""
    try:
        yield
    finally:
        if process.is_alive():
            process.kill()
        process.join()
