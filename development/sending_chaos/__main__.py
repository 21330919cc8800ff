"""Real faults while messages are sent, alerts silenced and circuits drained: what goes out in the end must be true, once.

Run by `invoke sending-chaos`; docs/dev/reliability.md describes the faults and the results.
"""

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from development.chaos.__main__ import show
from development.sending_chaos.hurry import hurry
from development.sending_chaos.services import servers
from development.services import embedded

if TYPE_CHECKING:  # these modules import models
    from development.sending_chaos.canceling import Canceling
    from development.sending_chaos.rounds import Chaos

FAULTS = 500
CANCELLATIONS = 20
MAINTENANCES = 6


def run(seed: int, wanted: int, cancellations: int) -> tuple[dict[str, Any], list[str]]:
    """Cancel both jobs so many times, then let `wanted` faults strike; return the results by heading, and what is wrong."""
    dice = Random(seed)  # nosec B311 # repeatable, not secret
    with servers() as running:
        # pylint: disable=import-outside-toplevel  # these modules import models
        from development.sending_chaos.canceling import Canceling
        from development.sending_chaos.faults import Faults
        from development.sending_chaos.rounds import Chaos
        from development.sending_chaos.world import World

        logging.disable(logging.WARNING)
        hurry()
        world = World(dice)
        canceling = Canceling(dice, running, world)
        canceling.poll(cancellations)
        world.create(MAINTENANCES)
        canceling.send(cancellations)
        chaos = Chaos(world, Faults(dice, running), running)
        chaos.run(wanted)
        return table(canceling, chaos), [*canceling.problems, *chaos.problems]


def table(canceling: "Canceling", chaos: "Chaos") -> dict[str, Any]:
    """Return the results by heading."""
    faults = chaos.faults
    return {
        "faults": dict(sorted(faults.struck.items())),
        "all faults": faults.struck.total(),
        "runs": faults.runs,
        "two or three runs at once": faults.together,
        "of these, with clocks that differ": faults.skewed,
        "jumps of the clock": chaos.world.jumps,
        "messages taken": len(chaos.servers.mail.received),
        "jobs begun before or after windows": sum(not line["is_over"] for line in chaos.servers.ledger.lines()),
        "of these, lost with their worker and found": chaos.lost_jobs(),
        "comparisons of the silences": chaos.checks,
        "cancelled": canceling.cancelled,
    }


def main() -> int:
    """Run chaos; return 1 if anything was lost, doubled or wrong, or did not end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=FAULTS)
    parser.add_argument("--cancellations", type=int, default=CANCELLATIONS)
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        rows, problems = run(options.seed, options.faults, options.cancellations)
    except embedded.ServiceError as error:
        sys.exit(str(error))
    except BlockingIOError:  # from the lock on chaos's state
        sys.exit("Chaos over sending is already running in this clone.")
    rows |= {"seconds": round(time.monotonic() - started), "problems": len(problems)}
    show(rows)
    print(*problems, sep="\n")
    if options.json:
        Path(options.json).write_text(json.dumps({**rows, "details": problems}, indent=2), "utf-8")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
