"""What the settings of every channel have in common, whatever kind it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from nautobot_circuit_maintenance.mailboxes.secret_settings import Required, SecretSettings, SettingsProblem


@dataclass(frozen=True)
class ChannelSettings(SecretSettings):
    """One entry of ``channels``; each kind has a subclass with the keys that only it reads."""

    kind: ClassVar[str] = ""
    """Key of the kind in ``CHANNEL_KINDS``, and value of 'kind'."""
    is_addressed: ClassVar[bool] = False
    """Whether each recipient gets a message at an address of their own; else the channel leads to one place."""
    required: ClassVar[tuple[Required, ...]] = ()
    """Keys that a channel must have in addition to 'name' and 'kind'; a secrets group may have those that are secrets."""

    name: str
    instance: str = ""
    """The name of this Nautobot: the setting of the app, not of the channel."""
    secrets_group: str = ""
    """Name of the secrets group in Nautobot that has the secrets which are not in the settings."""

    @classmethod
    def required_keys(cls, entry: Mapping[str, Any]) -> Sequence[Required]:
        """Return the keys that this entry must have in addition to 'name' and 'kind'."""
        return cls.required

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong for this kind in an entry whose keys and types are right."""
        for missing in cls.missing_keys(entry):
            message = f"{missing} of channel '{entry['name']}' is missing or empty."
            hint = f"Set {missing}, or put it into the channel's secrets group if it is a secret."
            yield SettingsProblem("E045", message, hint, entry["name"])

    @property
    def sends_clear_text(self) -> bool:
        """Whether a password crosses the network without encryption."""
        return False

    def describe(self) -> dict[str, str]:
        """Return what a page shows, by label; never a secret."""
        return {"Kind": self.kind, **self.describe_connection(), "Secrets Group": self.secrets_group or "none"}

    def describe_connection(self) -> dict[str, str]:
        """Return what a page shows about where the channel leads, by label."""
        return {}

    def redact(self, text: str) -> str:
        """Replace the secrets that were read to open the channel in text of a server or a library."""
        return self.redact_secrets(text)
