"""Nautobot's configuration for `invoke chaos`: nobody waits half a minute for a mail server that says nothing.

Chunks are small, so that eight processes find work at the same time, and about the same maintenances.
"""

import os
from typing import Any

from celery.signals import worker_process_init

# pylint: disable=wildcard-import,unused-wildcard-import  # how Nautobot's settings are extended
from development.chaos.proxy import ANSWER_SECONDS
from development.nautobot_config import *  # noqa: F401,F403 - see above

CELERY_TASK_SOFT_TIME_LIMIT = int(os.environ.get("NCM_CHAOS_SECONDS", "60"))
CELERY_TASK_TIME_LIMIT = CELERY_TASK_SOFT_TIME_LIMIT + 30
CHUNK = 4
"""Notifications that are digested in one transaction at most."""


@worker_process_init.connect
def hurry(**_kwargs: Any) -> None:
    """Shorten time limits and chunks in each process that runs tasks, lead it to chaos's own Gmail, name its sessions.

    Without repetitions every fault of HTTP ends a run: what the next one makes of it is what counts.
    """
    # pylint: disable=import-outside-toplevel  # they need settings
    from nautobot_circuit_maintenance.mailboxes.gmail.mailbox import GmailMailbox
    from nautobot_circuit_maintenance.mailboxes.imap.mailbox import ImapMailbox
    from nautobot_circuit_maintenance.pipeline import queue

    ImapMailbox.timeout = GmailMailbox.timeout = ANSWER_SECONDS
    GmailMailbox.api_endpoint, GmailMailbox.retries = os.environ["NCM_CHAOS_GMAIL"], 0
    queue.CHUNK = CHUNK
    # libpq's: by it a fault finds the session of the database that belongs to a process.
    os.environ["PGAPPNAME"] = f"{os.environ['PGAPPNAME']}/{os.getpid()}"
