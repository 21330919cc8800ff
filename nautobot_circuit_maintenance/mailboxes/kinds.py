"""The mailbox kinds: the settings of each, and the class that reads it."""

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from nautobot_circuit_maintenance.mailboxes.directory.settings import DirectorySettings
from nautobot_circuit_maintenance.mailboxes.gmail.settings import GmailSettings
from nautobot_circuit_maintenance.mailboxes.graph.settings import GraphSettings
from nautobot_circuit_maintenance.mailboxes.imap.settings import ImapSettings
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings


class MailboxKind(NamedTuple):
    """What the app has to know about a mailbox kind before it reads a mailbox of it."""

    settings: type[SourceSettings]
    mailbox: str
    """Dotted name of its class, imported on first use: an SDK that is not used is never loaded."""
    tagger: str = ""
    """The same of what changes tags in it; empty if it has none."""


MAILBOX_KINDS = {
    ImapSettings.kind: MailboxKind(
        settings=ImapSettings,
        mailbox="nautobot_circuit_maintenance.mailboxes.imap.mailbox.ImapMailbox",
        tagger="nautobot_circuit_maintenance.mailboxes.imap.tagger.ImapTagger",
    ),
    GmailSettings.kind: MailboxKind(
        settings=GmailSettings,
        mailbox="nautobot_circuit_maintenance.mailboxes.gmail.mailbox.GmailMailbox",
        tagger="nautobot_circuit_maintenance.mailboxes.gmail.tagger.GmailTagger",
    ),
    GraphSettings.kind: MailboxKind(
        settings=GraphSettings,
        mailbox="nautobot_circuit_maintenance.mailboxes.graph.mailbox.GraphMailbox",
        tagger="nautobot_circuit_maintenance.mailboxes.graph.tagger.GraphTagger",
    ),
    DirectorySettings.kind: MailboxKind(
        settings=DirectorySettings,
        mailbox="nautobot_circuit_maintenance.mailboxes.directory.mailbox.DirectoryMailbox",
    ),
}
"""Every mailbox kind by its name. A new one is one more entry; see docs/dev/mailbox-type.md."""


def settings_class(url: str) -> type[SourceSettings] | None:
    """Return the settings of the kind that reads a URL, None if no kind does; raises ValueError for a malformed URL."""
    parts = urlsplit(url)
    return next((kind.settings for kind in MAILBOX_KINDS.values() if kind.settings.reads(parts)), None)


def source_settings(entry: Mapping[str, Any]) -> SourceSettings:
    """Build the settings of an entry without problems."""
    settings = settings_class(entry["url"])
    if settings is None:
        raise ValueError(f"No mailbox kind reads {entry['url']}")
    return settings.from_entry(entry)


def known_keys() -> "dict[str, Field[Any]]":
    """Return the keys of all kinds in the order of their documentation; a source ignores those of other kinds."""
    keys = {each.name: each for each in fields(SourceSettings)}
    for kind in MAILBOX_KINDS.values():
        keys |= {each.name: each for each in fields(kind.settings) if each.name not in keys}
    return keys
