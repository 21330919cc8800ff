"""The refresh tokens that users have consented to, encrypted with Nautobot's SECRET_KEY.

They are in a table without change log, API, GraphQL and export. They cannot be read from a dump of the
database without the key; a secrets group of Nautobot is the better place for them.
"""

import base64
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings

from nautobot_circuit_maintenance.domain.errors import MailboxError

_PURPOSE = b"nautobot_circuit_maintenance oauth 1"
_AUTHORIZE_AGAIN = "open the source and click Authorize again"


def read_consent(source: str, account: str) -> str:
    """Return the refresh token of a source for an account, empty if there is none; raises MailboxError."""
    row = _rows().filter(source__name=source).first()
    if row is None:
        return ""
    text = row.token.encode()
    try:
        content = json.loads(_keys().decrypt(text))
    except (InvalidToken, ValueError):  # decrypt, json.loads
        sentence = (
            f"The consent of source '{source}' cannot be decrypted, because SECRET_KEY was changed; {_AUTHORIZE_AGAIN}, or put "
            "the old key into SECRET_KEY_FALLBACKS."
        )
        raise MailboxError("CONSENT-01", sentence, permanent=True) from None
    # Or a row that was copied to another source would let it read the mailbox of this one.
    if (content["source"], content["account"]) != (source, account):
        sentence = f"The consent of source '{source}' is for account '{content['account']}'; {_AUTHORIZE_AGAIN}."
        raise MailboxError("CONSENT-02", sentence, permanent=True)
    _encrypt_with_todays_key(row)
    return str(content["token"])


def store_consent(source: Any, account: str, token: str) -> None:
    """Keep the refresh token of a source (a row) for an account; it replaces the one before."""
    content = json.dumps({"source": source.name, "account": account, "token": token}).encode()
    _rows().update_or_create(source=source, defaults={"token": _keys().encrypt(content).decode()})


def delete_consent(source: Any) -> None:
    """Forget the refresh token of a source (a row)."""
    _rows().filter(source=source).delete()


def has_consent(source: Any) -> bool:
    """Return whether there is a refresh token of a source (a row)."""
    return bool(_rows().filter(source=source).exists())


def _rows() -> Any:
    return apps.get_model("nautobot_circuit_maintenance", "MailboxConsent").objects


def _encrypt_with_todays_key(row: Any) -> None:
    """Encrypt a token again that was encrypted with an older key, so that this can be removed one day."""
    try:
        Fernet(_key(settings.SECRET_KEY)).decrypt(row.token.encode())
    except InvalidToken:
        row.token = _keys().rotate(row.token.encode()).decode()
        row.save(update_fields=["token"])


def _keys() -> MultiFernet:
    """Return what encrypts with today's key, and decrypts with an older one too."""
    return MultiFernet([Fernet(_key(each)) for each in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> bytes:
    """Derive a key that serves nothing else (RFC 5869)."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
