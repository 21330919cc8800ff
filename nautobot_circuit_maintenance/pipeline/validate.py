"""Tests the connection to a source without reading it."""

import threading
from concurrent import futures

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings
from nautobot_circuit_maintenance.models import NotificationSource
from nautobot_circuit_maintenance.pipeline import defects

VALIDATION_SECONDS = 20
"""How long a web process waits; a server that sends a byte now and then would block it forever."""


def validate(source: NotificationSource) -> None:
    """Log in and open the folder as a run would, also for tags; raises MailboxError with the problem and what to do."""
    app_settings = get_app_settings()
    settings = app_settings.source(source.name)
    settings.read_secrets()  # here: a connection to the database belongs to its thread
    attempt: futures.Future[None] = futures.Future()
    arguments = (settings, app_settings.max_message_size, attempt)
    # In a separate thread, because a web process may have no main thread to interrupt. A daemon thread, because Python
    # waits for all others (those of an executor included) before it exits.
    threading.Thread(target=_log_in, args=arguments, daemon=True).start()
    if not futures.wait([attempt], VALIDATION_SECONDS).done:
        sentence = f"The mail server did not answer within {VALIDATION_SECONDS} seconds. The job allows more time; try running it."
        raise MailboxError("MAILBOX-03", sentence)
    attempt.result()


def _log_in(settings: SourceSettings, max_message_size: int, attempt: "futures.Future[None]") -> None:
    """Set the result of the attempt."""
    # pylint: disable-next=import-outside-toplevel  # web processes load it when someone tests a connection
    from nautobot_circuit_maintenance.mailboxes.opening import open_mailbox, open_tagger

    try:
        with open_mailbox(settings, max_message_size=max_message_size) as mailbox:
            mailbox.check()
        if settings.tags:
            with open_tagger(settings) as tagger:
                tagger.check()
    except MailboxError as error:  # open_mailbox, mailbox.check, open_tagger, tagger.check
        attempt.set_exception(error)
    except Exception as error:  # pylint: disable=broad-exception-caught  # or the reason would be lost in this thread
        attempt.set_exception(
            MailboxError(
                "MAILBOX-04", defects.log_and_describe(f"Validating source {settings.name}", error, settings.redact)
            )
        )
    else:
        attempt.set_result(None)
