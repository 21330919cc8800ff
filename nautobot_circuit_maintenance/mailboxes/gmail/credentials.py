"""The key of a service account, as Google lets an administrator download it."""

import json
from dataclasses import dataclass
from typing import Any

from google.oauth2.service_account import Credentials

from nautobot_circuit_maintenance.domain.errors import MailboxError

_KEYS = ("type", "client_email", "private_key", "token_uri")
_DOWNLOAD_AGAIN = "download the JSON key of the service account again"


@dataclass(frozen=True)
class ServiceAccount:
    """A service account that acts for a mailbox (domain-wide delegation)."""

    credentials_file: str
    account: str

    def credentials(self, scope: str) -> Credentials:
        """Read the key; raises MailboxError."""
        try:
            return Credentials.from_service_account_info(  # type: ignore[no-untyped-call,no-any-return]  # not annotated
                self._key(), scopes=[scope], subject=self.account
            )
        except ValueError:  # from_service_account_info: no private key in PEM
            sentence = f"{self._file} has no usable private key; {_DOWNLOAD_AGAIN}."
            raise MailboxError("GMAIL-04", sentence, permanent=True) from None

    @property
    def _file(self) -> str:
        return f"The credentials_file '{self.credentials_file}'"

    def _key(self) -> dict[str, Any]:
        """Return the content of the file."""
        try:
            with open(self.credentials_file, encoding="utf-8") as stream:
                key = json.load(stream)
        except OSError as error:  # open
            raise MailboxError(
                "GMAIL-01", f"{self._file} cannot be read ({error.strerror}).", permanent=True
            ) from error
        except ValueError:  # json.load: what it quotes may be secret
            sentence = f"{self._file} is not valid JSON; {_DOWNLOAD_AGAIN}."
            raise MailboxError("GMAIL-02", sentence, permanent=True) from None
        if not isinstance(key, dict) or not all(isinstance(key.get(name), str) for name in _KEYS):
            sentence = f"{self._file} is not a service account key; {_DOWNLOAD_AGAIN}."
            raise MailboxError("GMAIL-03", sentence, permanent=True)
        return key
