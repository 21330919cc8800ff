"""Settings of a source that reads an IMAP folder."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit

from nautobot_circuit_maintenance.mailboxes.credentials import Secret, secret_field
from nautobot_circuit_maintenance.mailboxes.imap.credentials import Login, PasswordLogin, TokenLogin
from nautobot_circuit_maintenance.mailboxes.logins.entra import application_login
from nautobot_circuit_maintenance.mailboxes.logins.settings import (
    CHINA_LOGIN,
    GLOBAL_LOGIN,
    US_LOGIN,
    ApplicationSettings,
)
from nautobot_circuit_maintenance.mailboxes.secret_settings import Required, SettingsProblem

_OUTLOOK = "https://outlook.office365.com"
_REQUIRED: dict[str, tuple[Required, ...]] = {
    "password": ("account", "secret"),
    "microsoft": ("account", "tenant", "client_id", ("client_secret", "certificate")),
    "google": ("account", ("credentials_file", "service_account")),
}
"""The keys that each way to log in needs."""
_CHECK_MICROSOFT = (
    "check 'account', that the application has the permission IMAP.AccessAsApp, and that its service principal (with the "
    "Object ID of the enterprise application) has FullAccess to the mailbox"
)
_CHECK_GOOGLE = "check 'account', and that domain-wide delegation allows the scope https://mail.google.com/"


@dataclass(frozen=True)
class ImapSettings(ApplicationSettings):
    """The IMAP server, how to connect to it, and how to log in."""

    kind: ClassVar[str] = "imap"
    # A keyword (RFC 9051 section 9) without a meaning of its own, which starts with "$", or the system flag of a star.
    tag_names: ClassVar["re.Pattern[str] | None"] = re.compile(
        r"\\Flagged|(?!\$)[A-Za-z0-9$_.,:;!#&'+/<=>?@^`|}~-]{1,60}"
    )
    url_example: ClassVar[str] = "imap://host:port, imaps://host:port"
    required: ClassVar[tuple[Required, ...]] = _REQUIRED["password"]
    login_hosts: ClassVar[dict[str, str]] = {
        "outlook.office365.com": GLOBAL_LOGIN,
        "outlook.office365.us": US_LOGIN,
        "webmail.apps.mil": US_LOGIN,
        "partner.outlook.cn": CHINA_LOGIN,
    }

    login: str = "password"
    """Who vouches for us: "password", or "microsoft" or "google", which issue access tokens."""
    secret: Secret = secret_field("password")
    """Password."""
    credentials_file: str = ""
    """Path of the key of Google's service account, in JSON."""
    service_account: Secret = secret_field("key")
    """The key itself, in JSON."""
    tls: bool = True
    starttls: bool = False
    """Whether TLS starts after the connection is made, before the login."""

    @classmethod
    def reads(cls, url: SplitResult) -> bool:
        """Return whether this is the URL of an IMAP server."""
        return url.scheme in ("imap", "imaps") and bool(url.hostname)

    @classmethod
    def required_keys(cls, entry: Mapping[str, Any]) -> Sequence[Required]:
        """Return the keys that this way to log in needs."""
        return _REQUIRED.get(entry.get("login", "password"), ())

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong, the combination of the TLS settings included."""
        yield from super().problems(entry)
        if entry.get("starttls") and not entry.get("tls", True):
            message = f"'starttls' and \"tls\": False of notification source '{entry['name']}' cannot be combined."
            yield SettingsProblem("E009", message, "Remove one of them.", entry["name"])
        if entry.get("login", "password") not in _REQUIRED:
            message = f"'login' of notification source '{entry['name']}' is {entry['login']!r}, which is not known."
            yield SettingsProblem("E016", message, f"Use {', '.join(_REQUIRED)}.", entry["name"])

    @classmethod
    def is_exchange_online(cls, entry: Mapping[str, Any]) -> bool:
        """Return whether the server is one of Microsoft's."""
        return urlsplit(entry["url"]).hostname in cls.login_hosts

    @property
    def credentials(self) -> Login:
        """How to log in; created for each connection, like its access tokens."""
        if self.login == "microsoft":
            return TokenLogin(self.account, self._microsoft_token, _CHECK_MICROSOFT)
        if self.login == "google":
            return TokenLogin(self.account, self._google_token, _CHECK_GOOGLE)
        return PasswordLogin(self.account, self.secret)

    def _microsoft_token(self) -> str:
        server = f"https://{self.host}" if self.host in self.login_hosts else _OUTLOOK
        return application_login(self, f"{server}/.default").token()

    def _google_token(self) -> str:
        google = import_module("nautobot_circuit_maintenance.mailboxes.logins.google")  # with Google's library
        token: str = google.ServiceAccount(self, self.service_account, self.credentials_file).token(google.MAIL_SCOPE)
        return token

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
        """Return port, encryption and the way to log in."""
        encryption = "STARTTLS" if self.starttls else "TLS" if self.tls else "none"
        return {"Port": str(self.port), "Encryption": encryption, "Login": self.login}
