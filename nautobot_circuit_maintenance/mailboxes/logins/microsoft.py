"""Access tokens of Microsoft Entra for an application (client credentials), by the library msal.

The facts are in Microsoft's identity platform documentation, "OAuth 2.0 client credentials flow" and "Error codes".
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import Any, TypeVar

import msal
import requests
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import TIMEOUT, error_text
from nautobot_circuit_maintenance.mailboxes.credentials import Secret
from nautobot_circuit_maintenance.mailboxes.logins.http import Http
from nautobot_circuit_maintenance.mailboxes.logins.settings import ApplicationSettings

T = TypeVar("T")

# It logs the whole response where that is not JSON.
logging.getLogger("msal").setLevel(logging.CRITICAL)

_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)
_TEMPORARY = {"temporarily_unavailable", "server_error"}
_TEMPORARY_NUMBERS = {"50033", "50087", "50196", "90012", "90024", "90033", "90055", "90090"}
"""AADSTS numbers that Microsoft documents as transient, or as too many requests."""
_CHECK_CERTIFICATE = "upload this certificate to the application (Certificates & secrets), or use the one that is there"
_CHECK_TENANT = "check 'tenant' (the Directory ID) and, in a national cloud, 'url' and 'login_url'"
_CHECK_CLOUD = "the tenant is in another cloud: check 'url' and 'login_url'"
_ALLOW = "a Conditional Access policy for workload identities blocks the application: exclude it, or allow the worker's address"
_CONSENT = "grant the application's permissions under API permissions, with an administrator's consent"
_CHECK_APPLICATION = "check 'client_id' and 'tenant'"
_CAUSES = {
    "7000215": "the client secret is wrong: use its Value, not its Secret ID",
    "7000222": "the client secret has expired: create a new one under Certificates & secrets",
    "7000218": "no client secret was sent: check 'client_secret'",
    "700016": "the tenant has no such application, or its administrator has not consented: check 'client_id' and 'tenant'",
    "7000112": "the application is disabled: enable it under Enterprise applications > Properties",
    "7000216": "no client secret was sent: check 'client_secret'",
    "7000229": "the tenant has no such application, or its administrator has not consented: check 'client_id' and 'tenant'",
    "65001": _CONSENT,
    "650052": _CONSENT,
    "650056": _CONSENT,
    "650057": _CONSENT,
    "501051": _CONSENT,
    "50059": _CHECK_TENANT,
    "900023": _CHECK_TENANT,
    "90002": _CHECK_TENANT,
    "50194": _CHECK_TENANT,
    "9001023": _CHECK_TENANT,
    "90038": _CHECK_CLOUD,
    "900382": _CHECK_CLOUD,
    "900432": _CHECK_CLOUD,
    "500011": _CHECK_CLOUD,
    "50001": _CHECK_CLOUD,
    "50003": _CHECK_CERTIFICATE,
    "50012": _CHECK_CERTIFICATE,
    "700027": _CHECK_CERTIFICATE,
    "700030": _CHECK_CERTIFICATE,
    "1000502": "the certificate has expired: upload a new one, and use that",
    "500133": "the clock of the worker is wrong: synchronize it",
    "700024": "the clock of the worker is wrong: synchronize it",
    "50131": _ALLOW,
    "53003": _ALLOW,
    "530032": _ALLOW,
}
"""What to do, by AADSTS number. Microsoft may change the numbers: they only choose the words."""
_CAUSES_BY_ERROR = {
    "invalid_client": "check the client secret or certificate",
    "unauthorized_client": _CHECK_APPLICATION,
    "invalid_resource": _CHECK_CLOUD,
    "invalid_scope": _CHECK_CLOUD,
    "interaction_required": _ALLOW,
    "access_denied": _ALLOW,
}
"""What to do about a number that is not known, by the error of RFC 6749 section 5.2."""
_CHECK_ALL = "check 'tenant', 'client_id' and the client secret or certificate"


@dataclass
class ApplicationLogin:
    """The application of a source, which gets access tokens for one resource; created for each run.

    The library keeps failures as well as tokens in its object, and would repeat them to the next run.
    """

    settings: ApplicationSettings
    scope: str
    timeout: float = TIMEOUT
    """Seconds that one request may take; the library itself has no limit."""
    _client: Any = field(default=None, init=False, repr=False)
    _http: Http | None = field(default=None, init=False, repr=False)

    def token(self, *, is_fresh: bool = False) -> str:
        """Return an access token, one that was not used before if it must be fresh; raises MailboxError."""
        try:
            return self._token(is_fresh=is_fresh)
        finally:
            if self._http:
                self._http.close()  # A token is enough for an hour: no connection to the login server stays open.

    def _token(self, *, is_fresh: bool) -> str:
        if self._client is None:
            self._client = self._try(self._make_client)
        if is_fresh:
            self._client.remove_tokens_for_client()
        response = self._try(lambda: self._client.acquire_token_for_client([self.scope]))
        token = response.get("access_token") if isinstance(response, dict) else None
        if not isinstance(token, str) or not token:
            raise self._refused(response if isinstance(response, dict) else {})
        return self._secret.derive(token)

    @property
    def _secret(self) -> Secret:
        return self.settings.client_secret if self.settings.client_secret.value() else self.settings.certificate

    def _make_client(self) -> msal.ConfidentialClientApplication:
        """Ask the login server for its addresses, and return what asks it for tokens."""
        settings = self.settings
        self._http = Http(ca_file=settings.ca_file, timeout=self.timeout)
        self._http.max_redirects = 0  # The server that a redirect leads to would get the client secret.
        return msal.ConfidentialClientApplication(
            settings.client_id,
            client_credential=settings.client_secret.value() or certificate(settings),
            authority=settings.authority,
            instance_discovery=False,  # would ask the global cloud for the addresses of the others
            http_client=self._http,
        )

    def _try(self, ask: Callable[[], T]) -> T:
        """Return what the library returns; raises MailboxError for each of its errors."""
        where = f"Microsoft's login server {self.settings.authority}"
        try:
            return ask()
        except (JSONDecodeError, AttributeError, TypeError, LookupError) as error:  # acquire_token_for_client
            sentence = (
                f"{where} did not respond as one ({type(error).__name__}); check 'login_url' and the worker's proxy."
            )
            raise MailboxError("ENTRA-07", sentence) from None
        except ValueError as error:  # ConfidentialClientApplication: no such tenant, or not https
            sentence = f"{where} does not know the tenant ({self._text(error)}); {_CHECK_TENANT}."
            raise MailboxError("ENTRA-04", sentence, permanent=True) from None
        except (requests.RequestException, OSError, msal.exceptions.MsalError) as error:  # both
            raise MailboxError("ENTRA-03", f"{where} cannot be reached ({self._text(error)}).") from None

    def _text(self, error: object) -> str:
        return error_text(error, self.settings)

    def _refused(self, response: dict[str, Any]) -> MailboxError:
        """Return the error for a response without a token (RFC 6749 section 5.2); none of its words, for a rate limit."""
        said = str(response.get("error_description") or response.get("error") or "no reason given")
        reason = self._text(said.partition("Trace ID:")[0])
        numbers = [str(number) for number in response.get("error_codes") or re.findall(r"AADSTS(\d+)", said)]
        sentence = f"Microsoft did not issue an access token for application {self.settings.client_id}"
        if not response or response.get("error") in _TEMPORARY or _TEMPORARY_NUMBERS & set(numbers):
            return MailboxError("ENTRA-05", f"{sentence} (temporary): {reason}; the next run will continue.")
        known = [_CAUSES[number] for number in numbers if number in _CAUSES]
        what = known[0] if known else _CAUSES_BY_ERROR.get(str(response.get("error")), _CHECK_ALL)
        return MailboxError("ENTRA-06", f"{sentence} ({reason}); {what}.", permanent=True)


def certificate(settings: ApplicationSettings) -> dict[str, str]:
    """Return the key and the certificate as msal wants them; raises MailboxError, without a word of the key."""
    # An environment variable or a vault may have the line breaks as text.
    text = settings.certificate.value().replace("\\r", "").replace("\\n", "\n")
    blocks = {found[1].rpartition(" ")[2]: found[0] for found in reversed(list(_PEM.finditer(text)))}
    settings.certificate.derive(blocks.get("KEY", ""))
    try:
        key = load_pem_private_key(blocks["KEY"].encode(), password=None)
        is_pair = key.public_key() == load_pem_x509_certificate(blocks["CERTIFICATE"].encode()).public_key()
    except (LookupError, ValueError, TypeError):  # blocks, load_pem_...: missing, damaged, or protected by a password
        sentence = (
            "The 'certificate' of the source cannot be used; it must have both, a private key without a password and its "
            "certificate, each in PEM (-----BEGIN ...)."
        )
        raise MailboxError("ENTRA-02", sentence, permanent=True) from None
    if not is_pair:
        sentence = (
            "The private key in the 'certificate' of the source is that of another certificate; put the two together that were "
            "created together."
        )
        raise MailboxError("ENTRA-08", sentence, permanent=True)
    return {"private_key": blocks["KEY"], "public_certificate": blocks["CERTIFICATE"]}
