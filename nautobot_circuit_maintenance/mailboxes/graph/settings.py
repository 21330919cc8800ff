"""Settings of a source that reads a folder of Microsoft 365."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit

from nautobot_circuit_maintenance.mailboxes.logins.settings import (
    CHINA_LOGIN,
    GLOBAL_LOGIN,
    US_LOGIN,
    ApplicationSettings,
)
from nautobot_circuit_maintenance.mailboxes.secret_settings import Required, SettingsProblem

VERSION = "/v1.0"


@dataclass(frozen=True)
class GraphSettings(ApplicationSettings):
    """The mailbox, and the application that reads it."""

    kind: ClassVar[str] = "graph"
    tag_names: ClassVar["re.Pattern[str] | None"] = re.compile(r"[^\s,;][^,;\x00-\x1f]{0,98}[^\s,;]")
    url_example: ClassVar[str] = "https://graph.microsoft.com for Microsoft 365"
    required: ClassVar[tuple[Required, ...]] = ("account", "tenant", "client_id", ("client_secret", "certificate"))
    login_hosts: ClassVar[dict[str, str]] = {
        "graph.microsoft.com": GLOBAL_LOGIN,
        "graph.microsoft.us": US_LOGIN,
        "dod-graph.microsoft.us": US_LOGIN,
        "microsoftgraph.chinacloudapi.cn": CHINA_LOGIN,
    }

    @classmethod
    def reads(cls, url: SplitResult) -> bool:
        """Return whether this is the URL of Graph: of a cloud that is known, or with the version of the API."""
        return url.scheme == "https" and (url.hostname in cls.login_hosts or url.path.rstrip("/") == VERSION)

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong, a cloud included whose login server is not known."""
        yield from super().problems(entry)
        if urlsplit(entry["url"]).hostname not in cls.login_hosts and not entry.get("login_url"):
            message = (
                f"'login_url' of notification source '{entry['name']}' is missing: the cloud of its url is not known."
            )
            yield SettingsProblem("E015", message, "Set the login server of that cloud.", entry["name"])

    @classmethod
    def is_exchange_online(cls, entry: Mapping[str, Any]) -> bool:
        """Return True: Graph has no other mailboxes."""
        return True

    @property
    def server(self) -> str:
        """Scheme, host and port of the API."""
        parts = urlsplit(self.url)
        return f"https://{parts.hostname}" + (f":{parts.port}" if parts.port not in (None, 443) else "")

    @property
    def scope(self) -> str:
        """What an access token must be for."""
        return f"{self.server}/.default"

    def describe_connection(self) -> dict[str, str]:
        """Return who reads the mailbox."""
        return {"Tenant": self.tenant, "Application": self.client_id}
