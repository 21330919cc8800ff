"""Where lines of a header end: at CRLF, or LF as files store it (RFC 5321 section 2.3.8, RFC 5322 section 2.2).

Python's email package also ends lines at a CR alone, and ``str.splitlines`` at eight other characters. Mail servers do
not: what a server judged as one line, words of an attacker among it, would become two, the second one forged.
"""

import re
from email import feedparser
from email.message import Message
from email.policy import Policy
from io import StringIO
from typing import Any

_BARE_CR = re.compile(rb"\r(?!\n)")


def one_line_each(header: bytes) -> bytes:
    """Return a header in which no line ends at a CR alone; a blank takes its place."""
    return _BARE_CR.sub(b" ", header) if b"\r" in header else header


class _Lines(feedparser.BufferedSubFile):  # type: ignore[name-defined,misc]  # the type stubs leave it out
    """The lines of a message; they end at LF only."""

    def __init__(self) -> None:
        super().__init__()
        self._partial = StringIO(newline="\n")


class _Parser(feedparser.BytesFeedParser):
    def __init__(self, policy: "Policy[Any]") -> None:
        super().__init__(policy=policy)
        self._input = _Lines()


def parse_message(raw: bytes, policy: "Policy[Any]") -> Message:
    """Parse a message with its parts; no header line and no boundary starts behind a CR alone. Contents stay as they are."""
    parser = _Parser(policy)
    parser.feed(raw)
    return parser.close()
