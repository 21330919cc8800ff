"""A bout: mails, an undisturbed run of them, faults while they are digested anew, a normal run, and the verdict."""

import time
from dataclasses import dataclass, field
from random import Random

from nautobot.extras.models import JobResult

from development.chaos import refusals, world
from development.chaos.faults import WEIGHTS, Faults
from development.chaos.mailboxes import Mailboxes
from development.chaos.services import WORKERS
from development.chaos.world import Verdict, patiently
from development.services.database import say
from nautobot_circuit_maintenance.choices import NotificationStateChoices as State
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import Notification, NotificationSource
from nautobot_circuit_maintenance.tests.end_to_end.world import HANDLE, REPROCESS, Rows, comparable_rows

MAILS = 240
SLICE = 40
"""Mails that arrive together."""
STALLED_SECONDS = 0.4
"""Without any progress for so long, no job is at work."""
STUCK_SECONDS = 20.0
"""Without any progress for so long in spite of new jobs, the workers wait for each other or for Redis."""
LOST_SECONDS = 10.0
"""Faults do not wait longer for a mail that does not appear; whether it was lost is judged in the end."""
RUN_SECONDS = 90.0
MOST_RUNS = 6
"""Normal runs after the faults, by which nothing must be left."""


@dataclass
class Figures:
    """What all bouts came to."""

    bouts: int = 0
    messages: int = 0
    set_aside: int = 0
    """Notifications that were really killed three times, and digested in the end by the Reprocess job."""
    unjustly_set_aside: int = 0
    hung: int = 0
    """Normal runs that did not end, or did not come to an end of the work."""
    revived: int = 0
    """Workers that had to be started again because Celery did not come back by itself."""
    longest: float = 0.0
    """Seconds of the longest normal run."""
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def failures(self) -> int:
        """What must be zero."""
        return sum((self.verdict.lost, self.verdict.doubled, self.verdict.wrong, self.unjustly_set_aside, self.hung))


class Unfinished(Exception):
    """A normal run did not end, or left something."""


@dataclass
class Round:
    """One delivery of mails."""

    faults: Faults
    server: Mailboxes
    dice: Random
    figures: Figures
    kinds: dict[str, int] = field(default_factory=lambda: dict(WEIGHTS))
    seen: tuple[object, ...] = ()
    seen_at: float = 0.0
    delivered_at: float = 0.0

    def run(self, seed: int, wanted: int) -> int:
        """Let up to so many faults strike; return how many did."""
        found = world.bout_mails(MAILS, seed)
        undisturbed = self._undisturbed(found)
        patiently(lambda: world.forget(self.server))
        patiently(refusals.forget_attempts)
        self.faults.tickets.clear()
        struck = self._storm(found, wanted)
        self.figures.bouts += 1
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
        """Return what a run without faults leaves."""
        patiently(lambda: world.forget(self.server))
        world.deliver(self.server, found)
        self._finish()
        rows = comparable_rows()
        if any(row["state"] != State.PARSED for row in rows["Notification"]):
            raise SystemExit("Not even the undisturbed run parsed everything.")
        return rows

    # While faults strike

    def _storm(self, found: list[MailMessage], wanted: int) -> int:
        """Deliver the mails little by little, keep jobs at work, and let faults strike while they are."""
        struck, waiting = 0, list(found)
        while struck < wanted:
            if self._is_done(len(found) - len(waiting)):
                self._make_work(waiting)
            if not self._await_work():
                continue
            time.sleep(self.dice.uniform(0, 0.15))
            kind = self.dice.choices(list(self.kinds), weights=list(self.kinds.values()))[0]
            struck += patiently(lambda chosen=kind: self.faults.strike(chosen))  # type: ignore[misc]
        if waiting:
            world.deliver(self.server, waiting)
        return struck

    def _make_work(self, waiting: list[MailMessage]) -> None:
        """Deliver some more mails; where all have come, read everything again."""
        self.delivered_at = time.monotonic()
        if waiting:
            world.deliver(self.server, waiting[:SLICE])
            del waiting[:SLICE]
            patiently(self.faults.enqueue)
        else:
            patiently(lambda: self.faults.enqueue(REPROCESS, which="all"))

    def _is_done(self, count: int) -> bool:
        """Tell whether so many mails were recorded and digested, or will never be."""
        rows = patiently(lambda: list(Notification.objects.values_list("state", flat=True)))
        is_late = time.monotonic() - self.delivered_at > LOST_SECONDS
        return State.RECEIVED not in rows and (len(rows) >= count or is_late)

    def _is_working(self) -> bool:
        """Tell whether something was done within the last moments."""
        now, seen = time.monotonic(), (self.faults.proxy.bytes, *world.progress())
        if seen != self.seen:
            self.seen, self.seen_at = seen, now
        return now - self.seen_at < STALLED_SECONDS

    def _await_work(self) -> bool:
        """Return once something is done; give the workers a Job where nothing is. False after a while."""
        self.seen_at = 0.0
        patiently(self._is_working)
        first, started, asked_at = self.seen, time.monotonic(), 0.0
        while time.monotonic() - started < STUCK_SECONDS:
            patiently(self._is_working)
            if self.seen != first:
                return True
            if time.monotonic() - max(self.seen_at, asked_at) > STALLED_SECONDS:
                patiently(self.faults.enqueue)
                asked_at = time.monotonic() + 2
            time.sleep(0.01)
        self._revive()
        return False

    def _revive(self) -> None:
        """Start the workers again: Celery does not always come back by itself when Redis was away."""
        patiently(lambda: self.faults.note_end(refusals.sessions()))
        for name in WORKERS:
            self.faults.workers.restart(name)
            self.figures.revived += 1
        self.faults.workers.await_ready()

    # Afterwards

    def _finish(self) -> None:
        """Run the Job normally until nothing is left."""
        self._await_quiet()
        for _ in range(MOST_RUNS):
            result = self._run_normally()
            self._reprocess()
            if result.status == "SUCCESS" and not _leftovers():
                return
        raise Unfinished(f"Work is left after {MOST_RUNS} normal runs: {result.status}, {result.result}")

    def _await_quiet(self) -> None:
        """Wait until what was begun during the faults has ended."""
        deadline, quiet_since = time.monotonic() + RUN_SECONDS, time.monotonic()
        while time.monotonic() - quiet_since < 2 * STALLED_SECONDS:
            if patiently(self._is_working) or self.faults.proxy.sessions or patiently(_busy):
                quiet_since = time.monotonic()
            if time.monotonic() > deadline:
                self.figures.hung += 1
                say("  A run did not end within its time.")
                self._revive()
                return
            time.sleep(0.05)

    def _run_normally(self, name: str = HANDLE, **variables: object) -> JobResult:
        """Run a Job on a worker and wait for its end."""
        for _ in range(2):
            started = time.monotonic()
            result = patiently(lambda: self.faults.enqueue(name, **variables))
            while time.monotonic() - started < RUN_SECONDS:
                patiently(result.refresh_from_db)
                if result.date_done:
                    self.figures.longest = max(self.figures.longest, time.monotonic() - started)
                    return result
                if result.status == "PENDING" and time.monotonic() - started > STUCK_SECONDS:
                    self._revive()
                    break
                time.sleep(0.05)
        raise Unfinished(f"A normal run did not end: {result.status}")

    def _reprocess(self) -> None:
        """Digest again what was set aside, if it was with good cause."""
        failed = list(Notification.objects.filter(state=State.FAILED).values_list("fingerprint", "error"))
        for fingerprint, error in failed:
            self.figures.set_aside += 1
            times = self.faults.may_have_stopped_worker(fingerprint)
            if times < 3 or "stopped the worker" not in error:
                self.figures.unjustly_set_aside += 1
                say(f"  Set aside although only {times} attempts were cut off: {error}")
        if failed:
            self._run_normally(REPROCESS, which=State.FAILED)


def _busy() -> bool:
    """Tell whether a worker is in the middle of a statement or transaction."""
    return any(session.state not in ("idle", "") for session in refusals.sessions())


def _leftovers() -> bool:
    """Tell whether a mail waits, or the server owes one to the source."""
    owed = any(cursor.get("refused") for cursor in NotificationSource.objects.values_list("cursor", flat=True))
    return owed or Notification.objects.exclude(state=State.PARSED).exists()
