"""The data of chaos: providers that contradict themselves, an operator, the jobs, and how a round must end."""

import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, TypeVar

import redis
from celery.exceptions import OperationalError as BrokerError
from django.contrib.auth import get_user_model
from django.db import InterfaceError, OperationalError, connection, connections
from nautobot.circuits.models import Circuit, Provider
from nautobot.extras.models import Job, JobLogEntry, JobResult, ObjectChange

from development.chaos import flood
from development.chaos.mailboxes import FOLDER, Mailboxes
from nautobot_circuit_maintenance.compat import enqueue_job
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, NotificationSource
from nautobot_circuit_maintenance.tests.cases import create_circuits, create_provider
from nautobot_circuit_maintenance.tests.end_to_end import mails
from nautobot_circuit_maintenance.tests.end_to_end.world import (
    HANDLE,
    OPERATOR,
    REPROCESS,
    Rows,
    comparable_rows,
    forget_everything,
    prepare_job,
)

KNOWN = mails.CIDS[::2]
"""Circuits in Nautobot; the others are not linked."""
TRIES = 60
RECOVERY_SECONDS = 0.25
UNREACHABLE = (OperationalError, InterfaceError, BrokerError, redis.RedisError)

Result = TypeVar("Result")


def retry(work: Callable[[], Result]) -> Result:
    """Call a function that needs PostgreSQL or Redis; repeat it while one is unreachable, and raise the last error."""
    for _ in range(TRIES):
        with suppress(*UNREACHABLE):
            return work()
        connections.close_all()
        time.sleep(RECOVERY_SECONDS)
    return work()


def create_world() -> None:
    """Create the providers, their circuits and the jobs."""
    for name, address in mails.ISPS.items():
        create_circuits(create_provider(name, address), *KNOWN)
    flood.create()
    for job in (HANDLE, REPROCESS):
        prepare_job(job)


def enqueue(job: str = HANDLE, **variables: Any) -> JobResult:
    """Enqueue a job for the workers."""
    user = get_user_model().objects.get(username=OPERATOR)
    result: JobResult = enqueue_job(Job.objects.get(job_class_name=job), user, variables)
    return result


def round_mails(count: int, seed: int) -> list[MailMessage]:
    """Return emails by time of arrival: half about three maintenances per provider, half about many."""
    few = mails.contradicting_mails(count // 2, seed)
    many = mails.contradicting_mails(count - count // 2, seed + 1_000_000, maintenances=40)
    return sorted([*few, *many], key=lambda each: each.received_at)


def deliver(server: Mailboxes, found: list[MailMessage]) -> None:
    """Put emails into the mailboxes."""
    server.deliver_all([(each.raw or b"", each.received_at) for each in found], FOLDER)


def forget(server: Mailboxes) -> None:
    """Reset everything: nothing was received, the mailboxes are empty, no job has run."""
    with suppress(Exception):  # the folder is made by the first delivery
        server.empty(FOLDER)
    forget_everything()
    ObjectChange.objects.all().delete()
    JobResult.objects.all().delete()


def progress() -> tuple[Any, ...]:
    """Return a value that changes whenever the app has committed work, or logged some."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), sum(attempts), count(*) FILTER (WHERE state = 'received') "  # nosec B608 # no input
            f"FROM {Notification._meta.db_table}"  # pylint: disable=protected-access  # documented by Django
        )
        row = tuple(cursor.fetchone())
    cursors = json.dumps(list(NotificationSource.objects.values_list("cursor", flat=True)))
    return (*row, cursors, JobLogEntry.objects.count())


@dataclass
class Verdict:
    """How the rows of a round differ from those of an undisturbed run."""

    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    details: list[str] = field(default_factory=list)

    def add(self, kind: str, count: int, detail: str) -> None:
        """Count and describe deviations of one kind."""
        if count:
            setattr(self, kind, getattr(self, kind) + count)
            self.details.append(f"{kind}: {detail}"[:1_000])


def judge(delivered: list[MailMessage], undisturbed: Rows, tickets: dict[tuple[str, str], str]) -> Verdict:
    """Compare the rows with those of an undisturbed run and the tickets of the operators."""
    verdict = Verdict()
    stored = Counter(map(_identity, Notification.objects.values_list("raw", "received_at")))
    missing = {each.fingerprint for each in delivered} - set(stored)
    verdict.add("lost", len(missing), f"{sorted(missing)}")
    twice = [key for key, times in stored.items() if times > 1]
    named = Counter(CircuitMaintenance.objects.values_list("provider__name", "name"))
    twice += [str(key) for key, times in named.items() if times > 1]
    verdict.add("doubled", len(twice), f"{twice}")
    _compare(verdict, comparable_rows(), _with_tickets(undisturbed, tickets))
    created = ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance", action="create").count()
    verdict.add("wrong", abs(created - len(named)), f"{created} records of the creation of {len(named)} maintenances")
    return verdict


def _identity(stored: tuple[bytes, datetime]) -> str:
    """Identify an email by its bytes; the other columns are what is being tested."""
    raw, received_at = stored
    return MailMessage.from_bytes(bytes(raw), received_at=received_at).fingerprint


def _with_tickets(rows: Rows, tickets: dict[tuple[str, str], str]) -> Rows:
    maintenances = [
        {**row, "ticket": tickets.get((row["provider__name"], row["name"]), row["ticket"])}
        for row in rows["CircuitMaintenance"]
    ]
    return {**rows, "CircuitMaintenance": maintenances}


def _compare(verdict: Verdict, found: Rows, wanted: Rows) -> None:
    """Count the rows that only one side has; a row that differs counts once."""
    for name, rows in wanted.items():
        ours, theirs = Counter(map(_text, found[name])), Counter(map(_text, rows))
        extra, missing = list((ours - theirs).elements()), list((theirs - ours).elements())
        count = max(len(extra), len(missing))
        verdict.add("wrong", count, f"{count} {name}; found {extra[:1]}, wanted {missing[:1]}")


def _text(row: dict[str, Any]) -> str:
    return repr({name: value for name, value in row.items() if name != "raw"} | {"raw": hash(row.get("raw"))})


def random_maintenance(dice: Random) -> CircuitMaintenance | None:
    """Return any maintenance, None while there is none."""
    keys = list(CircuitMaintenance.objects.order_by("provider__name", "name").values_list("pk", flat=True))
    return CircuitMaintenance.objects.filter(pk=dice.choice(keys)).first() if keys else None


def random_provider(dice: Random) -> Provider:
    """Return any provider."""
    return Provider.objects.get(name=dice.choice(sorted(mails.ISPS)))


def random_circuit(dice: Random) -> Circuit:
    """Return any circuit."""
    return Circuit.objects.get(cid=dice.choice(KNOWN), provider__name=dice.choice(sorted(mails.ISPS)))
