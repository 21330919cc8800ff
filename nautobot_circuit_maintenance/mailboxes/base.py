"""The contract of every mailbox type, and what they share: cutting batches, searching a backlog."""

import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from email.parser import BytesHeaderParser
from typing import Any, NamedTuple, TypeVar

from nautobot_circuit_maintenance.domain.text import storable
from nautobot_circuit_maintenance.mail.headers import sender_address
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

logger = logging.getLogger(__name__)

T = TypeVar("T")
Cursor = Mapping[str, Any]
"""Where a mailbox type stopped reading: JSON that only the type itself understands."""

BATCH_MESSAGES = 100
BATCH_BYTES = 2 * 1024 * 1024
"""A batch closes at either limit: memory does not grow with the mailbox. To record one takes ten times its bytes."""

TIMEOUT = 30
"""Seconds that a single network operation may take."""

_SEARCHED_AGAIN = (
    "%s: the mailbox is not as the last run left it (another server, account or folder; made anew or restored; too long "
    "ago; other settings): mail since %s is searched again, what is known counts as duplicate."
)


@dataclass(frozen=True)
class FetchRequest:
    """What the pipeline wants from an open mailbox."""

    cursor: Cursor
    """Empty on the first run."""
    senders: frozenset[str]
    """Every address that belongs to a provider of the source, lower case."""
    new_senders: frozenset[str]
    """Those whose backlog was not searched yet; all of them on the first run."""
    backlog_since: datetime
    """How far back the backlog of new senders is searched, aware."""
    resume_since: datetime
    """How far back to search where there is no cursor, or a worthless one (another server, history expired), aware."""


@dataclass(frozen=True)
class Batch:
    """Some messages from known senders, and the cursor once they are recorded; may be empty to move the cursor."""

    messages: tuple[MailMessage, ...]
    """``BATCH_MESSAGES`` at most, with ``BATCH_BYTES`` at most unless it is a single one."""
    cursor: Cursor
    unknown_senders: tuple[str, ...] = ()
    """The sender of each message looked at and left alone: no provider of the source has the address."""
    searched: frozenset[str] = frozenset()
    """New senders whose backlog is complete with this batch."""
    unreadable: tuple[str, ...] = ()
    """An error for the messages that the server failed to deliver; the next run asks for them again."""


class Mailbox(ABC):
    """An opened place that mail comes from; reading it changes nothing in it."""

    @classmethod
    @abstractmethod
    def open(cls, settings: SourceSettings, *, max_message_size: int) -> AbstractContextManager["Mailbox"]:
        """Log in and open the folder; raises MailboxError with a sentence that says what to do."""

    @abstractmethod
    def fetch(self, request: FetchRequest) -> Iterator[Batch]:
        """Yield the backlog of new senders, then what is newer than the cursor; raises MailboxError.

        Each batch is safe to record on its own: a run that dies between two is continued from the last cursor. A
        message over the size limit (bytes) comes as ``MailMessage.oversize``, its body is not transferred. Messages
        that the server fails to deliver do not stop those after them: a batch names them as ``unreadable``.
        """


@dataclass(frozen=True)
class MessageSummary:
    """What a first look tells about a message: enough to decide whether, and how much of it, to read."""

    id: int | str
    """What the mailbox calls the message."""
    sender: str
    size: int
    """Bytes, as the server says."""
    received_at: datetime
    """When the server got it, aware."""


def message_of(raw: bytes, heading: MessageSummary, settings: SourceSettings, *, whole: bool) -> MailMessage:
    """Make a message of its bytes, or of its headers where it is too large, which then has the size of its heading.

    Where its own header names no sender, that of the heading counts: a line that is no field ends the header for Python,
    but not for every server, and the mail is the provider's still.
    """
    known: dict[str, Any] = {"received_at": heading.received_at, "source_header": settings.source_header}
    message = MailMessage.from_bytes(raw, **known) if whole else MailMessage.oversize(raw, size=heading.size, **known)
    return message if message.sender else replace(message, sender=heading.sender)


class Group(NamedTuple):
    """Some messages that were looked at one after the other and make one batch."""

    wanted: list[MessageSummary]
    last: int | str
    """Id of the last one that was looked at, wanted or not."""
    others: tuple[str, ...]
    """The sender of each that is from somebody else."""


def cut(headings: Sequence[MessageSummary], senders: frozenset[str], *, max_message_size: int) -> Iterator[Group]:
    """Cut what was looked at where the messages from the senders fill a batch; the order stays."""

    def group(end: int) -> Group:
        others = tuple(heading.sender for heading in headings[begin:end] if heading.sender not in senders)
        return Group(wanted, headings[end - 1].id, others)

    wanted: list[MessageSummary] = []
    begin = size = 0
    for position, heading in enumerate(headings):
        if heading.sender not in senders:
            continue
        weight = heading.size if heading.size <= max_message_size else 0
        if len(wanted) == BATCH_MESSAGES or (wanted and size + weight > BATCH_BYTES):
            yield group(position)
            wanted, begin, size = [], position, 0
        wanted.append(heading)
        size += weight
    if headings:
        yield group(len(headings))


@dataclass(frozen=True)
class Backlog:
    """A search for older mail of some senders, and how far it got."""

    senders: frozenset[str]
    since: datetime
    """How far back it goes, aware."""
    reached: int | str | None = None
    """Id of the last message that was looked at, in the mailbox type's order; None before the first."""

    @classmethod
    def due(cls, request: FetchRequest, cursor: Cursor, source: str) -> "Backlog | None":
        """Say what to search; the cursor is empty where the request has none or a worthless one, and the log says so.

        A search under way goes on where it stopped, so that runs that are killed again and again come to an end.
        """
        if not cursor:
            since = min(request.backlog_since, request.resume_since)
            if request.cursor:
                logger.warning(_SEARCHED_AGAIN, source, since)
            return cls(request.senders, since) if request.senders else None
        begun = cls.under_way(cursor) or cls(frozenset(), request.backlog_since)
        senders = (request.new_senders | begun.senders) & request.senders
        if not senders:
            return None
        if senders <= begun.senders and begun.since <= request.backlog_since:
            return replace(begun, senders=senders)
        return cls(senders, min(begun.since, request.backlog_since))

    @classmethod
    def under_way(cls, cursor: Cursor) -> "Backlog | None":
        """Return the search that a cursor stopped in, None for none; raises what a cursor raises that is not ours."""
        if "backlog" not in cursor:
            return None
        stored = cursor["backlog"]
        return cls(frozenset(stored["senders"]), datetime.fromisoformat(stored["since"]), stored["reached"])

    def as_json(self, reached: int | str) -> dict[str, Any]:
        """Return it for a cursor, as it is after the message of this id."""
        return {"senders": sorted(self.senders), "since": self.since.isoformat(), "reached": reached}


def mailbox_identity(settings: SourceSettings, **others: Any) -> dict[str, Any]:
    """Return what a cursor is about: under other settings, the same id is another message, or others are looked at."""
    return {"server": settings.host, "account": settings.account, "header": settings.source_header, **others}


def cursor_matches(cursor: Any, here: Cursor, mark: str) -> bool:
    """Tell whether a stored cursor is about the same place as one made here, and can be read.

    It may not be: people mend databases by hand, and other versions of the app write other cursors.
    """
    place = {key: value for key, value in here.items() if key != mark}
    try:
        backlog = Backlog.under_way(cursor)
        ids = [cursor[mark], *cursor.get("refused", ()), *([backlog.reached] if backlog else ())]
        is_aware = not backlog or backlog.since.tzinfo is not None
        return is_aware and all(type(each) is type(here[mark]) for each in ids) and place.items() <= cursor.items()
    except (AttributeError, LookupError, TypeError, ValueError):  # whatever else JSON can hold
        return False


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces of at most this many items."""
    return (items[start : start + size] for start in range(0, len(items), size))


def header_sender(header: bytes, source_header: str) -> str:
    """Return the sender that a message with these header bytes has."""
    return sender_address(BytesHeaderParser().parsebytes(header), source_header)


def said(error: object, settings: SourceSettings) -> str:
    """Return the words of a server or a library on one line for a sentence, without the secret."""
    words = settings.without_secret(str(error))  # before they are cut: half a secret would not be found any more
    # Some libraries print the bytes that a server sent as Python writes them: b'...'.
    text = re.sub(r"""\bb(['"])(.*)\1""", r"\2", words) or type(error).__name__
    return storable(" ".join(text.split()))[:300].rstrip(".")


def named(names: Iterable[str]) -> str:
    """Name what exists instead of what is missing; ten are enough to see the mistake."""
    known = sorted(names)
    more = f" and {len(known) - 10} more" if len(known) > 10 else ""
    return (", ".join(known[:10]) or "none") + more
