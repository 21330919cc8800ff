"""A message on its way out, as a value: complete before a channel is opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Recipient:
    """Who a message is for; a channel that leads to one place only has a recipient without an address."""

    name: str = ""
    address: str = ""


@dataclass(frozen=True)
class Message:
    """One message for one recipient."""

    key: str
    """Hexadecimal digest of the fact; becomes the Message-ID, so that a message that is sent again can be recognized."""
    event: str
    recipient: Recipient
    subject: str
    """The same for every message of a thread, without "Re: "."""
    headline: str
    """What happened, in one sentence: the first line of text and HTML, which mail programs show in their lists."""
    text: str
    """Plain text, the headline included."""
    html: str
    """The same as HTML: what goes between the tags of the body."""
    root_key: str = ""
    """Key of the first message of the thread; empty if this is the first."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """Facts for programs, JSON-ready; only what every reader of the channel may see."""
    calendar: bytes | None = None
    """Calendar file to attach."""

    @property
    def is_first(self) -> bool:
        """Whether no message of the thread was sent before."""
        return not self.root_key
