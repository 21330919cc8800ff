"""The way from a source to its open mailbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import Mailbox
from nautobot_circuit_maintenance.mailboxes.kinds import MAILBOX_KINDS
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings
from nautobot_circuit_maintenance.mailboxes.tagging import Tagger


@contextmanager
def open_mailbox(settings: SourceSettings, *, max_message_size: int) -> Iterator[Mailbox]:
    """Open the mailbox of a source; raises MailboxError, as reading it does, without the secret in its message."""
    with _redacted(settings):
        mailbox_type: type[Mailbox] = _imported(MAILBOX_KINDS[settings.kind].mailbox)
        with mailbox_type.open(settings, max_message_size=max_message_size) as mailbox:
            yield mailbox


@contextmanager
def open_tagger(settings: SourceSettings) -> Iterator[Tagger]:
    """Open what changes tags in the mailbox of a source; raises MailboxError, as ``open_mailbox`` does."""
    with _redacted(settings):
        tagger_type: type[Tagger] = _imported(MAILBOX_KINDS[settings.kind].tagger)
        with tagger_type.open(settings) as tagger:
            yield tagger


@contextmanager
def _redacted(settings: SourceSettings) -> Iterator[None]:
    """Read the secrets of a source, and take them out of every error of the block."""
    try:
        settings.read_secrets()  # first: from here on, no error can contain one
        yield
    except MailboxError as error:
        error.message = settings.redact(error.message)
        error.args = (error.code, error.message)
        raise


def _imported(name: str) -> Any:
    """Return a class by its dotted name."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


def library_of_consents() -> Any:
    """Return the module that asks for consent, with Google's library: for the web process that a user sends to Google."""
    return import_module("nautobot_circuit_maintenance.mailboxes.logins.consent")
