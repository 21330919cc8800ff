"""Processes that run the job which sends, at any time of the clock; they can be killed."""

import logging
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

from django.db import connections

from nautobot_circuit_maintenance.outbound.channels.configured import MessageChannels
from nautobot_circuit_maintenance.outbound.run import send_updates

SECONDS = 120
"""After which a run has no end."""
KILLED = -9


def start(now: datetime) -> BaseProcess:
    """Start a run whose clock stands at this time."""
    connections.close_all()  # a connection that two processes share is none
    process = get_context("fork").Process(target=_send, args=(now,))
    process.start()
    return process


def end(process: BaseProcess) -> str:
    """Wait for a run; return what is wrong with how it ended, unless it was killed."""
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
        return f"a run did not end within {SECONDS} s"
    return "" if process.exitcode in (0, KILLED) else f"a run ended with {process.exitcode}"


def _send(now: datetime) -> None:
    logging.disable(logging.WARNING)
    report = send_updates(MessageChannels.configured(), lambda: now, lambda: True)
    if report.errors:
        raise RuntimeError("; ".join(report.errors))
