"""Nautobot's configuration for `invoke chaos`: short time-outs, so that a silent mail server costs seconds.

Chunks are small, so that eight processes work at the same time, on the same maintenances.
"""

import os
from functools import partial
from typing import Any

from celery.signals import worker_process_init

# pylint: disable=wildcard-import,unused-wildcard-import  # how Nautobot's settings are extended
from development.chaos.proxy import ANSWER_SECONDS
from development.nautobot_config import *  # noqa: F401,F403 - see above

CELERY_TASK_SOFT_TIME_LIMIT = int(os.environ.get("NCM_CHAOS_SECONDS", "60"))
CELERY_TASK_TIME_LIMIT = CELERY_TASK_SOFT_TIME_LIMIT + 30
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True  # noqa: F405 - pgbouncer is between workers and PostgreSQL
CHUNK = 4
"""Most notifications that are digested in one transaction."""
SLOW_SECONDS = 1.0
"""Working time after which a provider goes behind the others; runs are short here."""


@worker_process_init.connect
def hurry(**_kwargs: Any) -> None:
    """Shorten time limits and chunks in each process that runs tasks, use chaos's Gmail server, name database sessions.

    Without retries every HTTP fault ends a run, so that the next run has to recover.
    """
    # pylint: disable=import-outside-toplevel  # they need settings
    from nautobot_circuit_maintenance.mailboxes.gmail.mailbox import GmailMailbox
    from nautobot_circuit_maintenance.mailboxes.graph.mailbox import GraphMailbox
    from nautobot_circuit_maintenance.mailboxes.graph.session import GraphSession
    from nautobot_circuit_maintenance.mailboxes.imap.mailbox import ImapMailbox
    from nautobot_circuit_maintenance.pipeline import queue, turns

    ImapMailbox.timeout = GmailMailbox.timeout = GraphMailbox.timeout = ANSWER_SECONDS
    GraphMailbox.session_type = partial(GraphSession, waits=0)
    GmailMailbox.api_endpoint, GmailMailbox.retries = os.environ["NCM_CHAOS_GMAIL"], 0
    queue.CHUNK = CHUNK
    turns.SLOW_SECONDS = SLOW_SECONDS
    # From libpq: a fault finds the database session of a process by it.
    os.environ["PGAPPNAME"] = f"{os.environ['PGAPPNAME']}/{os.getpid()}"
