"""Tries whether a source can be read, without reading it."""

import logging
import traceback
from concurrent import futures

from nautobot_circuit_maintenance.app_settings import SourceSettings, get_app_settings
from nautobot_circuit_maintenance.inbound.errors import MailboxError
from nautobot_circuit_maintenance.inbound.mailboxes import open_mailbox
from nautobot_circuit_maintenance.models import NotificationSource

logger = logging.getLogger(__name__)

VALIDATION_SECONDS = 20
"""How long a web process waits: a server that says a word now and then would keep it for ever otherwise."""


def validate(source: NotificationSource) -> None:
    """Log in and open the folder as a run would; raises MailboxError with what is wrong and what to do."""
    settings = get_app_settings()
    # In a thread of its own, for a web process may have no main thread to interrupt; whatever time it takes, we go on.
    executor = futures.ThreadPoolExecutor(max_workers=1)
    attempt = executor.submit(_log_in, settings.source(source.name), settings.max_message_size)
    executor.shutdown(wait=False)
    if not futures.wait([attempt], VALIDATION_SECONDS).done:
        sentence = f"The mail server was too slow: no answer within {VALIDATION_SECONDS} seconds. The job waits longer; run it."
        raise MailboxError(sentence)
    error = attempt.exception()
    if isinstance(error, MailboxError):
        raise error
    if error:
        # As text: the error itself would take with it the variables of every call, the secret among them, into the
        # report that Django mails to administrators.
        logger.error("%s", settings.without_secrets("".join(traceback.format_exception(error))))
        raise MailboxError(settings.without_secrets(f"Unexpected {type(error).__name__}: {error}"))


def _log_in(settings: SourceSettings, max_message_size: int) -> None:
    with open_mailbox(settings, max_message_size=max_message_size):
        pass
