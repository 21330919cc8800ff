"""The faults: each strikes once while work is being done, and returns whether it did."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.contrib.auth import get_user_model
from django.db import OperationalError, connections, transaction
from nautobot.apps.change_logging import web_request_context
from nautobot.extras.models import JobResult

from development.chaos import flood, refusals, services, world
from development.chaos.logins import Logins
from development.chaos.mailboxes import HTTP_FAULTS
from development.chaos.proxy import COMMAND_FAULTS, Proxies
from development.chaos.refusals import CODES, Session
from development.chaos.services import WORKERS, Postgres, Redis, Workers
from development.chaos.world import retry
from development.services.pgbouncer import PgBouncer
from development.services.wire import WIRE_FAULTS, Fault
from nautobot_circuit_maintenance.tests.cases import create_circuits
from nautobot_circuit_maintenance.tests.end_to_end.world import HANDLE, OPERATOR

PENDING_SECONDS = 3.0
"""How long a pending fault waits for its moment."""
WIRE_BYTES = 20_000
"""A fault on the wire strikes within this many bytes."""
EVER = "2000-01-01"
"""A job that reads everything since then requests all messages of the mail server."""
FLOOD = 10
"""Slow emails at a time."""
MOST_COMMON, COMMON, RARE = 15, 6, 1

WEIGHTS = {
    "worker-kill": MOST_COMMON,
    "worker-gone": RARE,
    "session-ended": COMMON,
    "postgres-restart": RARE,
    "pgbouncer-restart": RARE,
    "redis-restart": RARE,
    **dict.fromkeys((*CODES, *WIRE_FAULTS, *COMMAND_FAULTS, *HTTP_FAULTS), 3),
    **dict.fromkeys(("token-expired", "token-issued-none", "token-refused"), 3),
    "second-job": 3,
    "slow-flood": RARE,
    "operator-edit": COMMON,
    "provider-renamed": 2,
    "circuit-renamed": 2,
    "circuit-recreated": 2,
}
"""How often each kind is chosen."""


@dataclass
class Faults:
    """All faults, and what they need."""

    dice: Random
    postgres: Postgres
    bouncer: PgBouncer
    redis: Redis
    workers: Workers
    proxy: Proxies
    logins: Logins
    runs: int = 0
    """Number of enqueued jobs."""
    struck: Counter[str] = field(default_factory=Counter)
    """How often each kind struck."""
    phases: Counter[str] = field(default_factory=Counter)
    """What workers were doing when they were killed."""
    ended_sessions: dict[str, float] = field(default_factory=dict)
    """When a fault ended a database session of which process, by name (seconds since the epoch)."""
    tickets: dict[tuple[str, str], str] = field(default_factory=dict)
    """Tickets that operators entered, by provider and name."""

    def enqueue(self, job: str = HANDLE, **variables: Any) -> JobResult:
        """Enqueue a job for the workers."""
        self.runs += 1
        return world.enqueue(job, **variables)

    def strike(self, kind: str) -> bool:
        """Let a fault of this kind strike; return False if there was no occasion for it."""
        if kind in CODES:
            has_struck = self._refuse(CODES[kind])
        elif kind in (*WIRE_FAULTS, *COMMAND_FAULTS, *HTTP_FAULTS):
            has_struck = self._disturb(kind)
        else:
            has_struck = bool(getattr(self, f"_{kind.replace('-', '_')}")())
        self.struck[kind] += has_struck
        return has_struck

    def may_have_stopped_worker(self, fingerprint: str) -> int:
        """Return how many attempts at a notification ended with a session that a fault ended."""
        tried = refusals.attempts_of(fingerprint)
        return sum(self.ended_sessions.get(worker, 0) >= at for worker, at in tried)

    def note_end(self, ending: list[Session]) -> None:
        """Remember database sessions that are about to end."""
        self.ended_sessions |= {session.name: time.time() + 1 for session in ending}

    def _phase(self, session: Session) -> str:
        """Return what a process is doing, judging by its database session."""
        if session.state in ("idle", ""):
            return "fetch" if self.proxy.sessions else "between statements"
        if '_maintenance_notification" (' in session.query or "_notificationsource" in session.query:
            return "record"
        if "FOR UPDATE" in session.query and '_notification"' in session.query:
            return "claim or parse"
        return "apply"

    def _session(self) -> Session | None:
        """Choose the session of a process that runs tasks, preferably a busy one."""
        found = [session for session in refusals.sessions() if "/" in session.name]
        busy = [session for session in found if session.state != "idle"]
        return self.dice.choice(busy or found) if found else None

    def _worker_kill(self) -> bool:
        """Kill a process that runs a task, in any phase; its worker starts another one."""
        session = self._session()
        if session is None:
            return False
        self.note_end(refusals.sessions(session.name))  # job logs use a separate session
        killed = services.kill(int(session.name.rpartition("/")[2]))
        self.phases[self._phase(session)] += killed
        return killed

    def _worker_gone(self) -> bool:
        """Kill a whole worker with all its processes; another one is started at once."""
        worker = self.dice.choice(WORKERS)
        self.note_end(refusals.sessions(f"{worker}%"))
        killed = self.workers.kill_all(worker)
        self.workers.restart(worker)
        return killed

    def _session_ended(self) -> bool:
        """Let PostgreSQL end the session of a process."""
        session = self._session()
        if session is None:
            return False
        self.note_end([session])
        refusals.terminate([session.backend])
        return True

    def _postgres_restart(self) -> bool:
        """Crash the database server."""
        self.note_end(refusals.sessions())
        connections.close_all()
        self.postgres.restart(self.dice.uniform(0, 0.5))
        return True

    def _pgbouncer_restart(self) -> bool:
        """Kill pgbouncer with all connections of the workers."""
        self.note_end(refusals.sessions())
        self.bouncer.restart()
        return True

    def _redis_restart(self) -> bool:
        """Kill the broker, with everything in it."""
        self.redis.restart(self.dice.uniform(0, 1))
        return True

    def _refuse(self, code: str) -> bool:
        """Let the database refuse a worker's row, or several if the worker is quick."""
        before = refusals.refused()
        refusals.refuse(code)
        try:
            return _within(PENDING_SECONDS, lambda: refusals.refused() > before)
        finally:
            retry(lambda: refusals.refuse(""))

    def _disturb(self, kind: str) -> bool:
        """Disturb a mail server's responses at a random byte, command or request."""
        if kind in WIRE_FAULTS:
            self.proxy.pending = Fault(kind, bytes_left=self.dice.randrange(WIRE_BYTES))
        else:
            asked = self.proxy.requests if kind in HTTP_FAULTS else self.proxy.commands
            self.proxy.pending = Fault(kind, command=self.dice.choice(sorted(asked)))
        self.enqueue(since=EVER)  # otherwise there may be nothing to request
        _within(PENDING_SECONDS, lambda: self.proxy.pending is None)
        fault, self.proxy.pending = self.proxy.pending, None
        return fault is None

    def _token_expired(self) -> bool:
        """Let all tokens expire while messages are read; one IMAP session is lost, so that it has to log in once more."""
        self.enqueue(since=EVER)
        _within(PENDING_SECONDS, lambda: self.proxy.sessions > 0)
        self.proxy.pending = Fault("imap-cut", command="FETCH")
        expired = self.logins.expire()
        _within(PENDING_SECONDS, lambda: self.proxy.pending is None)
        self.proxy.pending = None
        return expired > 0

    def _token_issued_none(self) -> bool:
        """Let the login servers refuse tokens for a moment."""
        before = self.logins.issued
        with self.logins.issuing_none():
            self.enqueue(since=EVER)
            return _within(PENDING_SECONDS, lambda: self.logins.issued > before)

    def _token_refused(self) -> bool:
        """Let the IMAP server refuse tokens for a moment."""
        before = self.logins.asked
        with self.logins.accepting_none():
            self.enqueue(since=EVER)
            return _within(PENDING_SECONDS, lambda: self.logins.asked > before)

    def _second_job(self) -> bool:
        """Enqueue the same work twice, for two workers."""
        self.enqueue()
        self.enqueue()
        return True

    def _slow_flood(self) -> bool:
        """Let email wait that takes long to parse, older than everything else."""
        flood.record(flood.mails(FLOOD, first=self.dice.randrange(10**9)))
        self.enqueue()
        return True

    def _operator_edit(self) -> bool:
        """Enter a ticket as in a form: all fields are saved."""
        user = get_user_model().objects.get(username=OPERATOR)
        ticket = f"INC{self.dice.randrange(1_000_000)}"
        maintenance = world.random_maintenance(self.dice)
        if maintenance is None:
            return False
        time.sleep(self.dice.uniform(0, 0.05))
        maintenance.ticket = ticket
        with web_request_context(user), transaction.atomic():
            maintenance.validated_save()
        self.tickets[maintenance.provider.name, maintenance.name] = ticket
        return True

    def _provider_renamed(self) -> bool:
        """Rename a provider for a moment."""
        return self._rename(world.random_provider(self.dice), "name")

    def _circuit_renamed(self) -> bool:
        """Give a circuit another ID for a moment; notifications cannot be linked to it during that time."""
        return self._rename(world.random_circuit(self.dice), "cid")

    def _rename(self, thing: Any, field_name: str) -> bool:
        name = getattr(thing, field_name)
        for each in (f"{name} (old)", name):
            setattr(thing, field_name, each)
            retry(thing.validated_save)
            time.sleep(self.dice.uniform(0.05, 0.3))
        return True

    def _circuit_recreated(self) -> bool:
        """Delete a circuit, and create it again a moment later."""
        circuit = world.random_circuit(self.dice)
        cid, provider = circuit.cid, circuit.provider
        # A worker that is linking the circuit makes the deletion wait or fail.
        retry(lambda: type(circuit).objects.filter(pk=circuit.pk).delete())
        time.sleep(self.dice.uniform(0.05, 0.3))
        # The connection may be lost after the commit: it is there then.
        retry(lambda: provider.circuits.filter(cid=cid).exists() or create_circuits(provider, cid))
        return True


def _within(seconds: float, happens: Callable[[], bool]) -> bool:
    """Wait until something happens; return False if it does not happen in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OperationalError):
            if happens():
                return True
        time.sleep(0.005)
    return False
