"""Jobs as operators write them, and jobs that cannot be run by a subscription."""

from typing import Any

from nautobot.apps.jobs import BooleanVar, Job, MultiObjectVar, ObjectVar, StringVar, register_jobs
from nautobot.circuits.models import Circuit
from nautobot.extras.models import Job as JobModel, JobQueue
from nautobot.extras.utils import refresh_job_model_from_job_class

from nautobot_circuit_maintenance.models import CircuitMaintenance


class Drain(Job):
    """Drains circuits before, and puts traffic back after."""

    maintenance = ObjectVar(model=CircuitMaintenance, required=False)
    circuits = MultiObjectVar(model=Circuit)
    phase = StringVar()
    quick = BooleanVar()

    ran: list[tuple[str, str, list[str]]] = []
    """Phase, maintenance and circuits of each run."""
    fails: set[str] = set()
    """Phases that fail."""

    class Meta:
        """As the guide says."""

        name = "Drain"
        has_sensitive_variables = False

    def run(self, maintenance: Any, circuits: Any, phase: str, **_others: Any) -> None:
        """Note that it ran."""
        self.ran.append((phase, maintenance.name if maintenance else "", sorted(each.cid for each in circuits)))
        if phase in self.fails:
            raise RuntimeError("The router does not answer")


class OneAtATime(Drain):
    """The same, as a singleton."""

    class Meta:
        """Only one may run."""

        name = "One At A Time"
        has_sensitive_variables = False
        is_singleton = True


class Sensitive(Drain):
    """Nautobot's default is that variables may be sensitive."""

    class Meta:
        """Says nothing about variables."""

        name = "Sensitive"


class WithoutPhase(Job):
    """Cannot know whether it is before or after."""

    maintenance = ObjectVar(model=CircuitMaintenance)
    circuits = MultiObjectVar(model=Circuit)

    class Meta:
        """As the guide says."""

        name = "Without Phase"
        has_sensitive_variables = False

    def run(self, **_data: Any) -> None:
        """Do nothing."""


class WithTicket(Drain):
    """Needs what a subscription does not have."""

    ticket = StringVar()

    class Meta:
        """As the guide says."""

        name = "With Ticket"
        has_sensitive_variables = False


JOBS = (Drain, OneAtATime, Sensitive, WithoutPhase, WithTicket)


def install() -> dict[str, JobModel]:
    """Register the jobs, enable them and return them by name."""
    register_jobs(*JOBS)
    Drain.ran.clear()
    Drain.fails.clear()
    found = {}
    for each in JOBS:
        model, _is_new = refresh_job_model_from_job_class(JobModel, each, JobQueue)
        model.enabled = True
        model.validated_save()
        found[model.name] = model
    return found
