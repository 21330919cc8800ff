"""CPU of a start of Nautobot with the app and without, alternately: loading settings, apps and URLs.

Garbage collection is off: whether one more full collection (a quarter of a second, of what core has loaded) falls into
the start is decided by a few thousand objects more or less. A second figure has it as it comes.
"""

import os
import subprocess  # nosec B404 # a start is a process
import sys
import tempfile

from development.services import embedded

PAIRS = 7
_START = """
import gc, os, sys
if os.environ["NCM_COLLECT"] == "":
    gc.disable()
sys.stdout = sys.stderr
import nautobot
nautobot.setup()
from django.urls import get_resolver
get_resolver().url_patterns
spent = os.times()
os.write(1, str(spent.user + spent.system).encode())
"""


def run() -> dict[str, float]:
    """Return the least of some starts, in milliseconds; the first pair compiles and is not counted."""
    with tempfile.TemporaryDirectory() as bytecode:
        core, app = _least(bytecode, collect="")
        collecting_core, collecting_app = _least(bytecode, collect="1")
    return {
        "Nautobot alone, CPU ms": core,
        "more with the app, CPU ms": app - core,
        "more with the app and garbage collection, CPU ms": collecting_app - collecting_core,
    }


def _least(bytecode: str, collect: str) -> tuple[float, float]:
    """Return the least CPU of a start without the app, and with it."""
    starts = [(_start(bytecode, "1", collect), _start(bytecode, "", collect)) for _ in range(PAIRS + 1)][1:]
    return min(core for core, _ in starts), min(app for _, app in starts)


def _start(bytecode: str, core_only: str, collect: str) -> float:
    environment = {
        "NCM_CORE_ONLY": core_only,
        "NCM_COLLECT": collect,
        "NAUTOBOT_DB_NAME": "postgres",
        # An installed app is compiled, also where the shell forbids Python to write bytecode.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": bytecode,
    }
    done = subprocess.run(  # nosec B603 # our own words
        [sys.executable, "-c", _START],
        cwd=embedded.ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        check=True,
    )
    return 1000 * float(done.stdout)
