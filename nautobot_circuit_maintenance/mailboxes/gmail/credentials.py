"""The key of a service account, as Google lets an administrator download it."""

import json

from google.oauth2.service_account import Credentials

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

_KEYS = ("type", "client_email", "private_key", "token_uri")


def read_credentials(settings: SourceSettings, scope: str) -> Credentials:
    """Read the key, to act for the account of the source; raises MailboxError."""
    file = f"The credentials_file '{settings.credentials_file}'"
    again = "download the JSON key of the service account again"
    try:
        with open(settings.credentials_file, encoding="utf-8") as stream:
            info = json.load(stream)
    except OSError as error:  # open
        raise MailboxError("GMAIL-01", f"{file} cannot be read ({error.strerror}).", permanent=True) from error
    except ValueError:  # json.load: what it quotes may be secret
        raise MailboxError("GMAIL-02", f"{file} is not valid JSON; {again}.", permanent=True) from None
    if not isinstance(info, dict) or not all(isinstance(info.get(key), str) for key in _KEYS):
        raise MailboxError("GMAIL-03", f"{file} is not a service account key; {again}.", permanent=True)
    try:
        return Credentials.from_service_account_info(  # type: ignore[no-untyped-call,no-any-return]  # not annotated
            info, scopes=[scope], subject=settings.account
        )
    except ValueError:  # from_service_account_info: no private key in PEM
        raise MailboxError("GMAIL-04", f"{file} has no usable private key; {again}.", permanent=True) from None
