"""What the settings of every notification source have in common, whatever kind of mailbox it reads."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar
from urllib.parse import SplitResult, urlsplit

from nautobot_circuit_maintenance.mail.headers import names_of
from nautobot_circuit_maintenance.mailboxes.credentials import Secret

S = TypeVar("S", bound="SourceSettings")

# Of what RFC 5322 section 3.6.8 allows, what needs no quotes in an IMAP command.
_HEADER_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class SettingsProblem:
    """A mistake in the settings: what is wrong, and what to use instead."""

    id: str
    """The last part of the id of the system check: "E007"."""
    message: str
    hint: str
    source: str = ""
    """Name of the source; empty for the app itself or an entry without a name."""


@dataclass(frozen=True)
class SourceSettings:
    """One entry of ``notification_sources``; each mailbox kind has a subclass with the keys that only it reads."""

    kind: ClassVar[str] = ""
    """Key of the mailbox kind in ``MAILBOX_KINDS``."""
    url_example: ClassVar[str] = ""
    """What to use as 'url', for the error about one that no kind reads."""
    required: ClassVar[tuple[str, ...]] = ()
    """Keys that a source must have in addition to 'name' and 'url'."""

    name: str
    url: str
    """Selects the mailbox kind, and names the server."""
    account: str = ""
    """User name, or the mailbox that a service account acts for."""
    source_header: str | Sequence[str] = "From"
    """Header field with the address of the sender, or several: the first that a message has counts."""
    folder: str = "INBOX"
    """IMAP folder or Gmail label."""
    attach_all_providers: bool = False
    """Whether every present and future provider belongs to the source."""
    require_authentication: bool = False
    """Whether one of the trusted servers must have authenticated the sender."""
    trusted_authserv_ids: Sequence[str] = ()
    """The authserv-ids of those servers in Authentication-Results fields (RFC 8601)."""

    @classmethod
    def reads(cls, url: SplitResult) -> bool:
        """Return whether a URL belongs to this kind; a URL belongs to one kind at most."""
        raise NotImplementedError

    @classmethod
    def from_entry(cls: type[S], entry: Mapping[str, Any]) -> S:
        """Build the settings from an entry without problems; keys of other kinds are ignored."""
        values = {each.name: entry[each.name] for each in fields(cls) if each.name in entry}
        secrets = {name: Secret.of(values[name]) for name in cls.secret_keys() & values.keys()}
        return cls(**{**values, **secrets})

    @classmethod
    def secret_keys(cls) -> frozenset[str]:
        """Return the keys whose values are secrets."""
        return frozenset(each.name for each in fields(cls) if each.type is Secret)

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong for this kind in an entry whose keys and types are right."""
        name = entry["name"]
        for key in cls.required:
            if not entry.get(key):
                message = f"'{key}' of notification source '{name}' is missing or empty."
                hint = f"Set '{key}', for example from an environment variable that web server and worker have."
                yield SettingsProblem("E008", message, hint, name)
        for header in names_of(entry.get("source_header", "From")) or ("",):
            if not isinstance(header, str) or not _HEADER_NAME.fullmatch(header):
                message = (
                    f"'source_header' of notification source '{name}' contains {header!r}, which is not a header name."
                )
                yield SettingsProblem("E014", message, "Use 'X-Original-From' or ['X-Original-From', 'From'].", name)

    @property
    def sender_headers(self) -> Sequence[str]:
        """The header fields with the address of the sender: the first that a message has counts."""
        return names_of(self.source_header)

    @property
    def host(self) -> str:
        """Host name of the URL."""
        return urlsplit(self.url).hostname or ""

    @property
    def sends_clear_text(self) -> bool:
        """Whether the password crosses the network without encryption."""
        return False

    def secrets(self) -> list[Secret]:
        """Return the secrets of the source, read or not."""
        return [getattr(self, key) for key in self.secret_keys()]

    def read_secrets(self) -> None:
        """Read every secret, wherever it is kept; raises MailboxError."""
        for secret in self.secrets():
            secret.value()

    def redact(self, text: str) -> str:
        """Replace the secrets that were read to open the mailbox in text of a server or a library."""
        for secret in self.secrets():
            text = secret.redact(text, account=self.account)
        return text

    def describe(self) -> dict[str, str]:
        """Return what the page of the source shows, by label; never a secret."""
        return {
            "Kind": self.kind,
            "Account": self.account,
            "Host": self.host,
            **self.describe_connection(),
            "Folder": self.folder,
            "Sender Header": ", ".join(self.sender_headers),
            "Authentication": self._describe_authentication(),
        }

    def describe_connection(self) -> dict[str, str]:
        """Return what the page shows about the connection, by label; empty if there is nothing to set."""
        return {}

    def _describe_authentication(self) -> str:
        if not self.require_authentication:
            return "not required"
        return f"required (trusted: {', '.join(self.trusted_authserv_ids)})"
