"""The job on Dovecot with a hundred thousand messages: with nothing new, and with ten new ones.

Run by `development.benchmark`; needs Debian's package dovecot-imapd.
"""

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime, timezone

from development.benchmark import mails, steps
from development.benchmark.ingest import load_parser, metered, run_job
from development.services import quiet
from development.services.database import say
from development.services.dovecot import dovecot, fill

MODULE = "benchmark.poll"
MESSAGES = 100_000
NEW = 10
POLLS = 5


def unknown_mails(count: int) -> Iterator[bytes]:
    """Yield emails of senders who are not providers."""
    for number in range(count):
        head = f"From: P <p{number % 50}@elsewhere.example>\r\nMessage-ID: <{number}@x>\r\nSubject: {number}\r\n\r\n"
        yield f"{head}Dear customer\r\n".encode()


def run(seed: int) -> dict[str, float]:
    """Fill a mailbox, run the job, poll, deliver a few emails and run the job again; return the figures."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    with steps.cloned_database(), dovecot() as server:
        say(f"Filling Dovecot with {MESSAGES:,} messages.")
        fill(server, unknown_mails(MESSAGES))
        steps.read_from(server)
        steps.run("benchmark.ingest", "prepare", "bcop")
        say("Polling.")
        first, *polls = steps.run(MODULE, "--runs", str(POLLS + 1))["runs"]
        fill(server, [raw for raw, _ in mails.bcop_mails(NEW, seed, now)])
        new = steps.run(MODULE, "--runs", "1")["runs"][0]
    best = min(polls, key=lambda poll: poll["wall"])
    return {
        "first run: seconds": first["wall"],
        "nothing new: wall ms, best": 1000 * best["wall"],
        "nothing new: wall ms, worst": 1000 * max(poll["wall"] for poll in polls),
        "nothing new: our statements": best["ours"],
        f"{NEW} new: wall ms": 1000 * new["wall"],
    }


def main() -> None:
    """Run the job several times in this process, as a worker does."""
    # pylint: disable=import-outside-toplevel  # imports models
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # Nautobot is noisy while it starts
    quiet.setup(steps.CONFIG)
    from development.benchmark.meters import Meters

    load_parser()
    figures = []
    for _ in range(options.runs):
        meters = Meters()
        with metered(meters, None):
            run_job()
        figures.append({"wall": meters.phases["run"].wall, "ours": meters.phases["run"].ours})
    json.dump({"runs": figures}, sys.stdout)


if __name__ == "__main__":
    main()
