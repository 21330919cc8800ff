"""Chaos: people change maintenances while runs send, silence and drain, and faults strike; then everything must be right."""

import time
from dataclasses import dataclass, field
from datetime import timedelta

from nautobot.extras.models import JobResult

from development.sending_chaos import truth
from development.sending_chaos.faults import Faults
from development.sending_chaos.services import Servers
from development.sending_chaos.world import World
from development.services.database import say
from nautobot_circuit_maintenance.models import ChannelState, Delivery

ADDRESSES = ("a@example.net", "b@example.net")
STEPS_BETWEEN_CHECKS = 4
SETTLING = timedelta(hours=13)
"""More than the longest pause between two attempts."""
BETWEEN_RUNS = timedelta(minutes=5)
"""As the job is scheduled."""
MOST_RUNS = 10
"""More than a message is attempted."""
REDELIVERY = 30
"""Seconds after which Redis has delivered what a killed worker had reserved: its time-out, and how often it looks."""
_UNDECIDED = ("PENDING", "STARTED")


@dataclass
class Chaos:
    """Faults in a world, and what was found wrong."""

    world: World
    faults: Faults
    servers: Servers
    checks: int = 0
    problems: list[str] = field(default_factory=list)

    def run(self, wanted: int) -> None:
        """Let this many faults strike, then let everything end, and compare."""
        subscription = self.world.subscribe(*ADDRESSES)
        self.world.subscribe_machines()
        self.world.announce()
        self.faults.run_alone(self.world.now)
        steps = 0
        while self.faults.struck.total() < wanted:
            self.world.step()
            self.faults.run(self.world.now)
            steps += 1
            if steps % STEPS_BETWEEN_CHECKS == 0:
                self._check_silences()
                say(f"{self.faults.struck.total()} of {wanted} faults, {self.problems[-1:] or 'no problems'}")
        self.faults.stop()
        self.servers.workers.await_ready()
        if self.faults.struck["worker killed"]:
            time.sleep(REDELIVERY)
        self._settle()
        self.world.complete()
        self._settle()
        self._check_silences()
        self.problems += truth.wrong_messages(self.servers.mail, ADDRESSES)
        self.problems += filter(None, [truth.wrong_circuits(self.servers.ledger)])
        self.problems += self.faults.problems
        subscription.delete()

    def lost_jobs(self) -> int:
        """Return how many jobs before windows got lost: while they ran, or before a worker took them."""
        befores = Delivery.objects.filter(phase="before")
        return befores.filter(error__startswith="DRAIN-08").count() + befores.filter(attempts__gt=1).count()

    def _check_silences(self) -> None:
        """Let the next run work undisturbed, and compare what is silent then; a busy machine may need some for an answer."""
        for _ in range(MOST_RUNS):
            self.world.now += BETWEEN_RUNS
            self.faults.run_alone(self.world.now)
            if not ChannelState.objects.get(name="Alerts").error:
                break
        self.problems += filter(None, [truth.wrong_silences(self.servers.alerts.url, self.world.now)])
        self.checks += 1

    def _settle(self) -> None:
        """Let time pass, and jobs end, until nothing waits."""
        for _ in range(MOST_RUNS):
            self.world.now += SETTLING
            self.faults.run_alone(self.world.now)
            self._await_jobs()
            if not Delivery.objects.filter(state__in=("waiting", "unsure")).exists():
                break

    def _await_jobs(self) -> None:
        """Give the jobs a few seconds; those that got lost have no end."""
        deadline = time.monotonic() + 3
        while JobResult.objects.filter(status__in=_UNDECIDED).exists() and time.monotonic() < deadline:
            time.sleep(0.1)
