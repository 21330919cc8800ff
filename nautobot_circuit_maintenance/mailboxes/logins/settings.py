"""Settings of a source that logs in as an application of Microsoft Entra."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from nautobot_circuit_maintenance.mailboxes.credentials import Secret, secret_field
from nautobot_circuit_maintenance.mailboxes.secret_settings import SettingsProblem
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

GLOBAL_LOGIN = "https://login.microsoftonline.com"
US_LOGIN = "https://login.microsoftonline.us"
CHINA_LOGIN = "https://login.partner.microsoftonline.cn"
_CLOUDS = {
    "login.microsoftonline.com": GLOBAL_LOGIN,
    "login.windows.net": GLOBAL_LOGIN,
    "sts.windows.net": GLOBAL_LOGIN,
    "login.microsoftonline.us": US_LOGIN,
    "login.chinacloudapi.cn": CHINA_LOGIN,
    "login.partner.microsoftonline.cn": CHINA_LOGIN,
}
"""The cloud of each login server that Microsoft's library knows, by the login server that we use there."""


@dataclass(frozen=True)
class ApplicationSettings(SourceSettings):
    """The application, and how it proves that it is the one."""

    login_hosts: ClassVar[dict[str, str]] = {}
    """Where the applications of the national cloud log in that has this mail server; of all others, at the global one."""

    tenant: str = ""
    """Directory (tenant) ID, or a domain of the tenant."""
    client_id: str = ""
    """Application (client) ID."""
    client_secret: Secret = secret_field("secret")
    """Value of a client secret."""
    certificate: Secret = secret_field("private-key")
    """Private key and certificate in PEM, instead of a client secret."""
    login_url: str = ""
    """Login server of another cloud."""
    ca_file: str = ""
    """Path of the certificates to trust, in PEM; empty: those of the system."""

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong, a login server of another cloud included: its tokens are accepted nowhere else."""
        yield from super().problems(entry)
        login_url = entry.get("login_url")
        expected = cls.login_hosts.get(urlsplit(entry["url"]).hostname or "")
        if login_url and not _is_login_server(login_url, expected):
            message = f"'login_url' of notification source '{entry['name']}' is not the login server of its cloud."
            hint = f"Remove it, or use {expected or 'https:// and the host of that login server, without the tenant'}."
            yield SettingsProblem("E023", message, hint, entry["name"])

    @property
    def authority(self) -> str:
        """Where access tokens for the tenant are issued."""
        server = self.login_url or self.login_hosts.get(self.host, GLOBAL_LOGIN)
        return f"{server.rstrip('/')}/{self.tenant}"


def _is_login_server(login_url: str, expected: str | None) -> bool:
    """Return whether this is the URL of a server without the tenant, and not one that is known to be of another cloud."""
    try:
        parts = urlsplit(login_url)
    except ValueError:  # urlsplit
        return False
    is_of_cloud = not expected or _CLOUDS.get(parts.hostname or "", expected) == expected
    return parts.scheme == "https" and bool(parts.hostname) and not parts.path.strip("/") and is_of_cloud
