"""PLUGINS_CONFIG as frozen values: the only reader of the settings."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes.kinds import MAILBOX_KINDS
from nautobot_circuit_maintenance.mailboxes.settings import SourceSettings

PACKAGE = "nautobot_circuit_maintenance"

_NUMBERS = ("raw_notification_initial_days_since", "max_message_size", "dashboard_n_days", "backlog_per_worker")
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_TEXT = (str, "a text")
_KINDS: dict[type, tuple[Any, str]] = {bool: (bool, "True or False"), tuple: ((list, tuple), "a list of texts")}
"""What a key of a source must be, by the type of its default; all others are texts."""
_MISSING_HINT = "Every entry of notification_sources is a dictionary with at least 'name' and 'url'."


@dataclass(frozen=True)
class Problem:
    """A mistake in the settings: what is wrong, and what to write instead."""

    id: str
    """The part of the check's id behind the app's name: "E007"."""
    message: str
    hint: str
    source: str = ""
    """Name of the source it is about; empty where it is about the app or an entry without a name."""


@dataclass(frozen=True)
class AppSettings:
    """All settings of the app; a source with a mistake stands in ``problems`` and not in ``sources``."""

    sources: tuple[SourceSettings, ...] = ()
    raw_notification_initial_days_since: int = 7
    """Days of backlog that are read of a sender that is new."""
    max_message_size: int = 25 * 1024 * 1024
    """Bytes; of a larger message only the headers are kept."""
    dashboard_n_days: int = 30
    """Days that the dashboard looks ahead."""
    backlog_per_worker: int = 500
    """For every so many new notifications of a run, one more worker is asked to help with them."""
    trusted_hosts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Who may say who wrote a mail, in lower case, by the name of each source that requires authentication - also of one
    with a mistake in its settings: what waits is not let in because of that."""
    problems: tuple[Problem, ...] = ()

    @property
    def source_names(self) -> set[str]:
        """The name of every source in PLUGINS_CONFIG, also of one with a mistake."""
        return {each.name for each in self.sources} | {each.source for each in self.problems if each.source}

    def without_secrets(self, text: str) -> str:
        """Return a text without the secret of any source."""
        for each in self.sources:
            text = each.without_secret(text)
        return text

    def source(self, name: str) -> SourceSettings:
        """Return the settings of the source of this name; raises MailboxError where they are missing or wrong."""
        for each in self.sources:
            if each.name == name:
                return each
        for problem in self.problems:
            if problem.source == name:
                raise MailboxError("MAILBOX-01", f"{problem.message} {problem.hint}", permanent=True)
        raise MailboxError("MAILBOX-02", "This source is no longer in PLUGINS_CONFIG.", permanent=True)


def get_app_settings() -> AppSettings:
    """Read PLUGINS_CONFIG; never raises, mistakes are in ``problems``."""
    return parse(settings.PLUGINS_CONFIG.get(PACKAGE, {}))


def parse(config: Mapping[str, Any]) -> AppSettings:
    """Turn the app's part of PLUGINS_CONFIG into values; never raises, mistakes are in ``problems``."""
    problems = list(_unknown_keys(config))
    numbers = {}
    for name in _NUMBERS:
        value = config.get(name, getattr(AppSettings, name))
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            numbers[name] = value
        else:
            problems.append(Problem("E001", f"{name} is {value!r}.", "Write a whole number above 0."))
    sources: list[SourceSettings] = []
    entries = config.get("notification_sources", [])
    if not isinstance(entries, (list, tuple)):
        problems.append(Problem("E002", "notification_sources is not a list.", _MISSING_HINT))
        entries = []
    for position, entry in enumerate(entries, start=1):
        found = list(_entry_problems(position, entry)) or list(
            _source_problems(entry, {s.name.lower() for s in sources})
        )
        problems += found
        if not found:
            sources.append(SourceSettings(**entry))
    return AppSettings(
        sources=tuple(sources), trusted_hosts=_trusted_hosts(entries), problems=tuple(problems), **numbers
    )


def _trusted_hosts(entries: Sequence[Any]) -> dict[str, frozenset[str]]:
    """Collect the hosts that the sources trust which require authentication; no right name, nobody."""
    demanding = [each for each in entries if isinstance(each, Mapping) and each.get("require_authentication")]
    return {
        each["name"]: frozenset(host.lower() for host in _list(each.get("trusted_authserv_ids")) if _is_host(host))
        for each in demanding
        if isinstance(each.get("name"), str)
    }


def _list(value: Any) -> Sequence[Any]:
    """Return what is a list, and an empty one for anything else."""
    return value if isinstance(value, (list, tuple)) else ()


def _is_host(value: Any) -> bool:
    """Tell whether this can be the name of a mail server."""
    return isinstance(value, str) and bool(_HOST.fullmatch(value))


def _unknown_keys(config: Mapping[str, Any]) -> Iterator[Problem]:
    """Name what is misspelt: a key that nobody reads would be missed without a word."""
    known = ("notification_sources", *_NUMBERS)
    for key in sorted(set(config) - set(known), key=str):
        yield Problem("E010", f"The settings have an unknown key '{key}'.", f"The keys are: {', '.join(known)}.")


def _entry_problems(position: int, entry: Any) -> Iterator[Problem]:
    """Say why an entry cannot become a SourceSettings at all."""
    if not isinstance(entry, Mapping) or not entry.get("name") or not isinstance(entry.get("name"), str):
        yield Problem("E003", f"Entry {position} of notification_sources has no name.", _MISSING_HINT)
        return
    name = entry["name"]
    known = {item.name: _KINDS.get(type(item.default), _TEXT) for item in fields(SourceSettings)}
    for key in sorted(set(entry) - set(known), key=str):
        hint = f"The keys are: {', '.join(known)}."
        yield Problem("E004", f"Notification source '{name}' has an unknown key '{key}'.", hint, name)
    for key, value in entry.items():
        kind, wanted = known.get(key, (object, ""))
        if not isinstance(value, kind):
            yield Problem("E005", f"'{key}' of notification source '{name}' is not {wanted}.", f"Write {wanted}.", name)


def _source_problems(entry: Mapping[str, Any], names: set[str]) -> Iterator[Problem]:
    """Say what is wrong or missing in an entry whose keys and types are right."""
    name = entry["name"]
    if name.lower() in names:
        hint = "Give each its own name; capitals do not count."  # to MySQL they are the same
        yield Problem("E006", f"Two notification sources are named '{name}'.", hint, name)
    if len(name) > 100:
        yield Problem("E006", f"The name of notification source '{name}' is too long.", "Use 100 characters.", name)
    if not _is_usable_url(entry.get("url", "")):
        hint = f"Write {', or '.join(kind.example for kind in MAILBOX_KINDS.values())}."
        yield Problem("E007", f"The url of notification source '{name}' is missing or of no known kind.", hint, name)
        return
    for key in MAILBOX_KINDS[SourceSettings(**entry).kind].required:
        if not entry.get(key):
            hint = f"Set '{key}', for example from an environment variable that is set for web server and worker."
            yield Problem("E008", f"'{key}' of notification source '{name}' is missing or empty.", hint, name)
    if entry.get("starttls") and not entry.get("tls", True):
        yield Problem("E009", f"Notification source '{name}' asks for starttls and no tls.", "Remove one.", name)
    yield from _trust_problems(name, entry.get("require_authentication", False), entry.get("trusted_authserv_ids", ()))


def _trust_problems(name: str, is_required: bool, hosts: Sequence[Any]) -> Iterator[Problem]:
    """Say what is wrong with the mail servers that a source trusts."""
    hint = (
        "Write the names that your mail servers give themselves in Authentication-Results fields: ['mx.example.com']."
    )
    if is_required and not hosts:
        message = f"Notification source '{name}' requires authentication and trusts nobody: every mail is refused."
        yield Problem("E011", message, f"Set 'trusted_authserv_ids'. {hint}", name)
    for host in hosts:
        if not _is_host(host):
            message = f"'trusted_authserv_ids' of notification source '{name}' has {host!r}, which is no host name."
            yield Problem("E012", message, hint, name)


def _is_usable_url(url: str) -> bool:
    """Tell whether a mailbox type reads this URL, and whether its port is one."""
    try:
        return bool(SourceSettings(name="", url=url).kind) and urlsplit(url).port != 0
    except ValueError:  # urlsplit: a port that is no number, brackets that do not close
        return False
