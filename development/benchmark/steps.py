"""Steps of the benchmark, each in its own process on a clone of the template."""

import json
import os
import subprocess  # nosec B404 # every step is a process
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from development.services import database, embedded
from development.services.imap import ImapServer

CONFIG = Path(__file__).parents[1] / "nautobot_config.py"
JOBS = Path(__file__).with_name("jobs")
PREFIX = "ncm_benchmark_"
CENTURY = 36_500
"""Days; the emails of a whole year are new to the job."""


@contextmanager
def benchmark_services() -> Iterator[None]:
    """Provide PostgreSQL and Redis to the steps."""
    with embedded.postgres() as postgres, embedded.redis() as redis:
        os.environ.update({**postgres, **redis, "NAUTOBOT_CONFIG": str(CONFIG), "NAUTOBOT_JOBS_ROOT": str(JOBS)})
        with database.server_connection() as server:
            database.drop_abandoned(server, PREFIX)
        yield


@contextmanager
def cloned_database(source: str = "") -> Iterator[str]:
    """Provide a fresh clone of the template, or of another database, to the steps; yield its name."""
    name = f"{PREFIX}{os.getpid()}{'_clone' if source else ''}"
    if source:
        with database.server_connection() as server:
            database.clone(server, name, source=source)
    else:
        database.clone_template(name)
    try:
        with named(name):
            yield name
    finally:
        with database.server_connection() as server:
            database.drop(server, name)


@contextmanager
def named(name: str) -> Iterator[None]:
    """Make this the database of the steps."""
    outer = os.environ.get("NAUTOBOT_DB_NAME", "")
    os.environ["NAUTOBOT_DB_NAME"] = name
    try:
        yield
    finally:
        os.environ["NAUTOBOT_DB_NAME"] = outer


def read_from(server: ImapServer) -> None:
    """Make this mail server the only source of the steps, with all messages of each sender."""
    source = {
        "name": "Mail",
        "url": f"imaps://{server.host}:{server.tls_port}",
        "account": server.username,
        "secret": server.password,
        "ca_file": str(server.ca_file),
        "attach_all_providers": True,
    }
    config = {"notification_sources": [source], "raw_notification_initial_days_since": CENTURY}
    os.environ["NCM_PLUGIN_CONFIG"] = json.dumps(config)


def start(module: str, *words: str) -> "subprocess.Popen[str]":
    """Start a step with pipes as its standard input and output."""
    return subprocess.Popen(  # nosec B603 # our own module
        [sys.executable, "-m", f"development.{module}", *words],
        cwd=embedded.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def run(module: str, *words: str) -> dict[str, Any]:
    """Run a step and return what it measured."""
    with start(module, *words) as process:
        return result_of(process)


def result_of(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Wait for a step and return what it measured; raise ServiceError if it failed."""
    output, _ = process.communicate()
    if process.returncode:
        raise embedded.ServiceError("A step of the benchmark failed; the reason is above.")
    return dict(json.loads(output)) if output.strip() else {}


def pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    """Return the pipes of a step."""
    if process.stdin is None or process.stdout is None:
        raise embedded.ServiceError("A step was started without pipes.")
    return process.stdin, process.stdout
