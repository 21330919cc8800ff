"""The data of chaos over sending: a few maintenances, who wants to know of them, and what people change."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone
from nautobot.extras.jobs import get_job
from nautobot.extras.models import Contact, Job, JobQueue
from nautobot.extras.utils import refresh_job_model_from_job_class

from nautobot_circuit_maintenance.models import CircuitMaintenance, Subscription
from nautobot_circuit_maintenance.tests.end_to_end.world import OPERATOR
from nautobot_circuit_maintenance.tests.factories.app import create_impact, create_maintenance, create_subscription
from nautobot_circuit_maintenance.tests.factories.core import create_circuits, create_provider

LEAD = timedelta(minutes=20)
"""How long before a window alerts are silent, and jobs run."""
DRAIN = "drain.Drain"
_STATUSES = ("TENTATIVE", "CONFIRMED", "CONFIRMED", "RE-SCHEDULED", "CANCELLED")
_STARTS = (-20_000, -30, -10, 5, 15, 15, 15, 60, 300)
"""Minutes from now to the start of a window that a person enters."""
_LENGTHS = (30, 120, 600)
_STEPS = (-60, 5, 5, 5, 35, 35, 130, 800)
"""Minutes by which the clock goes ahead, or back."""


@dataclass
class World:
    """Maintenances, subscriptions, and the clock of this Nautobot: full minutes, never before that of other servers."""

    dice: Random
    started: datetime = field(default_factory=lambda: _minute(timezone.now()) + timedelta(hours=2))
    maintenances: list[CircuitMaintenance] = field(default_factory=list)
    jumps: int = 0

    def __post_init__(self) -> None:
        """Start the clock."""
        self.now = self.started

    def create(self, count: int) -> None:
        """Add so many maintenances, each of a circuit of its own; the first two share another one."""
        provider = create_provider("Chaotic", "noc@chaotic.example")
        shared, *own = create_circuits(provider, "SHARED", *(f"C-{number}" for number in range(count)))
        for number, circuit in enumerate(own):
            start = self.now + timedelta(days=2)
            found = create_maintenance(f"M-{number}", provider, start=start, status="CONFIRMED")
            self.maintenances.append(found)
            for each in (circuit, shared)[: 2 if number < 2 else 1]:
                create_impact(found, each)

    def subscribe(self, *addresses: str) -> Subscription:
        """Let these addresses know of everything that happens from now on."""
        found = self._subscription("mail", events=["new", "changed", "cancelled"])
        for address in addresses:
            found.contacts.add(Contact.objects.create(name=address, email=address))
        return found

    def subscribe_machines(self) -> None:
        """Let alerts be silenced, and circuits be drained."""
        minutes = int(LEAD.total_seconds() / 60)
        self._subscription("Alerts", lead_minutes=minutes)
        self._subscription("Drain", lead_minutes=minutes, job=enabled(DRAIN))

    def _subscription(self, channel: str, **values: Any) -> Subscription:
        owner = get_user_model().objects.get(username=OPERATOR)
        name = f"{channel} {Subscription.objects.count()}"
        begun = timezone.now()
        return create_subscription(owner, name, channel=channel, begun=begun, clock=begun, **values)

    def announce(self) -> None:
        """Change everything, so that everyone gets a first message: of what is over, no one would."""
        self._set("RE-SCHEDULED")

    def step(self) -> None:
        """Let time pass, or the clock be set back, and people change up to four maintenances."""
        minutes = self.dice.choice(_STEPS)
        self.jumps += minutes < 0 or minutes > 100
        self.now = max(self.now + timedelta(minutes=minutes), self.started)
        for _ in range(self.dice.randint(1, 4)):
            self.edit(self.dice.choice(self.maintenances))

    def edit(self, maintenance: CircuitMaintenance) -> None:
        """Change status or window of a maintenance."""
        row = CircuitMaintenance.objects.get(pk=maintenance.pk)
        if self.dice.random() < 0.5:
            row.status = self.dice.choice(_STATUSES)
        else:
            row.start_time = self.now + timedelta(minutes=self.dice.choice(_STARTS))
            row.end_time = max(row.start_time, self.now) + timedelta(minutes=self.dice.choice(_LENGTHS))
        row.save()

    def complete(self) -> None:
        """Let everything be over."""
        self._set("COMPLETED")

    def _set(self, status: str) -> None:
        for maintenance in self.maintenances:
            row = CircuitMaintenance.objects.get(pk=maintenance.pk)
            row.status = status
            row.save()


def enabled(path: str) -> Job:
    """Return a job that is enabled."""
    job, _is_new = refresh_job_model_from_job_class(Job, get_job(path, reload=True), JobQueue)
    job.enabled = True
    job.validated_save()
    return job


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
