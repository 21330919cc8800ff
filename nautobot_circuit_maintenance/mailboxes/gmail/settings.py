"""Settings of a source that reads a Gmail label with a service account."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import SplitResult

from nautobot_circuit_maintenance.mailboxes.credentials import CONSENT_TYPE, Secret, secret_field
from nautobot_circuit_maintenance.mailboxes.secret_settings import Required
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

GMAIL_HOST = "accounts.google.com"
SCOPE = "https://www.googleapis.com/auth/gmail.readonly"
MODIFY_SCOPE = "https://www.googleapis.com/auth/gmail.modify"
"""Only for tags: messages are always read with the other one."""


@dataclass(frozen=True)
class GmailSettings(SourceSettings):
    """The mailbox and the key of the service account that reads it."""

    kind: ClassVar[str] = "gmail"
    tag_names: ClassVar["re.Pattern[str] | None"] = re.compile(
        r"(?!(?i:inbox|spam|trash|unread|important|sent|drafts?|chats?|category_\w+)$)[^\s\x00-\x1f][^\x00-\x1f]{0,98}[^\s\x00-\x1f]"
    )
    """A label, but none of Gmail's own ones that hide messages or mark them as read; STARRED is allowed."""
    url_example: ClassVar[str] = f"https://{GMAIL_HOST} for Gmail"
    required: ClassVar[tuple[Required, ...]] = ("account", ("credentials_file", "service_account"))
    required_for_consent: ClassVar[tuple[Required, ...]] = ("account", "client_secret", "redirect_uri")

    credentials_file: str = ""
    """Path of the service account's key, in JSON."""
    service_account: Secret = secret_field("key")
    """The key itself, in JSON."""
    client_id: str = ""
    """Client ID, where the owner of the mailbox consents instead of a service account acting for him."""
    client_secret: Secret = secret_field("secret")
    """Secret of that client."""
    refresh_token: Secret = secret_field(CONSENT_TYPE)
    """What the consent has given; empty if it was given on the page of the source."""
    redirect_uri: str = ""
    """Address of Nautobot to which Google sends the browser back, as the client has it."""
    login_url: str = ""
    """Another login server than Google's."""

    @classmethod
    def reads(cls, url: SplitResult) -> bool:
        """Return whether this is the URL that selects Gmail."""
        return (url.scheme, url.hostname) == ("https", GMAIL_HOST)

    @classmethod
    def required_keys(cls, entry: Mapping[str, Any]) -> Sequence[Required]:
        """Return the keys that a source needs whose owner consents, or that a service account reads."""
        return cls.required_for_consent if entry.get("client_id") else cls.required

    @property
    def is_by_consent(self) -> bool:
        """Whether the owner of the mailbox consents."""
        return bool(self.client_id)

    @property
    def scopes(self) -> Sequence[str]:
        """What the owner consents to."""
        return (SCOPE, MODIFY_SCOPE) if self.tags else (SCOPE,)

    @property
    def authorize_url(self) -> str:
        """Where the owner of the mailbox consents."""
        return f"{self.login_url.rstrip('/') or 'https://accounts.google.com'}/o/oauth2/v2/auth"

    @property
    def token_url(self) -> str:
        """Where tokens are issued."""
        return f"{self.login_url.rstrip('/') or 'https://oauth2.googleapis.com'}/token"

    @property
    def revoke_url(self) -> str:
        """Where tokens are revoked."""
        return f"{self.login_url.rstrip('/') or 'https://oauth2.googleapis.com'}/revoke"
