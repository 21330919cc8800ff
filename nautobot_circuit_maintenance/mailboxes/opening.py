"""The way from a source to its open mailbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import Mailbox
from nautobot_circuit_maintenance.mailboxes.kinds import MAILBOX_KINDS
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings


@contextmanager
def open_mailbox(settings: SourceSettings, *, max_message_size: int) -> Iterator[Mailbox]:
    """Open the mailbox of a source; raises MailboxError, as reading it does, without the secret in its message."""
    module, _, name = MAILBOX_KINDS[settings.kind].mailbox.rpartition(".")
    mailbox_type: type[Mailbox] = getattr(import_module(module), name)
    try:
        settings.read_secrets()  # first: from here on, no error can contain one
        with mailbox_type.open(settings, max_message_size=max_message_size) as mailbox:
            yield mailbox
    except MailboxError as error:
        # A server may repeat the login at any time, and its answers are stored and shown.
        error.message = settings.redact(error.message)
        error.args = (error.code, error.message)
        raise


def library_of_consents() -> Any:
    """Return the module that asks for consent, with Google's library: for the web process that a user sends to Google."""
    return import_module("nautobot_circuit_maintenance.mailboxes.logins.consent")
