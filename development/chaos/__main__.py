"""Real faults during real work, then a normal run: it must leave the rows that an undisturbed run leaves.

Run by `invoke chaos`; docs/dev/reliability.md describes the faults and the results.
"""

import argparse
import fcntl
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import nautobot

from development.chaos import services
from development.services import embedded
from development.services.database import say
from development.services.pgbouncer import pgbouncer

if TYPE_CHECKING:  # these modules import models
    from development.chaos.faults import Faults
    from development.chaos.rounds import Figures

CONFIG = Path(__file__).with_name("config.py")
FAULTS = 500
FAULTS_PER_ROUND = 50
BACKLOG_PER_WORKER = 4
"""New notifications per additional worker process; few, so that all processes work at once."""
CENTURY = 36_500
"""Days of older email to read: the dates of the emails are fixed, and may be long ago."""


def kinds(only: str) -> dict[str, int]:
    """Return the weight of each kind of fault, or of those whose names start with one of these words."""
    from development.chaos.faults import WEIGHTS  # pylint: disable=import-outside-toplevel  # imports models

    words = tuple(word.strip() for word in only.split(",") if word.strip())
    chosen = {name: weight for name, weight in WEIGHTS.items() if not words or name.startswith(words)}
    if not chosen:
        sys.exit(f"No kind of fault starts with {only}. The kinds are: {', '.join(WEIGHTS)}.")
    return chosen


@contextmanager
def environment(dice: Random) -> Iterator[tuple[Any, Any]]:
    """Start the services, set up Django and create the data; yield the faults and the mailboxes."""
    with ExitStack() as stack:
        lock = embedded.state_folder("chaos") / "chaos.lock"
        stack.enter_context(embedded.locked(lock, fcntl.LOCK_EX | fcntl.LOCK_NB))
        postgres = stack.enter_context(services.postgres())
        bouncer = stack.enter_context(pgbouncer(postgres.sockets))
        redis = stack.enter_context(services.redis())
        os.environ.update({**postgres.env, **redis.env, "NAUTOBOT_CONFIG": str(CONFIG)})
        # Imports Nautobot's settings, which read those variables.
        from development.chaos.mailboxes import mailboxes  # pylint: disable=import-outside-toplevel  # see above

        mailbox, proxies, sources = stack.enter_context(mailboxes(dice))
        config = {
            "notification_sources": sources,
            "backlog_per_worker": BACKLOG_PER_WORKER,
            "raw_notification_initial_days_since": CENTURY,
        }
        os.environ["NCM_PLUGIN_CONFIG"] = json.dumps(config)
        logging.disable(logging.WARNING)  # Nautobot is noisy while it starts
        nautobot.setup(str(CONFIG))
        from development.chaos import faults, refusals, world  # pylint: disable=import-outside-toplevel  # needs apps

        world.create_world()
        refusals.install()
        workers = stack.enter_context(services.workers(bouncer.env))
        yield faults.Faults(dice, postgres, bouncer, redis, workers, proxies, mailbox.logins), mailbox


def run(seed: int, wanted: int, only: str) -> "tuple[Faults, Figures]":
    """Let `wanted` faults strike; return them and the figures."""
    dice = Random(seed)  # nosec B311 # repeatable, not secret
    with environment(dice) as (faults, mailbox):
        from development.chaos.rounds import Figures, Round  # pylint: disable=import-outside-toplevel  # imports models

        figures, chosen, struck = Figures(), kinds(only), 0
        while struck < wanted:
            this_round = Round(faults, mailbox, dice, figures, chosen)
            struck += this_round.run(seed * 1_000 + figures.rounds, min(FAULTS_PER_ROUND, wanted - struck))
            say(f"{struck} of {wanted} faults, {faults.runs} runs, {figures.failures} failures")
        Round(faults, mailbox, dice, figures, chosen).meet_flood(seed)
        return faults, figures


def table(faults: "Faults", figures: "Figures", seconds: float) -> dict[str, Any]:
    """Return the results by heading."""
    return {
        "faults": dict(sorted(faults.struck.items())),
        "killed while": dict(sorted(faults.phases.items())),
        "all faults": faults.struck.total(),
        "commands of IMAP": dict(sorted(faults.proxy.commands.items())),
        "requests of Gmail and Graph": dict(sorted(faults.proxy.requests.items())),
        "rounds": figures.rounds,
        "runs": faults.runs,
        "messages": figures.messages,
        "set aside after three kills, digested later": figures.set_aside,
        "workers that Celery left stuck": figures.revived,
        "runs until email behind a flood was read": figures.runs_in_flood,
        "longest normal run, s": round(figures.longest, 1),
        "seconds": round(seconds),
        "lost": figures.verdict.lost,
        "doubled": figures.verdict.doubled,
        "wrong final states": figures.verdict.wrong,
        "set aside without cause": figures.unjustly_set_aside,
        "runs without an end": figures.hung,
    }


def show(rows: dict[str, Any]) -> None:
    """Print the results."""
    for name, value in rows.items():
        if isinstance(value, dict):
            print(name)
            for kind, count in value.items():
                print(f"  {kind:<44}{count:>8}")
        else:
            print(f"{name:<46}{value:>8}")


def main() -> int:
    """Run chaos; return 1 if anything was lost, doubled or wrong, or did not end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=FAULTS)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        faults, figures = run(options.seed, options.faults, options.only)
    except embedded.ServiceError as error:
        sys.exit(str(error))
    except BlockingIOError:  # from the lock on chaos's state
        sys.exit("Chaos is already running in this clone.")
    rows = table(faults, figures, time.monotonic() - started)
    show(rows)
    if options.json:
        Path(options.json).write_text(json.dumps({**rows, "details": figures.verdict.details}, indent=2), "utf-8")
    return 1 if figures.failures else 0


if __name__ == "__main__":
    sys.exit(main())
