"""The key of a service account, as Google lets an administrator download it, and the access tokens that it gives."""

import json
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import google_auth_httplib2
import httplib2
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport import Request
from google.oauth2 import service_account

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import TIMEOUT, error_text
from nautobot_circuit_maintenance.mailboxes.credentials import Secret
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

MAIL_SCOPE = "https://mail.google.com/"
"""The scope of IMAP (Google's "OAuth 2.0 mechanism")."""
MALFORMED_TOKEN = (TypeError, LookupError, AttributeError)
"""Errors of google-auth for a token response that is JSON, but not as RFC 6749 section 5.1 specifies."""

TEMPORARY_ERRORS = ("internal_failure", "server_error", "temporarily_unavailable", "rate_limit_exceeded")
"""Errors of Google's login server that are not about what was sent."""
_KEYS = ("type", "client_email", "private_key", "token_uri")
_DOWNLOAD_AGAIN = "download the JSON key of the service account again"


class Credentials(service_account.Credentials):
    """Credentials whose access tokens are redacted like the key that they were obtained with."""

    key: Secret

    def refresh(self, request: Request) -> None:
        """Get an access token; raises GoogleAuthError."""
        super().refresh(request)  # type: ignore[no-untyped-call]  # google-auth is annotated in part
        self.key.derive(str(self.token))


@dataclass(frozen=True)
class ServiceAccount:
    """A service account that acts for a mailbox (domain-wide delegation)."""

    settings: SourceSettings
    key: Secret
    """The key in JSON; empty if it is in the file."""
    credentials_file: str

    def token(self, scope: str) -> str:
        """Return a new access token; raises MailboxError."""
        credentials = self.credentials(scope)
        try:
            # A token is enough for an hour: no connection to the login server stays open.
            with closing(new_http(TIMEOUT)) as http:
                credentials.refresh(google_auth_httplib2.Request(http))
        except RefreshError as error:  # credentials.refresh
            raise self.refused(error, scope) from error
        except (*MALFORMED_TOKEN, GoogleAuthError, httplib2.HttpLib2Error, OSError, ValueError) as error:  # the same
            sentence = f"Google's login server cannot be reached ({error_text(error, self.settings)}); check the worker's proxy."
            raise MailboxError("GMAIL-12", sentence) from error
        return str(credentials.token)

    def refused(self, error: RefreshError, *scopes: str) -> MailboxError:
        """Return the error for a refused token (RFC 6749 section 5.2, and Google's own error codes)."""
        account = f"account '{self.settings.account}'"
        reason = error_text(error.args[0] if error.args else error, self.settings)
        if is_temporary(error):
            return MailboxError(
                "GMAIL-05", f"Google did not issue an access token for {account} (temporary): {reason}."
            )
        what = "check 'account', that the key in 'credentials_file' was not revoked, and the clock of the worker"
        if any(code in reason for code in ("unauthorized_client", "access_denied", "invalid_scope")):
            what = delegation(*scopes)
        sentence = f"Google did not issue an access token for {account} ({reason}); {what}."
        return MailboxError("GMAIL-06", sentence, permanent=True)

    def credentials(self, scope: str) -> Credentials:
        """Read the key; raises MailboxError."""
        key = self._key()
        self.key.derive(key["private_key"])
        try:
            credentials: Credentials = Credentials.from_service_account_info(  # type: ignore[no-untyped-call]  # the same
                key, scopes=[scope], subject=self.settings.account
            )
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


def new_http(timeout: float) -> httplib2.Http:
    """Return an HTTP client that sends no form, and no secret in it, on to where a redirect leads (RFC 9110 section 15.4.9)."""
    http = httplib2.Http(timeout=timeout)
    http.redirect_codes = http.redirect_codes - {308}
    return http


def is_temporary(error: RefreshError) -> bool:
    """Return whether there is no access token because the login server fails, or because something else answered.

    The library says so of some failures only; whatever the login server refuses has an error of RFC 6749 section 5.2.
    """
    details = next((each for each in error.args[1:] if isinstance(each, dict)), {})
    return error.retryable or "error" not in details or details["error"] in TEMPORARY_ERRORS


def delegation(*scopes: str) -> str:
    """Return what to do if the service account may not act for the mailbox."""
    return (
        "in the Google Admin console, under domain-wide delegation, allow the client ID of the service account the scopes "
        f"{' and '.join(scopes)}"
    )
