"""The mailbox types: by which URL a source names one, what it must say, and the class that reads it."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import SplitResult

GMAIL_HOST = "accounts.google.com"


class MailboxKind(NamedTuple):
    """What the app has to know about a mailbox type before it reads a mailbox of it."""

    mailbox: str
    """Dotted name of its class, imported on first use: an SDK that nobody uses is never loaded."""
    example: str
    """What to write as 'url', for the sentence about one that no type reads."""
    reads: Callable[[SplitResult], bool]
    """Whether a URL, split by ``urlsplit``, is one of this type's; a URL belongs to one type at most."""
    required: tuple[str, ...] = ()
    """Keys that a source has to have besides 'name' and 'url'."""
    has_tls_settings: bool = False
    """Whether 'tls' and 'starttls' say how to connect: the page shows port and encryption, the check warns of none."""


MAILBOX_KINDS = {
    "imap": MailboxKind(
        mailbox="nautobot_circuit_maintenance.mailboxes.imap.mailbox.ImapMailbox",
        example="imap://host:port, imaps://host:port",
        reads=lambda url: url.scheme in ("imap", "imaps") and bool(url.hostname),
        required=("account", "secret"),
        has_tls_settings=True,
    ),
    "gmail": MailboxKind(
        mailbox="nautobot_circuit_maintenance.mailboxes.gmail.mailbox.GmailMailbox",
        example=f"https://{GMAIL_HOST} for Gmail",
        reads=lambda url: (url.scheme, url.hostname) == ("https", GMAIL_HOST),
        required=("account", "credentials_file"),
    ),
}
"""Kind of source -> what there is to know about it. A new type is one more entry; see docs/dev/mailbox-type.md."""
