"""CPU of a start of Nautobot with the app and without, alternately: loading settings, apps and URLs."""

import os
import statistics
import subprocess  # nosec B404 # a start is a process
import sys

from development.services import embedded

PAIRS = 7
_START = """
import os, sys
sys.stdout = sys.stderr
import nautobot
nautobot.setup()
from django.urls import get_resolver
get_resolver().url_patterns
spent = os.times()
os.write(1, str(spent.user + spent.system).encode())
"""


def run() -> dict[str, float]:
    """Return the medians of some pairs of starts, in milliseconds; the first pair compiles and is not counted."""
    pairs = [(_start(core_only="1"), _start(core_only="")) for _ in range(PAIRS + 1)][1:]
    core = statistics.median(core for core, _ in pairs)
    more = statistics.median(app - core for core, app in pairs)
    return {"Nautobot alone, CPU ms": core, "more with the app, CPU ms": more}


def _start(core_only: str) -> float:
    done = subprocess.run(  # nosec B603 # our own words
        [sys.executable, "-c", _START],
        cwd=embedded.ROOT,
        env={**os.environ, "NCM_CORE_ONLY": core_only, "NAUTOBOT_DB_NAME": "postgres"},
        capture_output=True,
        check=True,
    )
    return 1000 * float(done.stdout)
