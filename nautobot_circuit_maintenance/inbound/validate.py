"""Tries whether a source can be read, without reading it."""

from nautobot_circuit_maintenance.app_settings import get_app_settings
from nautobot_circuit_maintenance.inbound.mailboxes import open_mailbox
from nautobot_circuit_maintenance.models import NotificationSource


def validate(source: NotificationSource) -> None:
    """Log in and open the folder as a run would; raises MailboxError with what is wrong and what to do."""
    settings = get_app_settings()
    with open_mailbox(settings.source(source.name), max_message_size=settings.max_message_size):
        pass
