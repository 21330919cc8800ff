"""What the settings of every notification source have in common, whatever kind of mailbox it reads."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import SplitResult, urlsplit

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mail.exchange_results import EXCHANGE_ONLINE
from nautobot_circuit_maintenance.mail.senders import names_of
from nautobot_circuit_maintenance.mailboxes.secret_settings import Required, SecretSettings, SettingsProblem
from nautobot_circuit_maintenance.mailboxes.tagging import OUTCOMES

FALLBACK = "fallback"
DKIM_CHOICES = ("off", FALLBACK)

# Of what RFC 5322 section 3.6.8 allows, what needs no quotes in an IMAP command.
_HEADER_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class SourceSettings(SecretSettings):
    """One entry of ``notification_sources``; each mailbox kind has a subclass with the keys that only it reads."""

    kind: ClassVar[str] = ""
    """Key of the mailbox kind in ``MAILBOX_KINDS``."""
    url_example: ClassVar[str] = ""
    """What to use as 'url', for the error about one that no kind reads."""
    tag_names: ClassVar["re.Pattern[str] | None"] = None
    """What a tag may be called; None if messages have no tags there."""
    required: ClassVar[tuple[Required, ...]] = ()
    """Keys that a source must have in addition to 'name' and 'url'; a secrets group may have those that are secrets."""

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
    dkim: str = "off"
    """Whether the app verifies signatures itself where no trusted server has: "off", or "fallback"."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """What a message shows in its mailbox, by the state of its notification; empty: the mailbox is never changed."""
    secrets_group: str = ""
    """Name of the secrets group in Nautobot that has the secrets which are not in the settings."""

    @classmethod
    def reads(cls, url: SplitResult) -> bool:
        """Return whether a URL belongs to this kind; a URL belongs to one kind at most."""
        raise NotImplementedError

    @classmethod
    def required_keys(cls, entry: Mapping[str, Any]) -> Sequence[Required]:
        """Return the keys that this entry must have in addition to 'name' and 'url'."""
        return cls.required

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong for this kind in an entry whose keys and types are right."""
        name = entry["name"]
        for missing in cls.missing_keys(entry):
            message = f"{missing} of notification source '{name}' is missing or empty."
            hint = f"Set {missing}, for example from an environment variable that web server and worker have."
            yield SettingsProblem("E008", message, hint, name)
        for header in names_of(entry.get("source_header", "From")) or ("",):
            if not isinstance(header, str) or not _HEADER_NAME.fullmatch(header):
                message = (
                    f"'source_header' of notification source '{name}' contains {header!r}, which is not a header name."
                )
                yield SettingsProblem("E014", message, "Use 'X-Original-From' or ['X-Original-From', 'From'].", name)
        if entry.get("dkim", "off") not in DKIM_CHOICES:
            message = f"'dkim' of notification source '{name}' is {entry['dkim']!r}, which is not known."
            yield SettingsProblem("E020", message, f"Use {' or '.join(map(repr, DKIM_CHOICES))}.", name)
        yield from cls._tag_problems(name, entry.get("tags", {}), entry.get("folder", "INBOX"))
        if EXCHANGE_ONLINE in map(str, entry.get("trusted_authserv_ids", ())) and not cls.is_exchange_online(entry):
            message = (
                f"'trusted_authserv_ids' of notification source '{name}' contains '{EXCHANGE_ONLINE}', but its mailbox is not "
                "in Exchange Online, where anyone may write fields without a name."
            )
            yield SettingsProblem("E017", message, "Use the authserv-ids of your own mail servers.", name)

    @classmethod
    def _tag_problems(cls, name: str, tags: Mapping[Any, Any], folder: str) -> Iterator[SettingsProblem]:
        """Yield what is wrong with the tags of a source."""
        hint = "Use a dictionary such as {'parsed': 'Maintenance', 'failed': 'Maintenance-failed'}."
        if tags and not cls.tag_names:
            message = (
                f"'tags' of notification source '{name}' cannot be set: messages have none in this kind of mailbox."
            )
            yield SettingsProblem("E022", message, "Remove 'tags'.", name)
            return
        for outcome, tag in tags.items():
            if outcome not in OUTCOMES:
                message = f"'tags' of notification source '{name}' contains {outcome!r}, which is not an outcome."
                yield SettingsProblem("E022", message, f"Outcomes: {', '.join(OUTCOMES)}. {hint}", name)
            elif not (isinstance(tag, str) and cls.tag_names and cls.tag_names.fullmatch(tag) and tag != folder):
                message = (
                    f"'tags' of notification source '{name}' contains {tag!r}, which is not a name for a tag there."
                )
                yield SettingsProblem(
                    "E022", message, f"{hint} Letters, digits, hyphens and underscores are always right.", name
                )

    @classmethod
    def is_exchange_online(cls, entry: Mapping[str, Any]) -> bool:  # pylint: disable=unused-argument  # of other kinds
        """Return whether the mailbox is one that only Exchange Online delivers to."""
        return False

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

    def read_secrets(self) -> None:
        """Read every secret, wherever it is kept; raises MailboxError, also if the secrets group lacks one."""
        if missing := self.missing_secret():
            raise MailboxError("MAILBOX-05", missing, permanent=True)

    def redact(self, text: str) -> str:
        """Replace the secrets that were read to open the mailbox in text of a server or a library."""
        return self.redact_secrets(text, account=self.account)

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
            "Tags": ", ".join(f"{tag} ({outcome})" for outcome, tag in self.tags.items()) or "none",
        }

    def describe_connection(self) -> dict[str, str]:
        """Return what the page shows about the connection, by label; empty if there is nothing to set."""
        return {}

    def _describe_authentication(self) -> str:
        if not self.require_authentication:
            return "not required"
        trusted = ", ".join(self.trusted_authserv_ids) or "none"
        return f"required (trusted: {trusted}{'; else by DKIM' if self.dkim == FALLBACK else ''})"
