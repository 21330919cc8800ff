"""PLUGINS_CONFIG as frozen values: the only reader of the settings."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from nautobot_circuit_maintenance import metric_settings, risk_settings
from nautobot_circuit_maintenance.channel_settings import parsing as channel_settings
from nautobot_circuit_maintenance.channel_settings.parsing import Channels
from nautobot_circuit_maintenance.domain.errors import MailboxError
from nautobot_circuit_maintenance.mailboxes import older_keys
from nautobot_circuit_maintenance.mailboxes.credentials import CONSENT_TYPE
from nautobot_circuit_maintenance.mailboxes.kinds import MAILBOX_KINDS, known_keys, settings_class
from nautobot_circuit_maintenance.mailboxes.secret_settings import SecretReader, SettingsProblem
from nautobot_circuit_maintenance.mailboxes.settings import FALLBACK, SourceSettings
from nautobot_circuit_maintenance.metric_settings import MetricSettings
from nautobot_circuit_maintenance.risk_settings import RiskSettings
from nautobot_circuit_maintenance.secrets_groups import read_secret
from nautobot_circuit_maintenance.stored_consents import read_consent

PACKAGE = "nautobot_circuit_maintenance"

_NUMBERS = ("raw_notification_initial_days_since", "max_message_size", "dashboard_n_days", "backlog_per_worker")
_HOST = re.compile(r"[A-Za-z0-9._-]+")
_STRING = (str, "a string")
_STRING_OR_LIST = ((str, list, tuple), "a string or a list of strings")
_DICTIONARY = (Mapping, "a dictionary")
_TYPES: dict[type, tuple[Any, str]] = {bool: (bool, "True or False"), tuple: ((list, tuple), "a list of strings")}
"""What a key of a source must be, by the type of its default; all others are strings."""
_ENTRY_HINT = "Each entry in notification_sources must be a dictionary with 'name' and 'url'."
_MAX_NAME_LENGTH = 100


@dataclass(frozen=True)
class AppSettings:
    """All settings of the app; a source with a problem is in ``problems`` and not in ``sources``."""

    sources: tuple[SourceSettings, ...] = ()
    raw_notification_initial_days_since: int = 7
    """Days of backlog that are read for a new sender."""
    max_message_size: int = 25 * 1024 * 1024
    """Bytes; of a larger message only the headers are kept."""
    dashboard_n_days: int = 30
    """Days that the dashboard looks ahead."""
    backlog_per_worker: int = 500
    """Ask one more worker for help per this many new notifications."""
    trusted_hosts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Trusted authserv-ids (lower case) per source that requires authentication. Misconfigured sources are included, so
    that a typo never disables the check."""
    risk: RiskSettings = field(default_factory=RiskSettings)
    """What counts for the risk of losing redundancy."""
    channels: Channels = field(default_factory=Channels)
    """Where messages go out, and the name of this Nautobot."""
    metrics: MetricSettings = field(default_factory=MetricSettings)
    """What a monitoring system gets."""
    problems: tuple[SettingsProblem, ...] = ()
    warnings: tuple[SettingsProblem, ...] = ()
    """What became of settings that only the older package of this name has."""

    @property
    def verifying_sources(self) -> frozenset[str]:
        """The names of the sources whose messages the app verifies itself where no trusted server has (DKIM)."""
        return frozenset(source.name for source in self.sources if source.dkim == FALLBACK)

    @property
    def source_names(self) -> set[str]:
        """The name of every source in PLUGINS_CONFIG, also of misconfigured ones."""
        return {each.name for each in self.sources} | {each.source for each in self.problems if each.source}

    def source(self, name: str) -> SourceSettings:
        """Return the settings of the source of this name; raises MailboxError if they are missing or wrong."""
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
    entries, entries_problems = _entries(config)
    numbers, number_problems = _numbers(config)
    sources, source_problems = _sources(entries)
    risk, metrics = risk_settings.parse(config), metric_settings.parse(config)
    channels = channel_settings.parse(config, _channel_reader)
    problems = [*_unknown_keys(config), *number_problems, *risk.problems, *metrics.problems, *entries_problems]
    problems += [*source_problems, *channels.problems]
    older = [
        warning for entry in entries if older_keys.is_older(entry) for warning in older_keys.source_warnings(entry)
    ]
    return AppSettings(
        sources=tuple(sources),
        trusted_hosts=_trusted_hosts(entries),
        risk=risk,
        channels=channels,
        metrics=metrics,
        problems=tuple(problems),
        warnings=(*older_keys.app_warnings(config), *older),
        **numbers,
    )


def _unknown_keys(config: Mapping[str, Any]) -> Iterator[SettingsProblem]:
    """Report misspelled keys, which would be ignored silently."""
    own = (*risk_settings.NAMES, *metric_settings.NAMES, *channel_settings.NAMES)
    known = ("notification_sources", *_NUMBERS, *own)
    for key in sorted((each for each in config if each not in known and not older_keys.is_app_key(each)), key=str):
        yield SettingsProblem("E010", f"Unknown setting '{key}'.", f"Valid settings: {', '.join(known)}.")


def _numbers(config: Mapping[str, Any]) -> tuple[dict[str, int], list[SettingsProblem]]:
    """Return the numbers that are valid; the defaults stand in for the others."""
    numbers, problems = {}, []
    for name in _NUMBERS:
        value = config.get(name, getattr(AppSettings, name))
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            numbers[name] = value
        else:
            problems.append(SettingsProblem("E001", f"Invalid value {value!r} for {name}.", "Use a positive integer."))
    return numbers, problems


def _entries(config: Mapping[str, Any]) -> tuple[Sequence[Any], list[SettingsProblem]]:
    """Return the entries of the sources; none if they are not a list."""
    entries = config.get("notification_sources", [])
    if isinstance(entries, (list, tuple)):
        return entries, []
    return [], [SettingsProblem("E002", "notification_sources is not a list.", _ENTRY_HINT)]


def _sources(entries: Sequence[Any]) -> tuple[list[SourceSettings], list[SettingsProblem]]:
    """Return the settings of the sources without problems, and the problems of the others."""
    sources: list[SourceSettings] = []
    problems: list[SettingsProblem] = []
    for position, written in enumerate(entries, start=1):
        is_older = older_keys.is_older(written)
        entry = older_keys.translated(written) if is_older else written
        found = list(_entry_problems(position, entry))
        if not found:
            found = list(_source_problems(entry, {source.name.lower() for source in sources}))
        if is_older:
            found = [replace(each, is_warning=True) for each in found]
        settings_type = None if found else settings_class(entry["url"])
        if settings_type:
            sources.append(settings_type.from_entry(entry, _reader(entry)))
        problems += found
    return sources, problems


def _reader(entry: Mapping[str, Any]) -> SecretReader:
    """Return what reads the secrets of a source that are not in its entry: from its secrets group, or its consent."""

    def read(secret_type: str) -> str:
        group = entry.get("secrets_group")
        value = read_secret(group, entry["name"], secret_type) if group else ""
        if not value and secret_type == CONSENT_TYPE and entry.get("client_id"):
            value = read_consent(entry["name"], entry.get("account", ""))
        return value

    return read


def _channel_reader(entry: Mapping[str, Any]) -> SecretReader:
    """Return what reads the secrets of a channel that are not in its entry."""
    group = entry.get("secrets_group")
    return lambda secret_type: read_secret(group, "", secret_type) if group else ""


def _trusted_hosts(entries: Sequence[Any]) -> dict[str, frozenset[str]]:
    """Map each source that requires authentication to its valid trusted hosts; an empty set trusts no host."""
    trusted = {}
    for entry in entries:
        if not isinstance(entry, Mapping) or not entry.get("require_authentication"):
            continue
        if isinstance(entry.get("name"), str):
            hosts = (host.lower() for host in _list(entry.get("trusted_authserv_ids")) if _is_host(host))
            trusted[entry["name"]] = frozenset(hosts)
    return trusted


def _list(value: Any) -> Sequence[Any]:
    """Return value if it is a list or tuple, else an empty list."""
    return value if isinstance(value, (list, tuple)) else ()


def _is_host(value: Any) -> bool:
    """Return whether this can be the name of a mail server."""
    return isinstance(value, str) and bool(_HOST.fullmatch(value))


def _entry_problems(position: int, entry: Any) -> Iterator[SettingsProblem]:
    """Yield what keeps an entry from becoming settings at all."""
    if not isinstance(entry, Mapping) or not entry.get("name") or not isinstance(entry.get("name"), str):
        yield SettingsProblem("E003", f"Entry {position} of notification_sources has no name.", _ENTRY_HINT)
        return
    name, known = entry["name"], known_keys()
    for key in sorted(set(entry) - set(known), key=str):
        hint = f"Valid settings: {', '.join(known)}."
        yield SettingsProblem("E004", f"Unknown setting '{key}' in notification source '{name}'.", hint, name)
    for key, value in entry.items():
        wanted_type, wanted = _wanted(known[key]) if key in known else (object, "")
        if not isinstance(value, wanted_type):
            message = f"'{key}' of notification source '{name}' is not {wanted}."
            yield SettingsProblem("E005", message, f"Use {wanted}.", name)


def _wanted(key: "Field[Any]") -> tuple[Any, str]:
    """Return the type that a key must have, and its name for a sentence."""
    if key.type == Mapping[str, str]:
        return _DICTIONARY
    return _STRING_OR_LIST if key.type == str | Sequence[str] else _TYPES.get(type(key.default), _STRING)


def _source_problems(entry: Mapping[str, Any], names: set[str]) -> Iterator[SettingsProblem]:
    """Yield what is wrong or missing in an entry whose keys and types are right."""
    name = entry["name"]
    if name.lower() in names:
        hint = "Give each source its own name."  # names that differ in case only are equal to MySQL
        message = f"Duplicate notification source name '{name}' (names are case-insensitive)."
        yield SettingsProblem("E006", message, hint, name)
    if len(name) > _MAX_NAME_LENGTH:
        message = f"The name of notification source '{name}' is too long."
        yield SettingsProblem("E006", message, f"Use at most {_MAX_NAME_LENGTH} characters.", name)
    settings_type = _settings_class(entry.get("url", ""))
    if settings_type is None:
        hint = f"Use {', or '.join(kind.settings.url_example for kind in MAILBOX_KINDS.values())}."
        message = f"The url of notification source '{name}' is missing or unsupported."
        yield SettingsProblem("E007", message, hint, name)
        return
    yield from settings_type.problems(entry)
    is_required = entry.get("require_authentication", False) and entry.get("dkim") != FALLBACK
    yield from _trust_problems(name, is_required, entry.get("trusted_authserv_ids", ()))


def _settings_class(url: str) -> type[SourceSettings] | None:
    """Return the settings class for a URL; None for one that is malformed or that no mailbox kind reads."""
    try:
        return settings_class(url) if urlsplit(url).port != 0 else None
    except ValueError:  # urlsplit: a port that is not a number, brackets that do not close
        return None


def _trust_problems(name: str, is_required: bool, hosts: Sequence[Any]) -> Iterator[SettingsProblem]:
    """Yield what is wrong with the mail servers that a source trusts."""
    hint = "Use the authserv-ids your mail servers add to Authentication-Results headers: ['mx.example.com']."
    if is_required and not hosts:
        message = (
            f"Notification source '{name}' requires authentication but has no trusted servers, so all email is refused."
        )
        yield SettingsProblem("E011", message, f"Set 'trusted_authserv_ids'. {hint}", name)
    for host in hosts:
        if not _is_host(host):
            message = (
                f"'trusted_authserv_ids' of notification source '{name}' contains {host!r}, which is not a host name."
            )
            yield SettingsProblem("E012", message, hint, name)
