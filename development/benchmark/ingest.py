"""The job on a mailbox, in its own process, so that CPU and memory belong to it alone.

Run by `development.benchmark` on its own database and mail folder: `prepare` creates the data, `measure` runs the
job and writes its figures as JSON to standard output.
"""

import argparse
import cProfile
import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from unittest import mock

from development.benchmark import mails, steps
from development.benchmark.mails import Delivery
from development.services import quiet
from development.services.database import say
from development.services.embedded import ServiceError
from development.services.imap import imap_server

if TYPE_CHECKING:
    from development.benchmark.meters import Meters, Usage  # needs settings

MODULE = "benchmark.ingest"
PARSERS = {"bcop": "genericprovider", "html": "zayo"}
BARE = 1_000
"""Most emails that the bare parser reads."""
BOTH = "a webhook and a job hook"
SUBSCRIBERS = {"no subscriber": (), "a webhook": ("webhook",), BOTH: ("webhook", "job hook")}
"""Who subscribes to the changes of maintenances."""


def mails_of(kind: str, count: int, seed: int, now: datetime) -> list[Delivery]:
    """Return the emails of a scenario."""
    write = mails.bcop_mails if kind == "bcop" else mails.html_mails
    return write(count, seed, now)


def run(kind: str, count: int, seed: int, profile: str = "") -> dict[str, float]:
    """Deliver emails of one kind to a separate mail server and let the job read them; return the figures."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    return _run(kind, count, ["--seed", str(seed), "--now", now.isoformat(), "--profile", profile])[0]


def run_by_subscribers(count: int, seed: int, profile: str = "") -> dict[str, dict[str, float]]:
    """Let the job read the same BCOP emails once for each set of subscribers; return the figures by subscribers.

    Raises ServiceError if the subscribers make a difference to what is stored.
    """
    now = datetime.now(timezone.utc).replace(microsecond=0)
    figures, stored = {}, []
    for number, subscribers in enumerate(SUBSCRIBERS):
        words = ["--seed", str(seed), "--now", now.isoformat(), "--profile", f"{profile}.{number}" if profile else ""]
        figures[subscribers], rows = _run("bcop", count, [*words, "--subscribers", subscribers])
        stored.append(rows)
    different = {name for rows in stored for name in rows if rows[name] != stored[0][name]}
    if different:
        raise ServiceError(f"Stored depending on the subscribers: {', '.join(sorted(different))}")
    return figures


def _run(kind: str, count: int, words: Sequence[str]) -> tuple[dict[str, float], dict[str, str]]:
    """Run both steps; return the figures, and a hash of the rows that result."""
    words = ["--mails", str(count), *words]
    with steps.cloned_database(), imap_server() as server:
        say(f"Delivering {count:,} {kind} mails.")
        options = _options(["measure", kind, *words])
        server.deliver_all(mails_of(kind, count, options.seed, options.now))
        steps.read_from(server)
        steps.run(MODULE, "prepare", kind, *words)
        say(f"Running the Job; subscribed: {options.subscribers}.")
        return steps.run(MODULE, "measure", kind, *words), steps.run(MODULE, "rows", kind)


def _options(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=("prepare", "measure", "rows"))
    parser.add_argument("kind", choices=tuple(PARSERS))
    parser.add_argument("--mails", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--now", type=datetime.fromisoformat)
    parser.add_argument("--profile", default="")
    parser.add_argument("--subscribers", choices=SUBSCRIBERS, default=BOTH)
    return parser.parse_args(words)


def main() -> None:
    """Do one step of a scenario."""
    options = _options()
    logging.disable(logging.WARNING)  # Nautobot is noisy while it starts
    quiet.setup(steps.CONFIG)
    from development.benchmark import ingest_world  # pylint: disable=import-outside-toplevel  # imports models

    if options.step == "prepare":
        logging.disable(logging.ERROR)  # that the new custom field is not provisioned; no row has it yet
        ingest_world.create_world(PARSERS[options.kind], SUBSCRIBERS[options.subscribers])
        return
    if options.step == "rows":
        json.dump(ingest_world.rows(), sys.stdout)
        return
    figures = measure(options.mails, options.profile)
    check(options.kind, options.mails, len(SUBSCRIBERS[options.subscribers]))
    mails = mails_of(options.kind, options.mails, options.seed, options.now)[:BARE]
    figures |= measure_parser(options.kind, mails)
    figures["job: CPU ms above the library"] = figures["job: CPU ms"] - figures["library alone: CPU ms"]
    json.dump(figures, sys.stdout)


def measure(count: int, profile: str) -> dict[str, float]:
    """Run the job on a full mailbox, then again with nothing new; return the figures."""
    # pylint: disable=import-outside-toplevel  # import models
    from development.benchmark.meters import Meters, backends, peak_memory

    load_parser()
    meters, sessions, at_rest = Meters(), backends(), peak_memory()
    profiler = cProfile.Profile()
    with metered(meters, profiler if profile else None):
        with meters.phase("job"):
            run_job()
        memory = peak_memory() - at_rest
        first, meters.phases = meters.phases, {}
        run_job()
    if sessions != backends():
        raise SystemExit("The job opened new sessions: the CPU of the database is incomplete.")
    if profile:
        profiler.dump_stats(profile)
    poll = meters.phases["run"]
    return {
        "mails/s": count / first["job"].wall,
        "memory MB": memory / 1e6,
        **per_mail(first, count),
        "poll: wall ms": 1000 * poll.wall,
        "poll: our statements": poll.ours,
    }


def per_mail(phases: "dict[str, Usage]", count: int) -> dict[str, float]:
    """Return the cost of each phase per email."""
    return {
        f"{phase}: {name}": value / count
        for phase in ("fetch", "digest", "job")
        for name, value in phases[phase].by_name().items()
    }


def load_parser() -> None:
    """Load the parser library, the tables that Cogent's emails need, and the second opinion: the state of an idle worker."""
    # pylint: disable=import-outside-toplevel  # import settings
    from nautobot_circuit_maintenance.domain.updates import Provenance
    from nautobot_circuit_maintenance.reading.gates.base import Known
    from nautobot_circuit_maintenance.reading.parse import parse
    from nautobot_circuit_maintenance.reading.second_opinion import with_opinions

    now = datetime.now(timezone.utc)
    with_opinions(parse(mails.COGENT, ["cogent"], Provenance(now, now, "")), Known)


@contextmanager
def metered(meters: "Meters", profiler: cProfile.Profile | None) -> Iterator[None]:
    """Meter the job's run() and, separately, its two halves; profile the second one on request."""
    # pylint: disable=import-outside-toplevel  # import models
    from nautobot_circuit_maintenance.jobs import HandleCircuitMaintenanceNotifications as Handle
    from nautobot_circuit_maintenance.pipeline import run

    drain = run.digest_queue

    def profiled(*args: Any, **others: Any) -> Any:
        return profiler.runcall(drain, *args, **others) if profiler else drain(*args, **others)

    with ExitStack() as stack:
        stack.enter_context(meters.counting())
        for owner, name, phase, function in (
            (run, "fetch_source", "fetch", run.fetch_source),
            (run, "digest_queue", "digest", profiled),
            (Handle, "run", "run", Handle.run),
        ):
            stack.enter_context(mock.patch.object(owner, name, meters.metered(phase, function)))
        yield


def run_job() -> None:
    """Run the job in this process; the tasks that it enqueues are not executed."""
    # pylint: disable=import-outside-toplevel  # import models
    from django.contrib.auth import get_user_model
    from nautobot.extras.models import Job

    from development.benchmark.ingest_world import JOB, OPERATOR
    from nautobot_circuit_maintenance.compat import enqueue_job

    user = get_user_model().objects.get(username=OPERATOR)
    result = enqueue_job(Job.objects.get(job_class_name=JOB), user, {}, synchronous=True)
    result.refresh_from_db()
    if result.status != "SUCCESS":
        raise SystemExit(f"The job ended as {result.status}: {result.traceback or result.result}")


def check(kind: str, count: int, hooks: int) -> None:
    """Raise an error if the run did not do its work."""
    # pylint: disable=import-outside-toplevel  # import models
    from nautobot.core.celery import app
    from nautobot.extras.models import ObjectChange

    from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification

    parsed = Notification.objects.filter(state="parsed").count()
    maintenances = CircuitMaintenance.objects.count()
    changes = ObjectChange.objects.filter(changed_object_type__model="circuitmaintenance").count()
    with app.connection_for_write() as broker:
        queued = broker.channel().queue_purge(app.conf.task_default_queue)
    print(
        f"  {kind}: {parsed} parsed, {maintenances} maintenances, {changes} change records, {queued} tasks queued",
        file=sys.stderr,
    )
    if parsed != count or not maintenances:
        errors = Notification.objects.exclude(error="").values_list("error", flat=True)
        raise SystemExit(f"{count - parsed} mails were not parsed: {errors[:3]}")
    if queued < hooks * changes:
        raise SystemExit(f"{changes} changes put only {queued} tasks into the queue; hooks that listen: {hooks}.")


def measure_parser(kind: str, mails: Sequence[Delivery]) -> dict[str, float]:
    """Return the CPU ms per email of the bare library, called as usual and as the app calls it."""
    # pylint: disable=import-outside-toplevel  # imports the library
    from circuit_maintenance_parser import NotificationData, init_provider

    from nautobot_circuit_maintenance.domain.updates import Provenance
    from nautobot_circuit_maintenance.reading.gates.base import Known
    from nautobot_circuit_maintenance.reading.parse import parse
    from nautobot_circuit_maintenance.reading.second_opinion import with_opinions

    name = PARSERS[kind]

    def bare(raw: bytes, _arrived: datetime) -> int:
        return len(list(init_provider(name).get_maintenances(NotificationData.init_from_email_bytes(raw))))

    def ours(raw: bytes, arrived: datetime) -> int:
        return len(parse(raw, [name], Provenance(arrived, arrived, "")).updates)

    def opinion(raw: bytes, arrived: datetime) -> int:
        return len(with_opinions(parse(raw, [name], Provenance(arrived, arrived, "")), Known).updates)

    figures = {}
    for label, read in (
        ("library alone: CPU ms", bare),
        ("our parse(): CPU ms", ours),
        ("our parse() and second opinion: CPU ms", opinion),
    ):
        started = time.process_time()
        found = sum(read(raw, arrived) for raw, arrived in mails)
        figures[label] = 1000 * (time.process_time() - started) / len(mails)
        if found != len(mails):
            raise SystemExit(f"{label}: {found} maintenances in {len(mails)} mails.")
    return figures


if __name__ == "__main__":
    main()
