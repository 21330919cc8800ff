"""A folder of files or a Maildir as a mailbox: another program delivers into it, and nothing is changed in it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.headers import MAX_HEADER_BYTES
from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.mailboxes.base import Batch, FetchRequest
from nautobot_circuit_maintenance.mailboxes.batching import MessageSummary, chunks
from nautobot_circuit_maintenance.mailboxes.cursor import Backlog, JsonCursor, mailbox_identity, typed
from nautobot_circuit_maintenance.mailboxes.deferred import DeferredMessages, DeferringCursor
from nautobot_circuit_maintenance.mailboxes.deferring import DeferringMailbox
from nautobot_circuit_maintenance.mailboxes.directory.files import (
    MessageFile,
    first_bytes,
    is_elsewhere,
    message_files,
)
from nautobot_circuit_maintenance.mailboxes.directory.settings import DirectorySettings

SUMMARIES_AT_ONCE = 500
OVERLAP = int(timedelta(hours=1).total_seconds()) * 10**9
"""Nanoseconds before the newest file in which others may appear: a clock that is set back, ticks that many files share."""


@dataclass(frozen=True)
class DirectoryCursor(DeferringCursor[str]):
    """When the newest file arrived, and which of those shortly before it were looked at."""

    mark_key: ClassVar[str] = "arrived"
    mark_type: ClassVar[type] = str

    seen: frozenset[str] = frozenset()
    """Digests of their keys and sizes."""

    @classmethod
    def _read(cls, stored: JsonCursor) -> dict[str, Any]:
        values = super()._read(stored)
        if not values["mark"].isdecimal():
            raise ValueError("not a time")
        return {**values, "seen": frozenset(typed(each, str) for each in stored["seen"])}


@dataclass
class DirectoryMailbox(DeferringMailbox[DirectorySettings, str]):
    """One folder whose files are messages."""

    settings: DirectorySettings
    max_message_size: int
    files: dict[str, MessageFile] = field(default_factory=dict)
    """Those that were there when the mailbox was opened, by key."""
    deferred: DeferredMessages[str] = field(init=False)
    seen: frozenset[str] = field(default=frozenset(), init=False)

    cursor_type = DirectoryCursor
    before_first = ""

    @classmethod
    @contextmanager
    def open(cls, settings: DirectorySettings, *, max_message_size: int) -> Iterator["DirectoryMailbox"]:
        """List the folder; raises MailboxError with a message that says what to do."""
        mailbox = cls(settings, max_message_size)
        mailbox.reconnect()
        yield mailbox

    def reconnect(self) -> None:
        """List the folder."""
        try:
            self.files = {each.key: each for each in message_files(self.settings.path)}
        except OSError as error:  # message_files
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> MailboxError:
        return MailboxError(
            "DIR-01",
            f"The folder {self.settings.path} cannot be read ({self.error_text(error)}); check 'url' and 'folder', and "
            "that web server and workers may read it. No messages were skipped; the next run will continue.",
        )

    def check(self) -> None:
        """Raise MailboxError if the folder seems to be the wrong one."""
        try:
            is_wrong = not self.files and is_elsewhere(self.settings.path)
        except OSError as error:  # is_elsewhere
            raise self._unreadable(error) from error
        if is_wrong:
            sentence = (
                f"The folder {self.settings.path} has no messages, but other files or half of a Maildir. Messages in a folder "
                "must have names that end in .eml; of a Maildir, name the directory that has new and cur."
            )
            raise MailboxError("DIR-04", sentence, permanent=True)

    def undelivered(self) -> str:
        """Return the error for the files that cannot be read."""
        key, others, reason = self.deferred.example()
        return (
            f"DIR-02: The file {key}{others} in folder {self.settings.path} cannot be read; all other messages were read, and "
            f"each run retries. Let web server and workers read it, or remove it. {reason}"
        )

    def identity(self) -> Mapping[str, Any]:
        """Return the folder."""
        return mailbox_identity(self.settings, folder=str(self.settings.path))

    def also_stored(self) -> dict[str, Any]:
        """Return which files were looked at, and the deferred messages."""
        return {"seen": sorted(self.seen), **super().also_stored()}

    def read_cursor(self, stored: JsonCursor) -> DirectoryCursor | None:
        """Return a stored cursor, None if it is about the future: the clock was wrong then, or the disk is another one."""
        cursor = DirectoryCursor.from_json(stored, self.identity())
        if cursor and int(cursor.mark) > datetime.now(timezone.utc).timestamp() * 10**9 + OVERLAP:
            cursor = None
        self.seen = cursor.seen if cursor else self._recent(self.newest_mark())
        return cursor

    def newest_mark(self) -> str:
        """Return when the newest file arrived."""
        return str(max((each.arrived for each in self.files.values()), default=0))

    def _recent(self, mark: str) -> frozenset[str]:
        """Return the digests of the files that arrived shortly before a mark, or later."""
        return frozenset(_digest(each) for each in self.files.values() if each.arrived >= int(mark) - OVERLAP)

    def older_ids(self, backlog: Backlog[str], mark: str) -> Sequence[str]:
        """Return the keys that the backlog has not reached."""
        since = backlog.since.timestamp()
        keys = (each.key for each in self.files.values() if each.received >= since)
        return sorted(key for key in keys if key > (backlog.reached or ""))

    def newer(self, request: FetchRequest, mark: str) -> Iterator[Batch]:
        """Yield the files that arrived after the mark, or that appeared later with an earlier time."""
        self.reconnect()  # The search may have taken a while.
        candidates = sorted(self.files.values(), key=lambda each: (each.arrived, each.key))
        start = int(mark) - OVERLAP
        digests = {each.key: _digest(each) for each in candidates if each.arrived >= start}
        keys = [key for key, digest in digests.items() if digest not in self.seen]
        if not keys:
            return
        # Now: what appears while these are read is looked at by the next run.
        newest = max(mark, self.newest_mark(), key=int)
        recent = self._recent(newest)

        def cursor_after(last: str) -> JsonCursor:
            is_over = last == keys[-1]
            self.seen = recent if is_over else self.seen | {digests[key] for key in keys[: keys.index(last) + 1]}
            return self.cursor(newest if is_over else mark)

        yield from self.batches(keys, request.senders, cursor_after)
        if self.seen != recent:
            self.seen = recent
            yield Batch((), self.cursor(newest))

    def summaries(self, ids: Sequence[str]) -> Iterator[list[MessageSummary[str]]]:
        """Look at the senders and sizes of messages; removed ones are left out."""
        for chunk in chunks(ids, SUMMARIES_AT_ONCE):
            found = (self._summary(key) for key in chunk if key not in self.deferred.reasons)
            yield [summary for summary in found if summary]

    def _summary(self, key: str) -> MessageSummary[str] | None:
        start = self._read(key, MAX_HEADER_BYTES)
        if start is None:
            return None
        received_at = datetime.fromtimestamp(self.files[key].received, timezone.utc)
        return MessageSummary(key, self.header_sender(start), self.files[key].size, received_at, server_id=key)

    def messages(self, summaries: Sequence[MessageSummary[str]]) -> tuple[MailMessage, ...]:
        """Read messages; removed ones are left out."""
        messages = (self._message(summary) for summary in summaries)
        return tuple(message for message in messages if message)

    def _message(self, summary: MessageSummary[str]) -> MailMessage | None:
        is_whole = summary.size <= self.max_message_size
        raw = self._read(summary.id, summary.size if is_whole else MAX_HEADER_BYTES)
        return None if raw is None else self.message(raw, summary, is_whole=is_whole)

    def _read(self, key: str, size: int) -> bytes | None:
        """Return the first bytes of a file; None if it was removed, or cannot be read."""
        for is_last in (False, True):
            try:
                return first_bytes(self.files[key], size)
            except (FileNotFoundError, KeyError):  # files, first_bytes
                if not is_last:
                    self.reconnect()  # A mail program has marked the message, which renames the file.
            except OSError as error:  # the same
                reason = MailboxError("DIR-03", f"{self.error_text(error)}.")
                self.deferred.add(key, reason)
                return None
        return None


def _digest(file: MessageFile) -> str:
    """Return what is enough to recognize a file among those of a day; of another size, it was not complete before."""
    return hashlib.sha256(f"{file.key}/{file.size}".encode()).hexdigest()[:12]
