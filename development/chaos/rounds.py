"""A round: an undisturbed run, the same emails again with faults, a normal run, and the verdict."""

import time
from dataclasses import dataclass, field
from random import Random

from nautobot.extras.models import JobResult

from development.chaos import flood, refusals, world
from development.chaos.faults import WEIGHTS, Faults
from development.chaos.mailboxes import Mailboxes
from development.chaos.proxy import ANSWER_SECONDS
from development.chaos.services import WORKERS
from development.chaos.world import Verdict, retry
from development.services.database import say
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.tests.end_to_end.world import HANDLE, REPROCESS, Rows, comparable_rows

MAILS = 240
SLICE = 40
"""Emails that arrive together."""
STALLED_SECONDS = 0.4
"""Without progress for this long, no job is running."""
WAITING_SECONDS = 5 * ANSWER_SECONDS
"""Without progress for this long, no job waits for a mail server."""
QUIET_SECONDS = 2.0
"""Without progress for this long, what was begun has ended: it would write about itself to the next round."""
STUCK_SECONDS = 20.0
"""Without progress for this long despite new jobs, the workers wait for each other or for Redis."""
LOST_SECONDS = 10.0
"""Faults do not wait longer for an email to appear; the verdict decides whether it was lost."""
RUN_SECONDS = 240.0
IN_THE_NEXT_RUN = 2
MOST_RUNS = 6
"""Normal runs after the faults; then nothing may be left to do."""


@dataclass
class Figures:
    """Results of all rounds."""

    rounds: int = 0
    messages: int = 0
    set_aside: int = 0
    """Notifications whose workers were killed three times, digested in the end by the Reprocess job."""
    unjustly_set_aside: int = 0
    hung: int = 0
    """Normal runs that did not end, or left work."""
    revived: int = 0
    """Workers that had to be restarted because Celery did not recover."""
    runs_in_flood: int = 0
    """Runs until all emails that waited behind a flood were read; at most two."""
    longest: float = 0.0
    """Duration of the longest normal run in seconds."""
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def failures(self) -> int:
        """Number of failures; must be zero."""
        is_late = self.runs_in_flood > IN_THE_NEXT_RUN
        verdict = self.verdict
        return sum((verdict.lost, verdict.doubled, verdict.wrong, self.unjustly_set_aside, self.hung, is_late))


class Unfinished(Exception):
    """A normal run did not end, or left work."""


@dataclass
class Round:
    """One delivery of emails and what happens to it."""

    faults: Faults
    server: Mailboxes
    dice: Random
    figures: Figures
    kinds: dict[str, int] = field(default_factory=lambda: dict(WEIGHTS))
    seen: tuple[object, ...] = ()
    seen_at: float = 0.0
    delivered_at: float = 0.0

    def run(self, seed: int, wanted: int) -> int:
        """Let up to `wanted` faults strike; return how many did."""
        found = world.round_mails(MAILS, seed)
        undisturbed = self._undisturbed(found)
        retry(lambda: world.forget(self.server))
        retry(refusals.forget_attempts)
        self.faults.tickets.clear()
        struck = self._inject(found, wanted)
        self.figures.rounds += 1
        self.figures.messages += len(found)
        try:
            self._finish()
        except Unfinished as error:
            self.figures.hung += 1
            say(f"  {error}")
        self._count(world.judge(found, undisturbed, self.faults.tickets))
        return struck

    def _count(self, verdict: Verdict) -> None:
        for name in ("lost", "doubled", "wrong"):
            setattr(self.figures.verdict, name, getattr(self.figures.verdict, name) + getattr(verdict, name))
        for line in verdict.details:
            say(f"  {line}")
        self.figures.verdict.details += verdict.details

    def _undisturbed(self, found: list[MailMessage]) -> Rows:
        """Return the rows that a run without faults leaves."""
        retry(lambda: world.forget(self.server))
        world.deliver(self.server, found)
        self._finish()
        rows = comparable_rows()
        if any(row["state"] != State.PARSED for row in rows["Notification"]):
            raise SystemExit("The undisturbed run did not parse everything.")
        return rows

    # While faults strike

    def _inject(self, found: list[MailMessage], wanted: int) -> int:
        """Deliver the emails in slices, keep jobs running and let faults strike."""
        struck, waiting = 0, list(found)
        while struck < wanted:
            if self._is_done(len(found) - len(waiting)):
                self._make_work(waiting)
            if not self._await_work():
                continue
            time.sleep(self.dice.uniform(0, 0.15))
            kind = self.dice.choices(list(self.kinds), weights=list(self.kinds.values()))[0]
            struck += retry(lambda chosen=kind: self.faults.strike(chosen))  # type: ignore[misc]
        if waiting:
            world.deliver(self.server, waiting)
        return struck

    def _make_work(self, waiting: list[MailMessage]) -> None:
        """Deliver more emails; once all are delivered, reprocess everything."""
        self.delivered_at = time.monotonic()
        if waiting:
            world.deliver(self.server, waiting[:SLICE])
            del waiting[:SLICE]
            retry(self.faults.enqueue)
        else:
            retry(lambda: self.faults.enqueue(REPROCESS, which="all"))

    def _is_done(self, count: int) -> bool:
        """Return whether `count` emails were recorded and digested, or waiting longer is pointless."""
        others = Notification.objects.exclude(provider__name=flood.PROVIDER)
        rows = retry(lambda: list(others.values_list("state", flat=True)))
        is_late = time.monotonic() - self.delivered_at > LOST_SECONDS
        return State.RECEIVED not in rows and (len(rows) >= count or is_late)

    def _is_working(self) -> bool:
        """Return whether there was progress recently."""
        now, seen = time.monotonic(), (self.faults.proxy.bytes, *world.progress())
        if seen != self.seen:
            self.seen, self.seen_at = seen, now
        return now - self.seen_at < STALLED_SECONDS

    def _await_work(self) -> bool:
        """Return True on progress, enqueueing a job whenever there is none; False if the workers are stuck."""
        self.seen_at = 0.0
        retry(self._is_working)
        first, started, asked_at = self.seen, time.monotonic(), 0.0
        while time.monotonic() - started < STUCK_SECONDS:
            retry(self._is_working)
            if self.seen != first:
                return True
            if time.monotonic() - max(self.seen_at, asked_at) > STALLED_SECONDS:
                retry(self.faults.enqueue)
                asked_at = time.monotonic() + 2
            time.sleep(0.01)
        self._revive()
        return False

    def _revive(self) -> None:
        """Restart the workers: Celery does not always recover after Redis was away."""
        retry(lambda: self.faults.note_end(refusals.sessions()))
        for name in WORKERS:
            self.faults.workers.restart(name)
            self.figures.revived += 1
        self.faults.workers.await_ready()

    # Afterwards

    def _finish(self) -> None:
        """Run the job normally until no work is left."""
        self._await_quiet()
        retry(flood.forget)
        for _ in range(MOST_RUNS):
            result = self._run_normally()
            self._reprocess()
            if result.status == "SUCCESS" and not _leftovers():
                return
        raise Unfinished(f"Work is left after {MOST_RUNS} normal runs: {result.status}, {result.result}")

    def meet_flood(self, seed: int) -> None:
        """Count the runs, each too short for a flood, until the emails that arrived after it are read."""
        retry(lambda: world.forget(self.server))
        flood.record(flood.mails(flood.MAILS))
        flood.record(world.round_mails(SLICE, seed))
        flood.limit_runs(flood.RUN_SECONDS)
        while flood.waiting(of_flood=False) and self.figures.runs_in_flood < flood.MOST_RUNS:
            self._run_normally()
            self.figures.runs_in_flood += 1
        say(f"  {flood.waiting(of_flood=True)} of {flood.MAILS} emails of the flood still waited then.")
        flood.limit_runs(None)

    def _await_quiet(self) -> None:
        """Wait until the jobs that started during the faults have ended."""
        deadline, quiet_since = time.monotonic() + RUN_SECONDS, time.monotonic()
        while time.monotonic() - quiet_since < QUIET_SECONDS:
            # A session without progress waits for a silent server; longer than for that, it was only left open.
            waits = self.faults.proxy.sessions and time.monotonic() - self.seen_at < WAITING_SECONDS
            if retry(self._is_working) or waits or retry(_busy):
                quiet_since = time.monotonic()
            if time.monotonic() > deadline:
                self.figures.hung += 1
                say("  A run did not end in time.")
                self._revive()
                return
            time.sleep(0.05)

    def _run_normally(self, name: str = HANDLE, **variables: object) -> JobResult:
        """Run a job on a worker and wait for its end."""
        for _ in range(2):
            started = time.monotonic()
            result = retry(lambda: self.faults.enqueue(name, **variables))
            while time.monotonic() - started < RUN_SECONDS:
                retry(result.refresh_from_db)
                if result.date_done:
                    self.figures.longest = max(self.figures.longest, time.monotonic() - started)
                    return result
                if result.status == "PENDING" and time.monotonic() - started > STUCK_SECONDS:
                    self._revive()
                    break
                time.sleep(0.05)
        raise Unfinished(f"A normal run did not end: {result.status}")

    def _reprocess(self) -> None:
        """Reprocess what was set aside, and count what should not have been."""
        failed = list(Notification.objects.filter(state=State.FAILED).values_list("fingerprint", "error"))
        for fingerprint, error in failed:
            self.figures.set_aside += 1
            times = self.faults.may_have_stopped_worker(fingerprint)
            if times < 3 or "stopped the worker" not in error:
                self.figures.unjustly_set_aside += 1
                say(f"  Set aside although only {times} attempts were interrupted: {error}")
        if failed:
            self._run_normally(REPROCESS, which=State.FAILED)


def _busy() -> bool:
    """Return whether a worker is in the middle of a statement or transaction."""
    return any(session.state not in ("idle", "") for session in refusals.sessions())


def _leftovers() -> bool:
    """Return whether a notification waits, or a message that the server could not deliver."""
    deferred = any(cursor.get("refused") for cursor in NotificationSource.objects.values_list("cursor", flat=True))
    return deferred or Notification.objects.exclude(state=State.PARSED).exists()
