"""The mailbox types, by what selects them in a source's URL."""

from contextlib import AbstractContextManager
from importlib import import_module

from nautobot_circuit_maintenance.app_settings import SourceSettings
from nautobot_circuit_maintenance.inbound.mailboxes.base import Mailbox

MAILBOX_TYPES = {
    "imap": "nautobot_circuit_maintenance.inbound.mailboxes.imap.ImapMailbox",
    "gmail": "nautobot_circuit_maintenance.inbound.mailboxes.gmail.GmailMailbox",
}
"""Kind of source -> class, imported on first use: an SDK that nobody uses is never loaded."""


def open_mailbox(settings: SourceSettings, *, max_message_size: int) -> AbstractContextManager[Mailbox]:
    """Open the mailbox of a source; raises MailboxError."""
    module, _, name = MAILBOX_TYPES[settings.kind].rpartition(".")
    mailbox_type: type[Mailbox] = getattr(import_module(module), name)
    return mailbox_type.open(settings, max_message_size=max_message_size)
