"""Settings some of which are secrets: in PLUGINS_CONFIG itself, or read late from where they are kept."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, TypeVar

from nautobot_circuit_maintenance.mailboxes.credentials import SECRET_TYPE, Secret

S = TypeVar("S", bound="SecretSettings")
Required = str | tuple[str, ...]
"""A key that an entry must have, or several of which it must have one."""
SecretReader = Callable[[str], str]
"""Returns a secret of this type that is kept elsewhere than in the settings, empty if there is none; raises MailboxError."""


@dataclass(frozen=True)
class SettingsProblem:
    """A mistake in the settings: what is wrong, and what to use instead."""

    id: str
    """The last part of the id of the system check: "E007"."""
    message: str
    hint: str
    source: str = ""
    """Name of the source or channel; empty for the app itself or an entry without a name."""
    is_warning: bool = False
    """Whether it must not keep Nautobot from starting or migrating: the entry was written for the older package."""


@dataclass(frozen=True)
class SecretSettings:
    """What sources and channels have in common; a subclass is a frozen dataclass and has ``secrets_group``."""

    @classmethod
    def from_entry(cls: type[S], entry: Mapping[str, Any], read: SecretReader | None = None) -> S:
        """Build the settings from an entry without problems; keys of other kinds are ignored.

        Secrets that the entry does not have are read when they are used.
        """
        values = {each.name: entry[each.name] for each in fields(cls) if each.name in entry}
        for key, secret_type in cls.secret_types().items():
            if values.get(key) or not read:
                values[key] = Secret.of(values.get(key, ""))
            else:
                values[key] = Secret(partial(read, secret_type))
        return cls(**values)

    @classmethod
    def secret_keys(cls) -> frozenset[str]:
        """Return the keys whose values are secrets."""
        return frozenset(cls.secret_types())

    @classmethod
    def secret_types(cls) -> dict[str, str]:
        """Return the keys whose values are secrets, each with the type that it has in a secrets group."""
        return {each.name: each.metadata[SECRET_TYPE] for each in fields(cls) if SECRET_TYPE in each.metadata}

    @classmethod
    def required_keys(cls, entry: Mapping[str, Any]) -> Sequence[Required]:
        """Return the keys that this entry must have in addition to those of every entry."""
        raise NotImplementedError

    @classmethod
    def missing_keys(cls, entry: Mapping[str, Any]) -> Iterator[str]:
        """Yield the required keys that an entry lacks, quoted; a secrets group may have those that are secrets."""
        for keys in map(_alternatives, cls.required_keys(entry)):
            is_in_group = entry.get("secrets_group") and not cls.secret_keys().isdisjoint(keys)
            if not (is_in_group or any(entry.get(key) for key in keys)):
                yield " or ".join(f"'{key}'" for key in keys)

    def secrets(self) -> list[Secret]:
        """Return the secrets, read or not."""
        return [getattr(self, key) for key in self.secret_types()]

    def missing_secret(self) -> str:
        """Read every secret, wherever it is kept; return a sentence about one that the secrets group lacks, else "".

        Raises MailboxError if one cannot be read.
        """
        for secret in self.secrets():
            secret.value()
        group = getattr(self, "secrets_group", "")
        for keys in map(_alternatives, self.required_keys(self.__dict__) if group else ()):
            types = [self.secret_types()[key] for key in keys if key in self.secret_types()]
            if types and not any(self._has(key) for key in keys):
                wanted = " or ".join(each.replace("-", " ").title() for each in types)
                return (
                    f"The secrets group '{group}' has no secret of the type {wanted}, or it is empty; add it "
                    f"with the access type Generic, or set {' or '.join(map(repr, keys))} in PLUGINS_CONFIG."
                )
        return ""

    def _has(self, key: str) -> bool:
        value = getattr(self, key)
        return bool(value.value() if isinstance(value, Secret) else value)

    def redact_secrets(self, text: str, *, account: str = "") -> str:
        """Replace the secrets that were read, and what was derived from them, in text of a server or a library."""
        for secret in self.secrets():
            text = secret.redact(text, account=account)
        return text


def _alternatives(required: Required) -> tuple[str, ...]:
    return (required,) if isinstance(required, str) else required
