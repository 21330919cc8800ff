"""Nautobot's *Cancel* of the jobs that read and send, at random moments, on a real worker: nothing is lost or doubled."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone
from nautobot.extras.jobs_cancel import CancelFactory
from nautobot.extras.models import Job, JobResult

from development.sending_chaos import senders, truth
from development.sending_chaos.services import FOLDER, Servers
from development.sending_chaos.world import World, enabled
from development.services.database import say
from nautobot_circuit_maintenance.compat import enqueue_job
from nautobot_circuit_maintenance.models import CircuitMaintenance
from nautobot_circuit_maintenance.tests.end_to_end import mails
from nautobot_circuit_maintenance.tests.end_to_end.world import (
    HANDLE,
    OPERATOR,
    comparable_rows,
    forget_everything,
    prepare_job,
    start_in_child,
)
from nautobot_circuit_maintenance.tests.factories.core import create_circuits, create_provider

SEND = "SendCircuitMaintenanceUpdates"
MAILS = 400
ADDRESSES = tuple(f"many-{number}@example.net" for number in range(15))
SECONDS = 120
SENDING = 4
"""Seconds, about, that it takes to send everything to everyone."""
SLOW = 0.02
"""Seconds that the mail server takes for a message: a run that is over cannot be cancelled."""
LEASE = timedelta(minutes=11)
"""After which a message that was being sent is sent again."""


@dataclass
class Canceling:
    """Jobs on a worker, and what was found wrong after they were cancelled."""

    dice: Random
    servers: Servers
    world: World
    cancelled: dict[str, int] = field(default_factory=lambda: {HANDLE: 0, SEND: 0})
    problems: list[str] = field(default_factory=list)

    def poll(self, wanted: int) -> None:
        """Cancel the job that reads, so many times; then let it end, and compare with a run that was left alone."""
        for name, address in mails.ISPS.items():
            create_circuits(create_provider(name, address), *mails.CIDS[::2])
        found = mails.contradicting_mails(MAILS, seed=self.dice.randrange(1_000))
        self.servers.inbox.deliver_all([(each.raw or b"", each.received_at) for each in found], FOLDER)
        prepare_job(HANDLE)
        seconds = self._end(HANDLE)
        undisturbed = comparable_rows()

        def compare() -> None:
            if comparable_rows() != undisturbed:
                self.problems.append("Poll: the rows differ from those of an undisturbed run")
            forget_everything()

        forget_everything()
        self._cancel(HANDLE, wanted, seconds, compare)
        self._end(HANDLE)
        compare()
        say(f"{self.cancelled[HANDLE]} runs that read cancelled, {len(self.problems)} problems")

    def send(self, wanted: int) -> None:
        """Cancel the job that sends, so many times; then let it end, and compare what arrived with what is true."""
        subscription = self.world.subscribe(*ADDRESSES)
        self.servers.mail.after_taking = lambda: time.sleep(SLOW)
        enabled(f"nautobot_circuit_maintenance.jobs.{SEND}")
        self._change_all()
        self._cancel(SEND, wanted, SENDING, self._change_all)
        self.servers.mail.after_taking = None
        now = timezone.now()
        for run in range(1, 4):
            self.problems += filter(None, [senders.end(senders.start(now + run * LEASE))])
        self.problems += truth.wrong_messages(self.servers.mail, ADDRESSES)
        subscription.delete()
        say(f"{self.cancelled[SEND]} runs that send cancelled, {len(self.problems)} problems")

    def _change_all(self) -> None:
        """Give the runs something to say to everyone about everything."""
        for row in CircuitMaintenance.objects.all():
            row.status = "TENTATIVE" if row.status == "CONFIRMED" else "CONFIRMED"
            row.save()

    def _cancel(self, job: str, wanted: int, seconds: float, when_over: Callable[[], Any]) -> None:
        """Cancel a job at random moments of the time that it takes; ``when_over``: what follows if it had ended before."""
        for _ in range(10 * wanted + 1):
            if self.cancelled[job] == wanted:
                return
            result = _enqueue(job)
            # Canceling itself takes a second: Nautobot asks the workers first.
            time.sleep(self.dice.uniform(0.0, max(seconds - 1, 0.2)))
            _away(lambda one=result: CancelFactory.get_strategy(one.queue_type).cancel(one, one.user))  # type: ignore[misc]
            status = _await(result)
            self.cancelled[job] += status == "REVOKED"
            if status != "REVOKED":
                when_over()
        self.problems.append(f"{job}: only {self.cancelled[job]} of {wanted} cancellations came in time")

    def _end(self, job: str) -> float:
        """Let a job run to its end; return how many seconds it took."""
        started = time.monotonic()
        status = _await(_enqueue(job))
        if status != "SUCCESS":
            self.problems.append(f"{job} ended with {status}")
        return time.monotonic() - started


def _enqueue(job: str) -> JobResult:
    user, model = get_user_model().objects.get(username=OPERATOR), Job.objects.get(job_class_name=job)
    result = JobResult.objects.create(name=model.name, job_model=model, user=user)
    _away(lambda: enqueue_job(model, user, {}, job_result=result))
    result.refresh_from_db()
    return result


def _away(work: Callable[[], object]) -> None:
    """Do this in another process: the connections of this one to the broker would be those of its forks, too."""
    start_in_child(work).join()


def _await(result: JobResult) -> str:
    """Wait until a job is over and return its status."""
    deadline = time.monotonic() + SECONDS
    while result.is_unready_state and time.monotonic() < deadline:
        time.sleep(0.05)
        result.refresh_from_db()
    return str(result.status)
