"""Settings of a channel that keeps alerts silent in Alertmanager."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.channel_settings.webhook import is_web_address
from nautobot_circuit_maintenance.mailboxes.credentials import Secret, secret_field
from nautobot_circuit_maintenance.mailboxes.secret_settings import Required, SettingsProblem

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
"""The name of a label in Prometheus, to which Alertmanager's matchers refer."""
_HINT = "Use a dictionary of labels that the alerts of a circuit have: {'cid': '{{ cid }}'}."


@dataclass(frozen=True)
class AlertmanagerSettings(ChannelSettings):
    """Where the members of a cluster are, and by which labels they know the alerts of a circuit."""

    kind: ClassVar[str] = "alertmanager"
    required: ClassVar[tuple[Required, ...]] = ("urls", "matchers")

    urls: Sequence[str] = ()
    """Of the members of one cluster: the first that answers is used. Without /api/v2."""
    matchers: Mapping[str, str] = field(default_factory=dict)
    """For each label that an alert must have, a template of its value."""
    account: str = ""
    """User name of basic authentication; empty: with the token, or without a login."""
    secret: Secret = secret_field("password")
    """Password of the account."""
    token: Secret = secret_field("token")
    """Bearer token of the Authorization header; empty: none."""
    ca_file: str = ""
    """Path of the CA certificates in PEM, instead of those of the system."""

    @property
    def auth(self) -> tuple[str, str] | str:
        """How to log in: user name and password, or a token, or nothing."""
        return (self.account, self.secret.value()) if self.account else self.token.value()

    @property
    def sends_clear_text(self) -> bool:
        """Whether the password crosses the network without encryption."""
        return bool(self.account) and any(urlsplit(url).scheme == "http" for url in self.urls)

    def redact(self, text: str) -> str:
        """Replace the password, also in base64 together with the account, and the token."""
        return self.redact_secrets(text, account=self.account)

    def describe_connection(self) -> dict[str, str]:
        """Return where it leads, and for which alerts."""
        matchers = ", ".join(f"{name}={template}" for name, template in self.matchers.items())
        return {"Alertmanager": ", ".join(self.urls), "Matchers": matchers}

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong with addresses and matchers: one that is empty would silence every alert."""
        yield from super().problems(entry)
        name = entry["name"]
        for url in entry.get("urls", ()):
            if not isinstance(url, str) or not is_web_address(url):
                message = f"'urls' of channel '{name}' contains {url!r}, which is not a web address."
                yield SettingsProblem("E060", message, "Use ['https://alertmanager.example:9093'].", name)
        for label, template in entry.get("matchers", {}).items():
            if not isinstance(label, str) or not _LABEL.fullmatch(label):
                message = f"'matchers' of channel '{name}' contains {label!r}, which is not the name of a label."
                yield SettingsProblem("E061", message, _HINT, name)
            elif not isinstance(template, str) or not template.strip():
                message = f"'matchers' of channel '{name}' has no template for the label '{label}'."
                yield SettingsProblem("E061", message, _HINT, name)
