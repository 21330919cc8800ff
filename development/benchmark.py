"""How long the pages take with 1,000, 10,000 and 50,000 maintenances, on the embedded services.

Prints for each page the queries, and the CPU of Python, the CPU of PostgreSQL and the wall time of the best of five
requests, in milliseconds. The data is the same for the same seed. Run by `invoke benchmark`.
"""

import argparse
import logging
import os
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import nautobot

from development import database, services
from development.database import say

DATABASE = "ncm_benchmark"
CONFIG = Path(__file__).with_name("nautobot_config.py")
SIZES = (1_000, 10_000, 50_000)
ROUNDS = 5


@dataclass(frozen=True)
class Cost:
    """What a request took: queries, and milliseconds."""

    queries: int
    python: float
    postgres: float
    wall: float


def main() -> None:
    """Fill a fresh database step by step, and measure at each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of maintenances, ascending")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other data")
    options = parser.parse_args()
    with ExitStack() as stack:
        os.environ.update(stack.enter_context(services.postgres()), NAUTOBOT_CONFIG=str(CONFIG))
        os.environ.update(stack.enter_context(services.redis()))
        os.environ["NAUTOBOT_DB_NAME"] = DATABASE
        template = database.template()
        with database.server_connection() as server:
            database.clone(server, DATABASE, source=template)
        nautobot.setup(str(CONFIG))
        try:
            run([int(size) for size in options.sizes.split(",")], options.seed)
        finally:
            with database.server_connection() as server:
                database.drop(server, DATABASE)


def run(sizes: Iterable[int], seed: int) -> None:
    """Print the table."""
    # pylint: disable=import-outside-toplevel  # import models
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client

    from development import benchmark_world

    logging.disable(logging.WARNING)  # Nautobot tells a lot while it starts
    world = benchmark_world.create_world(datetime.now(timezone.utc), seed)
    client = Client(SERVER_NAME="localhost")
    client.force_login(get_user_model().objects.create_superuser("benchmark"))
    print(f"{'maintenances':>12}  {'page':<24} {'queries':>7} {'Python':>8} {'Postgres':>8} {'wall':>8}  (ms)")
    for size in sizes:
        say(f"Creating maintenances up to {size}.")
        benchmark_world.grow(world, size)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        for page, request in pages(client).items():
            cost = measure(request)
            print(
                f"{size:>12,}  {page:<24} {cost.queries:>7} {cost.python:>8.0f} {cost.postgres:>8.0f} {cost.wall:>8.0f}",
                flush=True,
            )


def pages(client: Any) -> dict[str, Callable[[], Any]]:
    """Return the requests to measure, by name."""
    # pylint: disable=import-outside-toplevel  # import models
    from django.urls import reverse
    from nautobot.circuits.models import Circuit, Provider
    from nautobot.dcim.models import Device, Location

    from nautobot_circuit_maintenance.models import CircuitMaintenance

    route = "plugins:nautobot_circuit_maintenance:{}"
    maintenance = CircuitMaintenance.objects.order_by("name").first()
    api = reverse("plugins-api:nautobot_circuit_maintenance-api:circuitmaintenance-list")
    listed = reverse(route.format("circuitmaintenance_list"))
    urls = {
        "dashboard": reverse(route.format("dashboard")),
        "maintenance list (HTMX)": listed,
        "list, in progress (HTMX)": f"{listed}?active=True",
        "list, search (HTMX)": f"{listed}?q=C-00042",
        "detail page": maintenance.get_absolute_url(),
        "REST list": f"{api}?limit=50",
        "home page": reverse("home"),
        **{
            f"{model.__name__.lower()} page": model.objects.filter(**{f"{key}__isnull": False})
            .first()
            .get_absolute_url()
            for model, key in (
                (Circuit, "maintenance_impacts"),
                (Provider, "circuit_maintenances"),
                (Location, "circuit_terminations"),
                (Device, "interfaces"),
            )
        },
    }
    return {page: _request(client, url, is_htmx="HTMX" in page) for page, url in urls.items()}


def _request(client: Any, url: str, *, is_htmx: bool) -> Callable[[], Any]:
    """Return what asks for a page."""
    headers = {"HX-Request": "true"} if is_htmx else {}
    return lambda: client.get(url, headers=headers)


def measure(request: Callable[[], Any]) -> Cost:
    """Ask once to warm up and once to count the queries, then measure."""
    # pylint: disable=import-outside-toplevel  # import settings
    from django.db import connection

    response = request()
    if response.status_code != 200:
        raise SystemExit(f"{response.request['PATH_INFO']} answers {response.status_code}.")
    queries: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        queries.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        request()
    backend = connection.connection.info.backend_pid
    costs = [_timed(request, backend) for _ in range(ROUNDS)]
    return Cost(len(queries), *(1000 * min(column) for column in zip(*costs)))


def _timed(request: Callable[[], Any], backend: int) -> tuple[float, float, float]:
    """Return the seconds of CPU in this process and in the database's, and those on the clock."""
    before = time.process_time(), _cpu_of(backend), time.monotonic()
    request()
    after = time.process_time(), _cpu_of(backend), time.monotonic()
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


def _cpu_of(process: int) -> float:
    """Return the CPU seconds of a process of this machine; 0 where the system does not tell."""
    try:
        words = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:  # no such process here: PostgreSQL runs elsewhere, or this is no Linux
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
