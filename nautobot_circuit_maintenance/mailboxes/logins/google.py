"""The key of a service account, as Google lets an administrator download it, and the access tokens that it gives."""

import json
from dataclasses import dataclass
from typing import Any

from google.auth.transport import Request
from google.oauth2 import service_account

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.credentials import Secret

_KEYS = ("type", "client_email", "private_key", "token_uri")
_DOWNLOAD_AGAIN = "download the JSON key of the service account again"


class Credentials(service_account.Credentials):  # type: ignore[misc,no-any-unimported]  # google-auth is not annotated
    """Credentials whose access tokens are redacted like the key that they were obtained with."""

    key: Secret

    def refresh(self, request: Request) -> None:
        """Get an access token; raises GoogleAuthError."""
        super().refresh(request)
        self.key.derive(self.token)


@dataclass(frozen=True)
class ServiceAccount:
    """A service account that acts for a mailbox (domain-wide delegation)."""

    key: Secret
    """The key in JSON; empty if it is in the file."""
    credentials_file: str
    account: str

    def credentials(self, scope: str) -> Credentials:
        """Read the key; raises MailboxError."""
        key = self._key()
        self.key.derive(key["private_key"])
        try:
            credentials = Credentials.from_service_account_info(key, scopes=[scope], subject=self.account)
        except ValueError:  # from_service_account_info: no private key in PEM
            sentence = f"{self._name} has no usable private key; {_DOWNLOAD_AGAIN}."
            raise MailboxError("GMAIL-04", sentence, permanent=True) from None
        credentials.key = self.key
        return credentials

    @property
    def _name(self) -> str:
        return f"The credentials_file '{self.credentials_file}'" if self.credentials_file else "The 'service_account'"

    def _text(self) -> str:
        """Return the content of the file, or of the setting."""
        if not self.credentials_file:
            return self.key.value()
        try:
            with open(self.credentials_file, encoding="utf-8") as stream:
                return stream.read()
        except OSError as error:  # open
            raise MailboxError(
                "GMAIL-01", f"{self._name} cannot be read ({error.strerror}).", permanent=True
            ) from error
        except UnicodeDecodeError:  # stream.read
            return ""  # which is not JSON

    def _key(self) -> dict[str, Any]:
        """Return what is in the JSON."""
        try:
            key = json.loads(self._text())
        except ValueError:  # json.loads: what it quotes may be secret
            sentence = f"{self._name} is not valid JSON; {_DOWNLOAD_AGAIN}."
            raise MailboxError("GMAIL-02", sentence, permanent=True) from None
        if not isinstance(key, dict) or not all(isinstance(key.get(name), str) for name in _KEYS):
            sentence = f"{self._name} is not a service account key; {_DOWNLOAD_AGAIN}."
            raise MailboxError("GMAIL-03", sentence, permanent=True)
        return key
