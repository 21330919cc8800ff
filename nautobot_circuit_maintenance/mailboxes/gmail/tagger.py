"""Tags of Gmail: labels, which are created where they are missing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from nautobot_circuit_maintenance.mailboxes.batching import chunks
from nautobot_circuit_maintenance.mailboxes.gmail import responses
from nautobot_circuit_maintenance.mailboxes.gmail.mailbox import GmailMailbox, Gone, Invalid
from nautobot_circuit_maintenance.mailboxes.gmail.settings import MODIFY_SCOPE, GmailSettings
from nautobot_circuit_maintenance.mailboxes.tagging import TagChange, Tagger, by_tags

CHANGED_AT_ONCE = 1000
"""Messages of one request (users.messages.batchModify)."""


@dataclass
class GmailTagger(Tagger):
    """An account, used with the right to change labels."""

    mailbox: GmailMailbox
    labels: dict[str, str] = field(default_factory=dict)
    """The id of each label, by its name in lower case."""

    mailbox_type: ClassVar[type[GmailMailbox]] = GmailMailbox

    @classmethod
    @contextmanager
    def open(cls, settings: GmailSettings) -> Iterator["GmailTagger"]:
        """Log in and list the labels; raises MailboxError with a message that says what to do."""
        with cls.mailbox_type.log_in(settings, MODIFY_SCOPE, max_message_size=0) as mailbox:
            names = mailbox.execute(mailbox.users.labels().list(userId="me"), responses.labels)
            yield cls(mailbox, {name.lower(): id_ for id_, name in names.items()})

    def change(self, changes: Sequence[TagChange]) -> Iterator[Sequence[TagChange]]:
        """Change the labels of up to 1,000 messages with one request."""
        for chunk in chunks(changes, CHANGED_AT_ONCE):
            for (add, remove), group in by_tags(chunk).items():
                gone = [self.labels[tag.lower()] for tag in remove if tag.lower() in self.labels]
                label = {"addLabelIds": [self._label(add)] if add else [], "removeLabelIds": gone}
                if add or gone:
                    self._modify([each.server_id for each in group], label)
            yield chunk

    def _modify(self, ids: Sequence[str], labels: dict[str, list[str]]) -> None:
        """Change the labels of messages; whether one that is gone makes the request fail is not documented."""
        messages = self.mailbox.users.messages()
        try:
            self.mailbox.execute(messages.batchModify(userId="me", body={"ids": list(ids), **labels}), _nothing)
        except (Gone, Invalid):  # one of them
            for id_ in ids:
                self._modify_one(id_, labels)

    def _modify_one(self, id_: str, labels: dict[str, list[str]]) -> None:
        try:
            self.mailbox.execute(self.mailbox.users.messages().modify(userId="me", id=id_, body=labels), _nothing)
        except Gone:
            pass  # Nothing is left to be shown.

    def _label(self, name: str) -> str:
        """Return the id of a label, which is created if there is none."""
        if name.lower() not in self.labels:
            body = {"name": name, "labelListVisibility": "labelShow", "messageListVisibility": "show"}
            create = self.mailbox.users.labels().create(userId="me", body=body)
            self.labels[name.lower()] = self.mailbox.execute(create, responses.created)
        return self.labels[name.lower()]


def _nothing(_response: Any) -> None:
    """Take any response: these have no content."""
