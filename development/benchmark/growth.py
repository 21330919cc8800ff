"""Every request of the app with years of history: 200,000 maintenances, 600,000 notifications, 1,000,000 impacts.

Run by `development.benchmark --only growth` in its own process. The figures are of the requests that are over budget, of the
most expensive ones and of the dashboard, in milliseconds, as JSON on standard output.
"""

import argparse
import json
import logging
import sys
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any, NamedTuple

import nautobot

from development.benchmark import steps
from development.benchmark.pages import timed
from development.services import database
from development.services.database import say

MAINTENANCES = 200_000
FIRST = 2_000
"""Maintenances that are made one by one; the others are copies of them."""
POSTGRES, PYTHON = 500, 400
"""The budget of a request."""
WORST = 15
CLEAR = 0.8
"""A request within this share of its budget is measured once: another try could only be better."""
HOPELESS = 3_000
"""So is a request this slow."""


class Cost(NamedTuple):
    """The CPU of a request in milliseconds."""

    python: float
    postgres: float

    def is_within(self, share: float = 1) -> bool:
        """Return whether it is within this share of the budget."""
        return self.postgres <= share * POSTGRES and self.python <= share * PYTHON


def run(seed: int, maintenances: int = MAINTENANCES) -> dict[str, float]:
    """Measure on a separate database; return the figures."""
    with steps.cloned_database(filled(seed, maintenances)):
        return steps.run("benchmark.growth", "--seed", str(seed), "--maintenances", str(maintenances))


def filled(seed: int, maintenances: int) -> str:
    """Return the name of a database with the history, which is kept for the day, unless the app's migrations change."""
    today = f"{datetime.now(timezone.utc):%Y%m%d}"
    name = f"ncm_growth_{maintenances}_{seed}_{today}{database.app_fingerprint()}"
    with database.server_connection() as server:
        if not database.exists(server, name):
            database.clone_template(name + database.UNFINISHED)
            with steps.named(name + database.UNFINISHED):
                steps.run("benchmark.growth", "--seed", str(seed), "--maintenances", str(maintenances), "--fill")
            database.finish(server, name)
            database.drop_outdated(server, keep=name)
    return name


def main() -> None:
    """Fill the database, or measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--maintenances", type=int, required=True)
    parser.add_argument("--fill", action="store_true")
    options = parser.parse_args()
    nautobot.setup(str(steps.CONFIG))
    logging.disable(logging.WARNING)
    if options.fill:
        fill(options.maintenances, options.seed)
        return
    json.dump(dict(shown(costs())), sys.stdout)


def fill(maintenances: int, seed: int) -> None:
    """Create the history."""
    # pylint: disable=import-outside-toplevel  # import models
    from django.db import connection

    from development.benchmark import history, world

    first = min(FIRST, maintenances // 3)
    say(f"  Creating {maintenances:,} maintenances.")
    created = world.create_world(datetime.now(timezone.utc), seed)
    created.most_circuits, created.most_mails = 9, 5
    world.grow(created, first)
    history.multiply(maintenances // first - 1)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def costs() -> dict[str, Cost]:
    """Return what every request costs; the better of two where one try does not decide it."""
    # pylint: disable=import-outside-toplevel  # import models
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client

    from development.benchmark import walk

    client = Client(SERVER_NAME="localhost")
    client.force_login(get_user_model().objects.create_superuser("benchmark"))
    backend = connection.connection.info.backend_pid
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")  # the CPU of other sessions is not read
    found: dict[str, Cost] = {}
    for number, request in enumerate(walk.requests()):
        tries = [measured(client, request, backend)]
        if not tries[0].is_within(CLEAR) and tries[0].postgres <= HOPELESS:
            tries.append(measured(client, request, backend))
        cost = found[request.name] = Cost(*(min(values) for values in zip(*tries)))
        if not cost.is_within():
            say(f"  {number} {request.name}: database {cost.postgres:.0f} ms, Python {cost.python:.0f} ms")
    return found


def measured(client: Any, request: Any, backend: int) -> Cost:
    """Send a request; end the run if it is refused."""

    def send() -> None:
        if request.query:
            response = client.post(request.url, {"query": request.query}, content_type="application/json")
        else:
            response = client.get(request.url, headers={"HX-Request": "true"} if request.is_htmx else {})
        if response.status_code != 200:
            raise SystemExit(f"{request.name} answers {response.status_code}.")

    python, postgres, _ = timed(send, backend)
    return Cost(1000 * python, 1000 * postgres)


def shown(found: dict[str, Cost]) -> Iterable[tuple[str, float]]:
    """Yield the figures: how many are over budget, and the most expensive requests."""
    over = [name for name, cost in found.items() if not cost.is_within()]
    yield "requests", len(found)
    yield f"over {POSTGRES} ms database or {PYTHON} ms Python", len(over)
    slowest = sorted(found, key=lambda name: found[name].postgres, reverse=True)[:WORST]
    busiest = sorted(found, key=lambda name: found[name].python, reverse=True)[:WORST]
    for name in dict.fromkeys(["dashboard", "home page", *over, *slowest, *busiest]):
        yield f"{name}: database CPU ms", found[name].postgres
        yield f"{name}: Python CPU ms", found[name].python


if __name__ == "__main__":
    main()
