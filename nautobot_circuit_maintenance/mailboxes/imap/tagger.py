"""Tags of IMAP: keywords (RFC 9051 section 2.3.2), and the flag that mail programs show as a star."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientReadOnlyError

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.headers import message_id, parse_header
from nautobot_circuit_maintenance.mailboxes.base import TIMEOUT
from nautobot_circuit_maintenance.mailboxes.batching import chunks
from nautobot_circuit_maintenance.mailboxes.imap.responses import section
from nautobot_circuit_maintenance.mailboxes.imap.session import account_of, connect, log_in, run_command, start_tls
from nautobot_circuit_maintenance.mailboxes.imap.settings import ImapSettings
from nautobot_circuit_maintenance.mailboxes.tagging import TagChange, Tagger

CHANGED_AT_ONCE = 500
"""Messages of one command: its line stays below 8192 bytes (RFC 7162 section 4)."""
_FIELD = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"


@dataclass
class ImapTagger(Tagger):
    """One folder, opened with SELECT."""

    settings: ImapSettings
    client: IMAPClient
    status: Mapping[bytes, Any]
    """The response to SELECT (RFC 9051 section 6.3.2)."""
    timeout: ClassVar[float] = TIMEOUT

    @classmethod
    @contextmanager
    def open(cls, settings: ImapSettings) -> Iterator["ImapTagger"]:
        """Log in and select the folder; raises MailboxError if the tags would not stay there."""
        with connect(settings, timeout=cls.timeout) as client:
            start_tls(client, settings)
            log_in(client, settings)
            tagger = cls(
                settings, client, run_command(settings, "opening it for tags", lambda: _select(client, settings))
            )
            tagger._check_keywords()
            yield tagger

    def _check_keywords(self) -> None:
        """Raise MailboxError if the server keeps no keywords."""
        where = f"folder '{self.settings.folder}' of {account_of(self.settings)}"
        kept = {flag.lower() for flag in self.status.get(b"PERMANENTFLAGS", ())}
        missing = [tag for tag in self.settings.tags.values() if tag.lower().encode() not in kept]
        if missing and b"\\*" not in kept:
            sentence = (
                f"The server keeps no keywords such as {missing[0]} in {where}; use \\Flagged in 'tags', or remove it."
            )
            raise MailboxError("IMAP-23", sentence, permanent=True)

    def change(self, changes: Sequence[TagChange]) -> Iterator[Sequence[TagChange]]:
        """Change the flags of up to 500 messages with one command for each tag."""
        for chunk in chunks(changes, CHANGED_AT_ONCE):
            added: dict[str, list[int]] = {}
            removed: dict[str, list[int]] = {}
            for uid, change, flags in self._present(chunk):
                for tag in sorted(change.remove):
                    if tag.lower() in flags:
                        removed.setdefault(tag, []).append(uid)
                if change.add and change.add.lower() not in flags:
                    added.setdefault(change.add, []).append(uid)
            for tag, uids in removed.items():
                self._run(lambda uids=uids, tag=tag: self.client.remove_flags(uids, [tag], silent=True))
            for tag, uids in added.items():
                self._run(lambda uids=uids, tag=tag: self.client.add_flags(uids, [tag], silent=True))
            yield chunk

    def _present(self, changes: Sequence[TagChange]) -> Iterator[tuple[int, TagChange, set[str]]]:
        """Yield UID and flags (lower case) of the messages that are there: the same UID and the same Message-ID."""
        validity = str(self.status.get(b"UIDVALIDITY"))
        asked = {_uid(each): each for each in changes if each.server_id.partition("/")[0] == validity}
        responses = self._run(lambda: self.client.fetch(list(asked), ["FLAGS", _FIELD])) if asked else {}
        for uid, response in responses.items():
            header = section(response, b"BODY[HEADER.FIELDS") or b""
            if uid in asked and message_id(parse_header(header)) == asked[uid].message_id:
                yield uid, asked[uid], {flag.decode("ascii", "replace").lower() for flag in response.get(b"FLAGS", ())}

    def _run(self, command: Any) -> Any:
        return run_command(self.settings, "setting tags", command)


def _select(client: IMAPClient, settings: ImapSettings) -> Mapping[bytes, Any]:
    """Open the folder for changes; raises MailboxError if it may only be read."""
    try:
        status: Mapping[bytes, Any] = client.select_folder(settings.folder)
    except IMAPClientReadOnlyError:  # client.select_folder
        sentence = (
            f"Tags cannot be set in folder '{settings.folder}' of {account_of(settings)}, which may only be read: give the account "
            "the rights s and w (ACL), or remove 'tags'."
        )
        raise MailboxError("IMAP-22", sentence, permanent=True) from None
    return status


def _uid(change: TagChange) -> int:
    return int(change.server_id.partition("/")[2] or 0)
