"""Tries whether a source can be read, without reading it."""

import threading
from concurrent import futures

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.opening import open_mailbox
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings
from nautobot_circuit_maintenance.models import NotificationSource
from nautobot_circuit_maintenance.pipeline import defects

VALIDATION_SECONDS = 20
"""How long a web process waits: a server that says a word now and then would keep it for ever otherwise."""


def validate(source: NotificationSource) -> None:
    """Log in and open the folder as a run would; raises MailboxError with what is wrong and what to do."""
    settings = get_app_settings()
    attempt: futures.Future[None] = futures.Future()
    arguments = (settings.source(source.name), settings.max_message_size, attempt)
    # In a thread of its own, for a web process may have no main thread to interrupt; whatever time it takes, we go on.
    # A daemon: Python lets no process end before its other threads, those of an executor among them.
    threading.Thread(target=_log_in, args=arguments, daemon=True).start()
    if not futures.wait([attempt], VALIDATION_SECONDS).done:
        sentence = f"The mail server did not answer within {VALIDATION_SECONDS} seconds. The job allows more time; try running it."
        raise MailboxError("MAILBOX-03", sentence)
    attempt.result()


def _log_in(settings: SourceSettings, max_message_size: int, attempt: "futures.Future[None]") -> None:
    """Let whoever waits know how it went."""
    try:
        with open_mailbox(settings, max_message_size=max_message_size):
            pass
    except MailboxError as error:  # open_mailbox
        attempt.set_exception(error)
    except Exception as error:  # pylint: disable=broad-exception-caught  # or the reason would be lost in this thread
        attempt.set_exception(
            MailboxError(
                "MAILBOX-04", defects.log_and_describe(f"Validating source {settings.name}", error, settings.redact)
            )
        )
    else:
        attempt.set_result(None)
