"""Secrets of a source: read when its mailbox is opened, and redacted from then on."""

from collections.abc import Callable
from dataclasses import field
from typing import Any

from nautobot_circuit_maintenance.mailboxes.redaction import redact

SECRET_TYPE = "secret_type"  # nosec B105 # the name of a kind of secret, not one
"""Key in the metadata of a settings field that is a secret: where a secrets group of Nautobot keeps it."""

CONSENT_TYPE = "token"
"""The type of a refresh token, which a user may have consented to on the page of the source."""


class Secret:
    """A value that is read late, at most once, and never shown.

    Settings are parsed many times for one run. Only the mailbox that is opened reads the secret, wherever it is kept; what
    was never read cannot be in an error, so redaction needs no secret of any other source.
    """

    def __init__(self, read: Callable[[], str] = str) -> None:
        """Keep the function that returns the secret; it may raise MailboxError."""
        self._read = read
        self._value: str | None = None
        self._derived: set[str] = set()

    @classmethod
    def of(cls, value: str) -> "Secret":
        """Return a secret whose value is in the settings themselves."""
        return cls(lambda: value)

    def value(self) -> str:
        """Return the secret, without the line break that a file, a vault or a copied text may have at its end."""
        if self._value is None:
            self._value = self._read().rstrip("\r\n")
        return self._value

    def derive(self, value: str) -> str:
        """Return a value that was obtained with this secret, such as an access token: it is redacted as well."""
        self._derived.add(value)
        return value

    def redact(self, text: str, *, account: str = "") -> str:
        """Replace the secret, and what was derived from it, in text of a server or a library."""
        return redact(text, {self._value or "", *self._derived}, account=account)


def secret_field(secret_type: str) -> Any:
    """Return a settings field for a secret: empty, never printed, or from a secrets group, which has it by this type."""
    return field(default_factory=Secret, repr=False, metadata={SECRET_TYPE: secret_type})
