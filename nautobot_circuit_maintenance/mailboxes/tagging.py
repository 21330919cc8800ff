"""The contract of what shows the outcome of messages in their mailbox: the only part of the app that changes one."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

OUTCOMES = ("parsed", "ignored", "refused", "failed")
"""The states of a notification that 'tags' may name."""

SHARED = ("\\flagged", "starred")
"""Tags that people use as well, in lower case: they are taken away only where we have set them."""

Change = tuple[str, frozenset[str]]


@dataclass(frozen=True)
class TagChange:
    """What a message is to show."""

    server_id: str
    """Identifies the message in its mailbox (``MailMessage.server_id``)."""
    message_id: str
    """Its Message-ID: decides where an id may mean another message by now."""
    add: str
    """The tag that it gets; empty for none."""
    remove: frozenset[str]
    """Our other tags, of which it may have some. Tags of people stay."""


class Tagger(ABC):
    """A mailbox that is open for changing tags; nothing else in it is changed."""

    @classmethod
    @abstractmethod
    def open(cls, settings: Any) -> AbstractContextManager["Tagger"]:
        """Log in with the right to change messages; raises MailboxError with a message that says what to do."""

    def check(self) -> None:  # noqa: B027 # most kinds have shown it by opening the mailbox
        """Raise MailboxError if tags cannot be set, where opening the mailbox does not show it; no message is changed."""

    @abstractmethod
    def change(self, changes: Sequence[TagChange]) -> Iterator[Sequence[TagChange]]:
        """Change the tags, in few requests; yield, after each, the changes that are done.

        A message that is gone counts as done. What is not yielded remains to be done. Raises MailboxError.
        """


def by_tags(changes: Iterable[TagChange]) -> dict[Change, list[TagChange]]:
    """Group changes that are the same for many messages."""
    groups: dict[Change, list[TagChange]] = {}
    for each in changes:
        groups.setdefault((each.add, each.remove), []).append(each)
    return groups
