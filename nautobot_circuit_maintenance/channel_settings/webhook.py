"""Settings of a channel that posts JSON to a URL."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.mailboxes.credentials import Secret, secret_field
from nautobot_circuit_maintenance.mailboxes.secret_settings import Required, SettingsProblem


@dataclass(frozen=True)
class WebhookSettings(ChannelSettings):
    """Where to post, and how the receiver knows that it was us."""

    kind: ClassVar[str] = "webhook"
    required: ClassVar[tuple[Required, ...]] = ("url",)

    url: Secret = secret_field("url")
    """http:// or https://; a secret, because many services have a token in it."""
    secret: Secret = secret_field("secret")
    """Key of the signature; empty: messages are not signed."""
    token: Secret = secret_field("token")
    """Bearer token of the Authorization header; empty: none."""
    ca_file: str = ""
    """Path of the CA certificates in PEM, instead of those of the system."""

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong with the URL; one of a secrets group is looked at when it is used."""
        yield from super().problems(entry)
        if entry.get("url") and not is_web_address(entry["url"]):
            hint = "Use https://host/path."
            yield SettingsProblem(
                "E052", f"The url of channel '{entry['name']}' is not a web address.", hint, entry["name"]
            )


def is_web_address(url: str) -> bool:
    """Return whether a URL can be posted to; user names in it are not supported."""
    try:
        parts = urlsplit(url)
        is_plain = parts.port != 0 and not (parts.username or parts.password)
    except ValueError:  # urlsplit, parts.port: brackets that do not close, a port that is not a number
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_plain and url.isprintable()
