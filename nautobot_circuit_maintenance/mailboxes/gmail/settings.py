"""Settings of a source that reads a Gmail label with a service account."""

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import SplitResult

from nautobot_circuit_maintenance.mailboxes.credentials import Secret, secret_field
from nautobot_circuit_maintenance.mailboxes.settings import Required, SourceSettings

GMAIL_HOST = "accounts.google.com"


@dataclass(frozen=True)
class GmailSettings(SourceSettings):
    """The mailbox and the key of the service account that reads it."""

    kind: ClassVar[str] = "gmail"
    url_example: ClassVar[str] = f"https://{GMAIL_HOST} for Gmail"
    required: ClassVar[tuple[Required, ...]] = ("account", ("credentials_file", "service_account"))

    credentials_file: str = ""
    """Path of the service account's key, in JSON."""
    service_account: Secret = secret_field("key")
    """The key itself, in JSON."""

    @classmethod
    def reads(cls, url: SplitResult) -> bool:
        """Return whether this is the URL that selects Gmail."""
        return (url.scheme, url.hostname) == ("https", GMAIL_HOST)
