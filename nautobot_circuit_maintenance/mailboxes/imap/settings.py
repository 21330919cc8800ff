"""Settings of a source that reads an IMAP folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit

from nautobot_circuit_maintenance.mailboxes.credentials import Secret, secret_field
from nautobot_circuit_maintenance.mailboxes.imap.credentials import PasswordLogin
from nautobot_circuit_maintenance.mailboxes.settings import SettingsProblem, SourceSettings


@dataclass(frozen=True)
class ImapSettings(SourceSettings):
    """The IMAP server, how to connect to it, and how to log in."""

    kind: ClassVar[str] = "imap"
    url_example: ClassVar[str] = "imap://host:port, imaps://host:port"
    required: ClassVar[tuple[str, ...]] = ("account", "secret")

    secret: Secret = secret_field("password")
    """Password."""
    tls: bool = True
    starttls: bool = False
    """Whether TLS starts after the connection is made, before the login."""
    ca_file: str = ""
    """Path of the certificates to trust, in PEM; empty: those of the system."""

    @classmethod
    def reads(cls, url: SplitResult) -> bool:
        """Return whether this is the URL of an IMAP server."""
        return url.scheme in ("imap", "imaps") and bool(url.hostname)

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong, the combination of the TLS settings included."""
        yield from super().problems(entry)
        if entry.get("starttls") and not entry.get("tls", True):
            message = f"'starttls' and \"tls\": False of notification source '{entry['name']}' cannot be combined."
            yield SettingsProblem("E009", message, "Remove one of them.", entry["name"])

    @property
    def credentials(self) -> PasswordLogin:
        """How to log in."""
        return PasswordLogin(self.account, self.secret)

    @property
    def has_implicit_tls(self) -> bool:
        """Whether TLS starts with the first byte."""
        return self.tls and not self.starttls

    @property
    def port(self) -> int:
        """Port of the URL, or the one registered for this kind of connection (RFC 8314 section 3.2, RFC 9051)."""
        return urlsplit(self.url).port or (993 if self.has_implicit_tls else 143)

    @property
    def sends_clear_text(self) -> bool:
        """Whether the password crosses the network without encryption."""
        return not self.tls

    def describe_connection(self) -> dict[str, str]:
        """Return port and encryption."""
        encryption = "STARTTLS" if self.starttls else "TLS" if self.tls else "none"
        return {"Port": str(self.port), "Encryption": encryption}
