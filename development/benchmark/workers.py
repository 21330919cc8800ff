"""One worker and two: how long they take to digest the same notifications, and whether the results are the same.

A worker here is a process that drains the queue as the job does, not a Celery worker, which would also run webhooks.
"""

import argparse
import json
import logging
import sys
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from development.benchmark import mails, steps
from development.benchmark.ingest import load_parser
from development.benchmark.mails import Delivery
from development.services import quiet
from development.services.database import say

MODULE = "benchmark.workers"
WORKERS = (1, 2)
BATCH = 100


def run(count: int, seed: int) -> dict[str, float]:
    """Record emails once, then digest them with one worker and with two; return the figures."""
    say(f"Recording {count:,} BCOP emails for the workers.")
    figures: dict[str, float] = {}
    states = []
    with steps.cloned_database() as recorded:
        steps.run("benchmark.ingest", "prepare", "bcop")
        steps.run(MODULE, "record", "--mails", str(count), "--seed", str(seed))
        for workers in WORKERS:
            with steps.cloned_database(source=recorded):
                say(f"Digesting them, workers: {workers}.")
                wall, cpu = drain_with(workers)
                states.append(steps.run(MODULE, "rows"))
            figures[f"{workers} at work: mails/s"] = count / wall
            figures[f"{workers} at work: app CPU ms"] = 1000 * cpu / count
    figures["speed-up"] = figures["2 at work: mails/s"] / figures["1 at work: mails/s"]
    different = [name for name in states[0] if states[0][name] != states[1][name]]
    say(f"  Final state with one worker and with two: {', '.join(different) or 'same'}")
    figures["tables that differ"] = len(different)
    return figures


def drain_with(workers: int) -> tuple[float, float]:
    """Drain the queue with this number of workers; return wall time and total CPU in seconds."""
    with ExitStack() as stack:
        processes = [stack.enter_context(steps.start(MODULE, "drain")) for _ in range(workers)]
        for process in processes:
            steps.pipes(process)[1].readline()  # the worker has loaded everything
        started = time.monotonic()
        for process in processes:
            words = steps.pipes(process)[0]
            words.write("go\n")
            words.flush()
        results = [steps.result_of(process) for process in processes]
        wall = max(result["ended"] for result in results) - started
    say(f"  Each did {', '.join(str(result['done']) for result in results)}.")
    return wall, sum(result["cpu"] for result in results)


def main() -> None:
    """Do one step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=("record", "drain", "rows"))
    parser.add_argument("--mails", type=int)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # Nautobot is noisy while it starts
    quiet.setup(steps.CONFIG)
    if options.step == "record":
        now = datetime.now(timezone.utc).replace(microsecond=0)
        record(mails.bcop_mails(options.mails, options.seed, now))
    else:
        from development.benchmark.ingest_world import rows  # pylint: disable=import-outside-toplevel  # imports models

        json.dump(drain() if options.step == "drain" else rows(), sys.stdout)


def record(mails: list[Delivery]) -> None:
    """Store notifications without digesting them."""
    # pylint: disable=import-outside-toplevel  # import models
    from nautobot_circuit_maintenance.mail.message import MailMessage
    from nautobot_circuit_maintenance.pipeline.record import record_messages
    from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory

    directory = SenderDirectory.of_all_providers()
    remaining = iter(mails)
    while part := list(islice(remaining, BATCH)):
        record_messages(directory, [MailMessage.from_bytes(raw, received_at=arrived) for raw, arrived in part])


def drain() -> dict[str, Any]:
    """Load what a worker needs, report that, wait for the start signal and drain the queue."""
    # pylint: disable=import-outside-toplevel  # import models
    from django.contrib.auth import get_user_model

    from development.benchmark.ingest_world import OPERATOR
    from nautobot_circuit_maintenance.models import Notification
    from nautobot_circuit_maintenance.pipeline.digest import digest

    load_parser()
    user = get_user_model().objects.get(username=OPERATOR)
    print("ready", flush=True)
    sys.stdin.readline()
    before = time.process_time()
    outcomes: Counter[Any] = digest(Notification.objects.all(), user=user).outcomes
    done = outcomes["parsed"]
    return {"cpu": time.process_time() - before, "ended": time.monotonic(), "done": done}


if __name__ == "__main__":
    main()
