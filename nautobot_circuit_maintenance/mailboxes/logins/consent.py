"""Google's consent of the owner of a mailbox (OAuth 2.0 for web server applications): a refresh token, and what ends it.

The authorization code is exchanged here and not by Google's library, which rejects a redirect URI behind a proxy that ends
TLS, and takes fewer or more scopes than were asked for as an error of its own.
"""

import base64
import hashlib
import json
import secrets
from contextlib import closing
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httplib2
from google.auth.exceptions import RefreshError
from google.auth.transport import Request
from google.oauth2 import credentials

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.base import TIMEOUT, error_text
from nautobot_circuit_maintenance.mailboxes.credentials import Secret
from nautobot_circuit_maintenance.mailboxes.gmail.settings import SCOPE, GmailSettings
from nautobot_circuit_maintenance.mailboxes.logins.google import TEMPORARY_ERRORS, is_temporary, new_http

_AUTHORIZE_AGAIN = "open the source and click Authorize"
_REVOKED = (
    "the consent has ended: it was revoked, the password of the account was changed, it was not used for six months, or the "
    "consent screen is External and in Testing, where it ends after seven days"
)
_USED = "the code was used or has expired, or 'redirect_uri' was changed in the meantime"
_UNKNOWN = "see Google's answer"
_ENDS = {
    "invalid_rapt": "Google Cloud session control asks to sign in again: exempt the app from it, or use a service account",
    "deleted_client": "the OAuth client was deleted in Google Cloud: create a new one",
    "invalid_client": "check 'client_id' and 'client_secret'",
    "unauthorized_client": "the OAuth client is not the one that the consent was given to",
    "invalid_scope": "the consent does not include the right that is needed for 'tags'",
    "admin_policy_enforced": "an administrator of Google Workspace blocks the app: trust it under API controls",
    "org_internal": "the consent screen is Internal: the account must be in the organization of the OAuth client",
    "redirect_uri_mismatch": "the Authorized redirect URIs of the OAuth client must contain 'redirect_uri' as it is",
    "invalid_grant": _REVOKED,
    "invalid_token": _REVOKED,
}
"""What to do, by error code of Google."""


class ConsentRequest(NamedTuple):
    """What the browser is sent to Google with; the session keeps it until the answer."""

    url: str
    state: str
    verifier: str


class Credentials(credentials.Credentials):
    """Credentials whose access tokens are redacted like the refresh token that they were obtained with."""

    secret: Secret

    def refresh(self, request: Request) -> None:
        """Get an access token; raises GoogleAuthError."""
        super().refresh(request)  # type: ignore[no-untyped-call]  # google-auth is annotated in part
        self.secret.derive(str(self.token))


def ask(settings: GmailSettings) -> ConsentRequest:
    """Return where to send the browser; a refresh token is given only on a consent screen, which is therefore forced."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")  # RFC 7636
    query = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": settings.redirect_uri,
        "scope": " ".join(settings.scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",
        "login_hint": settings.account,
    }
    return ConsentRequest(f"{settings.authorize_url}?{urlencode(query)}", state, verifier)


def exchange(settings: GmailSettings, code: str, verifier: str) -> str:
    """Return the refresh token for an authorization code; raises MailboxError."""
    settings.client_secret.derive(code)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": settings.redirect_uri,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.value(),
    }
    answer = _post(settings, settings.token_url, form)
    for name in ("access_token", "refresh_token"):
        settings.client_secret.derive(str(answer.get(name) or ""))
    if "error" in answer:
        raise _not_exchanged(settings, str(answer["error"]), answer)
    if not set(settings.scopes) <= set(str(answer.get("scope", "")).split()):
        boxes = "reading and for labels" if settings.tags else "reading"
        sentence = (
            f"The right to read Gmail was not granted: click Authorize again, and leave the box for {boxes} selected."
        )
        raise MailboxError("CONSENT-03", sentence, permanent=True)
    if not answer.get("refresh_token"):
        sentence = (
            "Google gave no refresh token. Remove the app under https://myaccount.google.com/connections, then click Authorize "
            "again."
        )
        raise MailboxError("CONSENT-04", sentence, permanent=True)
    return str(answer["refresh_token"])


def revoke(settings: GmailSettings, token: str) -> None:
    """Revoke a refresh token; raises MailboxError, but not for a token that Google no longer knows."""
    answer = _post(settings, settings.revoke_url, {"token": settings.client_secret.derive(token)})
    if answer.get("error") not in (None, "invalid_token"):
        raise _refused(settings, str(answer["error"]), answer)


def consented(settings: GmailSettings, scope: str = SCOPE) -> Credentials:
    """Return what gets access tokens with the refresh token; raises MailboxError if there is none."""
    if not settings.refresh_token.value():
        sentence = f"The app is not authorized to read account '{settings.account}': {_AUTHORIZE_AGAIN}."
        raise MailboxError("CONSENT-05", sentence, permanent=True)
    found = Credentials(  # type: ignore[no-untyped-call]  # not annotated
        None,
        refresh_token=settings.refresh_token.value(),
        token_uri=settings.token_url,
        client_id=settings.client_id,
        client_secret=settings.client_secret.value(),
        scopes=[scope],
    )
    found.secret = settings.refresh_token
    return found


def ended(settings: GmailSettings, error: RefreshError) -> MailboxError:
    """Return the error for a refresh token that gives no access tokens; Google's own words are about other programs."""
    details = next((each for each in error.args[1:] if isinstance(each, dict)), {})
    text = str(error.args[0]) if error.args else ""
    # The library's words about this are for users of Google's command line.
    is_rapt = "invalid_rapt" in (details.get("error_subtype"), text) or "Reauthentication is needed" in text
    code = "invalid_rapt" if is_rapt else str(details.get("error") or text)
    if not is_rapt and is_temporary(error):
        return _temporary(settings, code)
    return _refused(settings, code, details)


def _temporary(settings: GmailSettings, code: str) -> MailboxError:
    sentence = f"Google did not issue an access token (temporary): {error_text(code, settings)}; try again later."
    return MailboxError("CONSENT-06", sentence)


def _not_exchanged(settings: GmailSettings, code: str, details: dict[str, Any]) -> MailboxError:
    """Return the error for an authorization code that gives no refresh token."""
    if code in TEMPORARY_ERRORS:
        return _temporary(settings, code)
    reason = error_text(f"{code} {details.get('error_description', '')}", settings)
    what = {**_ENDS, "invalid_grant": _USED}.get(code, _UNKNOWN)
    sentence = (
        f"Google gave no access to account '{settings.account}' ({reason}); {what}. 'redirect_uri' is {settings.redirect_uri}. "
        f"Then {_AUTHORIZE_AGAIN}."
    )
    return MailboxError("CONSENT-09", sentence, permanent=True)


def _refused(settings: GmailSettings, code: str, details: dict[str, Any]) -> MailboxError:
    reason = error_text(f"{code} {details.get('error_description', '')}", settings)
    what = next((text for name, text in _ENDS.items() if name in code), _UNKNOWN)
    sentence = (
        f"Google does not let the app read account '{settings.account}' ({reason}); {what}. Then {_AUTHORIZE_AGAIN}."
    )
    return MailboxError("CONSENT-07", sentence, permanent=True)


def _post(settings: GmailSettings, url: str, form: dict[str, str]) -> dict[str, Any]:
    """Return the JSON that Google answers to a form."""
    fields = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        with closing(new_http(TIMEOUT)) as http:
            _, content = http.request(url, "POST", body=urlencode(form), headers=fields)
        answer = json.loads(content or b"{}")
        return answer if isinstance(answer, dict) else {"error": "no JSON object"}
    except (httplib2.HttpLib2Error, OSError, ValueError, RecursionError) as error:  # request, json.loads
        sentence = f"Google's login server cannot be reached ({error_text(error, settings)}); check the proxy of the web server."
        raise MailboxError("CONSENT-08", sentence) from None
