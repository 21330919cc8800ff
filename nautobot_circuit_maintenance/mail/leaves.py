"""The leaves of a message: its parts that hold content, whatever they are wrapped in."""

import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from typing import Any

from nautobot_circuit_maintenance.mail.charsets import decode_words
from nautobot_circuit_maintenance.mail.containers import (
    Obstacle,
    is_message,
    is_smime,
    obstacle,
    signed_content,
    tnef_contents,
    unwrapped_base64,
)
from nautobot_circuit_maintenance.mail.headers import sent_date, whole_message
from nautobot_circuit_maintenance.mail.lines import parse_message

_MAX_PARTS = 1_000
_DEEPEST = 100
_MAX_FIELD_LENGTH = 2_000
_BOUNDARY = re.compile(rb"(?:\A|\n)--([^\s\"][^\r\n\"]{0,69}?)[ \t]*\r?\n")


class ShortFields(email.policy.Compat32):
    """Reads header fields up to a limit.

    Python takes quadratic time for the parameters of a field (1 MB: minutes), and a NUL in one raises ValueError.
    """

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Return the beginning of a field, without NUL characters."""
        return super().header_fetch_parse(name, value[:_MAX_FIELD_LENGTH].replace("\0", ""))


@dataclass(frozen=True)
class Leaf:
    """One part with content."""

    kind: str
    """Its content type, in lower case."""
    content: bytes
    """Without the transfer encoding."""
    charset: str | None = None
    method: str = ""
    """The parameter "method" of a calendar, in capitals (RFC 6047 section 2.4)."""
    attached_at: datetime | None = None
    """The Date of the attached message that it is part of, in UTC; None outside of one."""
    is_flowed: bool = False
    deletes_space: bool = False
    """The parameters "format" and "DelSp" of plain text (RFC 3676)."""


@dataclass
class Leaves:
    """All leaves of a message, in its order, and what could not be opened."""

    found: list[Leaf] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    has_unread_message: bool = False
    """Whether an attached message was left out."""


def parsed(raw: bytes) -> Message:
    """Parse a message; raises RecursionError if its parts are nested too deeply."""
    return parse_message(whole_message(raw), ShortFields())


def leaves(message: Message, *, reads_attached: bool) -> Leaves:
    """Return the leaves of a message; raises RecursionError if its parts are nested too deeply."""
    walk = _Walk(reads_attached)
    walk.enter(message, 0)
    return walk.result


_CLOSED = {"message/external-body": Obstacle.LINK, "multipart/encrypted": Obstacle.PGP}
"""Types of parts whose content cannot be read."""


class _Walk:
    """A walk through the parts of a message."""

    def __init__(self, reads_attached: bool) -> None:
        self.result = Leaves()
        self._reads_attached = reads_attached
        self._parts = 0
        self._attached_at: datetime | None = None

    def enter(self, part: Message, depth: int) -> None:
        """Add the leaves of a part."""
        self._parts += 1
        if self._parts > _MAX_PARTS:
            return
        if depth > _DEEPEST:
            raise RecursionError
        kind = part.get_content_type()
        if kind in _CLOSED:
            self._note(_CLOSED[kind])
        elif part.get_content_maintype() == "message" and part.is_multipart():
            self._enter_message(part, depth)
        elif part.get_content_maintype() == "multipart" or part.is_multipart():
            self._enter_multipart(part, depth)
        elif part.get_content_maintype() != "image":
            self._enter_leaf(part, kind, depth)

    def _enter_multipart(self, part: Message, depth: int) -> None:
        """Add the leaves of a part that has parts, even if its boundary is not stated."""
        if not part.is_multipart():
            self._enter_without_boundary(part, depth)
            return
        for each in _children(part):
            self.enter(each, depth + 1)

    def _enter_message(self, part: Message, depth: int) -> None:
        """Add what an attached message contains, unless attached messages are not read."""
        if part.get_content_type() not in ("message/rfc822", "message/global"):
            return  # The report of a mail server.
        for inner in _children(part):
            if inner.keys() or inner.is_multipart():
                self._attached(inner, depth)
            else:  # Encoded, which RFC 2046 section 5.2.1 forbids: Python took the encoded lines for its body.
                content = _transfer_decoded(str(inner.get_payload()), str(part.get("Content-Transfer-Encoding", "")))
                self._attached(parsed(content), depth)

    def _attached(self, message: Message, depth: int) -> None:
        if self._reads_attached:
            outside, self._attached_at = self._attached_at, sent_date(message)
            self.enter(message, depth + 1)
            self._attached_at = outside
        else:
            self.result.has_unread_message = True

    def _enter_without_boundary(self, part: Message, depth: int) -> None:
        """Add the parts of a multipart whose boundary parameter is missing or wrong."""
        del part["Content-Transfer-Encoding"]  # RFC 2045 section 6.4 allows none on a multipart.
        body = _content(part)
        found = _BOUNDARY.search(body)
        if found is None:
            self._note(Obstacle.BOUNDARY)
            return
        head = b'Content-Type: multipart/mixed; boundary="%s"\n\n' % found[1]
        inner = parse_message(head + body, ShortFields())
        if inner.is_multipart():
            self.enter(inner, depth + 1)

    def _enter_leaf(self, part: Message, kind: str, depth: int) -> None:
        content = _content(part)
        if not content.strip():
            return
        name = _file_name(part)
        if is_smime(kind, name):
            self._enter_smime(content, depth)
            return
        content = unwrapped_base64(content)
        if is_message(kind, name, content):
            self._attached(parsed(content), depth)
            return
        if found := obstacle(kind, name, content):
            self._note(found)
            if found is Obstacle.TNEF:
                self.result.found += [Leaf("application/octet-stream", each) for each in tnef_contents(content)]
                return
        leaf = Leaf(
            kind=kind,
            content=content,
            charset=part.get_content_charset(),
            method=_parameter(part, "method").upper(),
            attached_at=self._attached_at,
            is_flowed=_parameter(part, "format") == "flowed",
            deletes_space=_parameter(part, "delsp") == "yes",
        )
        self.result.found.append(leaf)

    def _enter_smime(self, content: bytes, depth: int) -> None:
        """Add what an opaque signed part contains: it is the message itself, not an attached one."""
        inner = signed_content(content)
        if inner is None:
            self._note(Obstacle.SMIME)
        else:
            self.enter(parsed(inner), depth + 1)

    def _note(self, found: Obstacle) -> None:
        if found not in self.result.obstacles:
            self.result.obstacles.append(found)


def _parameter(part: Message, name: str) -> str:
    value = part.get_param(name, "")
    return value.strip().lower() if isinstance(value, str) else ""


def _children(part: Message) -> Iterator[Message]:
    for each in part.get_payload():
        if isinstance(each, Message):  # Always; the type stubs do not know.
            yield each


def _transfer_decoded(text: str, encoding: str) -> bytes:
    """Decode text by its transfer encoding; base64 if none is given."""
    part = Message()
    part["Content-Transfer-Encoding"] = encoding.strip() or "base64"
    part.set_payload(text)
    return _content(part)


def _content(part: Message) -> bytes:
    """Return the content of a part without its transfer encoding."""
    payload = part.get_payload(decode=True)
    # A str only without decode=True, None only for containers; the type stubs do not know.
    return payload if isinstance(payload, bytes) else b""


def _file_name(part: Message) -> str:
    """Return the decoded name of a part in lower case; empty if it has none."""
    try:
        name = str(part.get_filename() or "")
    except (LookupError, ValueError, TypeError):
        # An unknown charset is a LookupError, undecodable bytes a ValueError, broken RFC 2231 parts a TypeError.
        return ""
    return decode_words(name[:255]).strip().lower()
