"""An operator's job in JOBS_ROOT: it writes into a ledger what it does to which circuits, when it begins and when it has ended."""

import json
import os
import random
import time
from typing import Any

from nautobot.apps.jobs import Job, MultiObjectVar, ObjectVar, StringVar, register_jobs
from nautobot.circuits.models import Circuit

from nautobot_circuit_maintenance.models import CircuitMaintenance


class Drain(Job):
    """Drains circuits before, and puts traffic back after."""

    maintenance = ObjectVar(model=CircuitMaintenance, required=False)
    circuits = MultiObjectVar(model=Circuit)
    phase = StringVar()

    class Meta:
        """As the guide says."""

        name = "Drain"
        has_sensitive_variables = False

    def run(  # pylint: disable=arguments-differ,unused-argument  # Nautobot passes the variables by name
        self, *, circuits: Any, phase: str, maintenance: Any = None
    ) -> None:
        """Take a moment, in which it may be killed."""
        cids = sorted(circuits.values_list("cid", flat=True))
        _write({"is_over": False, "phase": phase, "cids": cids, "process": os.getpid()})
        time.sleep(random.uniform(0.1, 0.6))  # nosec B311 # not a secret
        _write({"is_over": True, "phase": phase, "cids": cids, "process": os.getpid()})


def _write(line: dict[str, Any]) -> None:
    """Append a line, whole or not at all."""
    ledger = os.open(os.environ["NCM_DRAIN_LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(ledger, f"{json.dumps(line)}\n".encode())
    os.close(ledger)


register_jobs(Drain)
