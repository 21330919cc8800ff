"""The cost of pages with a growing number of maintenances; run by `development.benchmark` in its own process.

Writes for each page the queries, and CPU of Python, CPU of PostgreSQL and wall time of the best of five requests,
in milliseconds, as JSON on standard output.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from development.benchmark import steps
from development.services import quiet
from development.services.database import say

ROUNDS = 5


@dataclass(frozen=True)
class Cost:
    """The cost of a request: queries, and milliseconds."""

    queries: int
    python: float
    postgres: float
    wall: float


def run(sizes: str, seed: int) -> dict[str, float]:
    """Measure on a separate database; return the figures."""
    with steps.cloned_database():
        return steps.run("benchmark.pages", "--sizes", sizes, "--seed", str(seed))


def main() -> None:
    """Fill the database in steps, and measure at each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    quiet.setup(steps.CONFIG)
    json.dump(figures_of([int(size) for size in options.sizes.split(",")], options.seed), sys.stdout)


def figures_of(sizes: Iterable[int], seed: int, rounds: int = ROUNDS) -> dict[str, float]:
    """Return the figures of every page at every size."""
    # pylint: disable=import-outside-toplevel  # import models
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client

    from development.benchmark import outputs, world as worlds

    logging.disable(logging.WARNING)  # Nautobot is noisy while it starts
    world = worlds.create_world(datetime.now(timezone.utc), seed)
    client = Client(SERVER_NAME="localhost")
    user = get_user_model().objects.create_superuser("benchmark")
    client.force_login(user)
    figures: dict[str, float] = {}
    for size in sizes:
        say(f"  Creating maintenances up to {size:,}.")
        worlds.grow(world, size)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        measured = {**pages(client), **outputs.panels(user), "CSV of all": outputs.csv(client)}
        for page, request in measured.items():
            cost = measure(request, rounds)
            figures[f"{size:,} {page}: queries"] = cost.queries
            figures[f"{size:,} {page}: Python CPU ms"] = cost.python
            figures[f"{size:,} {page}: database CPU ms"] = cost.postgres
            figures[f"{size:,} {page}: wall ms"] = cost.wall
        others = {**outputs.csv_figures(client), **outputs.bulk_edit_figures(user)}
        figures |= {f"{size:,} {name}": value for name, value in others.items()}
    return figures


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
    circuits = reverse("circuits-api:circuit-list")
    listed = reverse(route.format("circuitmaintenance_list"))
    urls = {
        "dashboard": reverse(route.format("dashboard")),
        "maintenance list (HTMX)": listed,
        "list, in progress (HTMX)": f"{listed}?active=True",
        "list, search (HTMX)": f"{listed}?q=C-00042",
        "detail page": maintenance.get_absolute_url(),
        "notifications (HTMX)": reverse(route.format("notification_list")),
        "REST list": f"{api}?limit=50",
        "REST list, depth 1": f"{api}?limit=50&depth=1",
        "core: devices (HTMX)": reverse("dcim:device_list"),
        "core: REST circuits": f"{circuits}?limit=50",
        "core: REST circuits, depth 1": f"{circuits}?limit=50&depth=1",
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
    """Return a function that requests a page."""
    headers = {"HX-Request": "true"} if is_htmx else {}
    return lambda: client.get(url, headers=headers)


def measure(request: Callable[[], Any], rounds: int) -> Cost:
    """Request once to warm up and once to count the queries, then measure."""
    # pylint: disable=import-outside-toplevel  # import settings
    from django.db import connection

    response = request()
    if getattr(response, "status_code", 200) != 200:
        raise SystemExit(f"{response.request['PATH_INFO']} answers {response.status_code}.")
    queries: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        queries.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        request()
    backend = connection.connection.info.backend_pid
    costs = [timed(request, backend) for _ in range(rounds)]
    return Cost(len(queries), *(1000 * min(column) for column in zip(*costs)))


def timed(request: Callable[[], Any], backend: int) -> tuple[float, float, float]:
    """Return the CPU seconds of this process and of the database, and the wall time."""
    from development.benchmark.meters import cpu_of  # pylint: disable=import-outside-toplevel  # needs settings

    before = time.process_time(), cpu_of(backend), time.monotonic()
    request()
    after = time.process_time(), cpu_of(backend), time.monotonic()
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


if __name__ == "__main__":
    main()
