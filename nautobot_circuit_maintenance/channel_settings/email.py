"""Settings of a channel that sends email."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.mailboxes.credentials import Secret, secret_field
from nautobot_circuit_maintenance.mailboxes.secret_settings import Required, SettingsProblem

# One address that needs no quotes in a header field (RFC 5322 section 3.2.3), without spaces and route (RFC 5321 section
# 4.1.2): nothing that ends a command or begins another one.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True)
class EmailSettings(ChannelSettings):
    """The mail server, how to connect to it, and who the sender is."""

    kind: ClassVar[str] = "email"
    is_addressed: ClassVar[bool] = True
    required: ClassVar[tuple[Required, ...]] = ("url", "sender")

    url: str = ""
    """smtp://host:port, which switches to TLS by STARTTLS, or smtps://host:port."""
    sender: str = ""
    """Address of the sender; its domain is that of the Message-IDs."""
    account: str = ""
    """User name; empty: the server takes messages without a login."""
    secret: Secret = secret_field("password")
    """Password."""
    tls: bool = True
    ca_file: str = ""
    """Path of the CA certificates in PEM, instead of those of the system."""

    @classmethod
    def required_keys(cls, entry: Mapping[str, Any]) -> Sequence[Required]:
        """Return the keys that are needed, the password with an account."""
        return (*cls.required, "secret") if entry.get("account") else cls.required

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong with server, sender and login."""
        yield from super().problems(entry)
        name, url, sender = entry["name"], entry.get("url", ""), entry.get("sender", "")
        if url and not _is_server(url):
            hint = "Use smtp://host:port, or smtps://host:port if TLS starts with the first byte; without user or path."
            yield SettingsProblem("E048", f"The url of channel '{name}' is not that of a mail server.", hint, name)
        if sender and not ADDRESS.fullmatch(sender):
            hint = "Use a plain address: 'nautobot@example.com'."
            yield SettingsProblem("E049", f"'sender' of channel '{name}' is not an email address.", hint, name)
        if url.lower().startswith("smtps:") and not entry.get("tls", True):
            message = f"smtps:// and \"tls\": False of channel '{name}' cannot be combined."
            yield SettingsProblem("E050", message, 'Use smtp:// or remove "tls".', name)
        if entry.get("secret") and not entry.get("account"):
            hint = "Set 'account', or remove 'secret'."
            yield SettingsProblem("E051", f"Channel '{name}' has a password without an account.", hint, name)

    @property
    def host(self) -> str:
        """Host name of the URL."""
        return urlsplit(self.url).hostname or ""

    @property
    def has_implicit_tls(self) -> bool:
        """Whether TLS starts with the first byte."""
        return urlsplit(self.url).scheme == "smtps"

    @property
    def port(self) -> int:
        """Port of the URL, or the one registered for this kind of connection (RFC 6409, RFC 8314 section 3.3)."""
        return urlsplit(self.url).port or (465 if self.has_implicit_tls else 587 if self.account else 25)

    @property
    def domain(self) -> str:
        """Domain of the sender."""
        return self.sender.rpartition("@")[2]

    @property
    def sends_clear_text(self) -> bool:
        """Whether the password crosses the network without encryption."""
        return bool(self.account) and not self.tls

    def describe_connection(self) -> dict[str, str]:
        """Return server, encryption, account and sender."""
        encryption = "TLS" if self.has_implicit_tls else "STARTTLS" if self.tls else "none"
        server = {"Host": self.host, "Port": str(self.port), "Encryption": encryption}
        return {**server, "Account": self.account or "none", "Sender": self.sender}

    def redact(self, text: str) -> str:
        """Replace the password, also in base64 together with the account."""
        return self.redact_secrets(text, account=self.account)


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_plain = parts.port != 0 and not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:  # urlsplit, parts.port: brackets that do not close, a port that is not a number
        return False
    return parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.path in ("", "/") and is_plain
