"""Nautobot's configuration for `invoke chaos`: nobody waits half a minute for a mail server that says nothing."""

import os
from typing import Any

from celery.signals import worker_process_init

# pylint: disable=wildcard-import,unused-wildcard-import  # how Nautobot's settings are extended
from development.chaos_proxy import ANSWER_SECONDS
from development.nautobot_config import *  # noqa: F401,F403 - see above

CELERY_TASK_SOFT_TIME_LIMIT = int(os.environ.get("NCM_CHAOS_SECONDS", "60"))
CELERY_TASK_TIME_LIMIT = CELERY_TASK_SOFT_TIME_LIMIT + 30


@worker_process_init.connect
def hurry(**_kwargs: Any) -> None:
    """Shorten the time limit of the mailbox in each process that runs tasks."""
    # pylint: disable-next=import-outside-toplevel  # needs settings
    from nautobot_circuit_maintenance.inbound.mailboxes.imap import ImapMailbox

    ImapMailbox.timeout = ANSWER_SECONDS
