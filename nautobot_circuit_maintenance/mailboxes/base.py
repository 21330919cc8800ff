"""The contract of every mailbox kind: what the pipeline asks for, and what it gets."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mailboxes.cursor import JsonCursor
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

TIMEOUT = 30
"""Seconds that a single network operation may take."""


@dataclass(frozen=True)
class FetchRequest:
    """What the pipeline wants from an open mailbox."""

    cursor: JsonCursor
    """Empty on the first run."""
    senders: frozenset[str]
    """Every address that belongs to a provider of the source, lower case; "@domain" for every address of that domain."""
    new_senders: frozenset[str]
    """Those whose backlog was not searched yet; all of them on the first run."""
    backlog_since: datetime
    """How far back the backlog of new senders is searched, aware."""
    resume_since: datetime
    """How far back to search without a cursor, or with a worthless one (another server, history expired), aware."""


@dataclass(frozen=True)
class Batch:
    """Some messages from known senders, and the cursor once they are recorded; may be empty to move the cursor."""

    messages: tuple[MailMessage, ...]
    """``BATCH_MESSAGES`` at most, with ``BATCH_BYTES`` at most unless it is a single one."""
    cursor: JsonCursor
    unknown_senders: tuple[str, ...] = ()
    """The sender of each skipped message: no provider of the source has the address."""
    searched: frozenset[str] = frozenset()
    """New senders whose backlog is complete with this batch."""
    unreadable: tuple[str, ...] = ()
    """An error for the messages that the server failed to deliver; the next run asks for them again."""


class Mailbox(ABC):
    """An opened mailbox; reading it changes nothing in it."""

    @classmethod
    @abstractmethod
    def open(cls, settings: Any, *, max_message_size: int) -> AbstractContextManager["Mailbox"]:
        """Log in and open the folder, with the settings of this kind.

        Raises MailboxError with a message that says what to do.
        """

    @abstractmethod
    def fetch(self, request: FetchRequest) -> Iterator[Batch]:
        """Yield the backlog of new senders, then what is newer than the cursor; raises MailboxError.

        Each batch is safe to record on its own: a run that ends between two is continued from the last cursor. A message
        over the size limit (bytes) comes as ``MailMessage.oversize``, its body is not transferred. Messages that the
        server fails to deliver do not stop those after them: a batch names them as ``unreadable``.
        """

    def check(self) -> None:  # noqa: B027 # most kinds have shown it by opening the mailbox
        """Read what shows that messages can be read, where opening the mailbox does not; raises MailboxError."""


def error_text(error: object, settings: SourceSettings) -> str:
    """Return the message of a server or a library on one line for an error of ours, without the secret."""
    text = settings.redact(str(error))  # before it is shortened: half a secret would not be found
    # Some libraries print the bytes that a server sent as Python does: b'...'.
    text = re.sub(r"""\bb(['"])(.*)\1""", r"\2", text) or type(error).__name__
    return storable(" ".join(text.split()))[:300].rstrip(".")


def summarize(names: Iterable[str]) -> str:
    """List what exists instead of what is missing; ten names are enough to notice the mistake."""
    known = sorted(names)
    more = f" and {len(known) - 10} more" if len(known) > 10 else ""
    return (", ".join(known[:10]) or "none") + more
