"""Secrets of a source: read when its mailbox is opened, and redacted from then on."""

import base64
from collections.abc import Callable, Iterator


class Secret:
    """A value that is read late, at most once, and never shown.

    Settings are parsed many times for one run. Only the mailbox that is opened reads the secret, wherever it is kept; what
    was never read cannot be in an error, so redaction needs no secret of any other source.
    """

    def __init__(self, read: Callable[[], str] = str) -> None:
        """Keep the function that returns the secret; it may raise MailboxError."""
        self._read = read
        self._value: str | None = None

    @classmethod
    def of(cls, value: str) -> "Secret":
        """Return a secret whose value is in the settings themselves."""
        return cls(lambda: value)

    def value(self) -> str:
        """Return the secret."""
        if self._value is None:
            self._value = self._read()
        return self._value

    def redact(self, text: str, *, account: str = "") -> str:
        """Replace the secret in text of a server or a library, however it is spelled there."""
        if not self._value:
            return text
        for spelling in sorted(set(_spellings(self._value, account)), key=len, reverse=True):
            text = text.replace(spelling, "***")
        return text


def _spellings(secret: str, account: str) -> Iterator[str]:
    """Yield the ways in which servers and libraries repeat a secret.

    A server that repeats a command has it in quotation marks (RFC 9051 section 4.3) or in base64 (RFC 4616). Python prints
    bytes with more backslashes, also before an apostrophe where there are quotation marks.
    """
    quoted = secret.replace("\\", "\\\\").replace('"', '\\"')
    plain = base64.b64encode(f"\0{account}\0{secret}".encode()).decode()
    for spelling in (secret, quoted, plain):
        printed = repr(spelling.encode())[2:-1]
        printed_in_quotes = repr(f'"{spelling}'.encode())[3:-1]
        for each in (spelling, printed, printed_in_quotes):
            yield each
            yield " ".join(each.split()) or each
