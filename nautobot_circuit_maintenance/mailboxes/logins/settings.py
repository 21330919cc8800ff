"""Settings of a source that logs in as an application of Microsoft Entra."""

from dataclasses import dataclass
from typing import ClassVar

from nautobot_circuit_maintenance.mailboxes.credentials import Secret, secret_field
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

GLOBAL_LOGIN = "https://login.microsoftonline.com"
US_LOGIN = "https://login.microsoftonline.us"
CHINA_LOGIN = "https://login.partner.microsoftonline.cn"


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

    @property
    def authority(self) -> str:
        """Where access tokens for the tenant are issued."""
        server = self.login_url or self.login_hosts.get(self.host, GLOBAL_LOGIN)
        return f"{server.rstrip('/')}/{self.tenant}"
