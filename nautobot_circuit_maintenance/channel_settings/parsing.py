"""From PLUGINS_CONFIG to the settings of the channels; never raises, mistakes are values."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from typing import Any

from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.channel_settings.kinds import CHANNEL_KINDS
from nautobot_circuit_maintenance.mailboxes.secret_settings import SecretReader, SettingsProblem

NAMES = ("instance", "nautobot_url", "channels")
_INSTANCE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
"""It becomes the last part of UIDs in calendars and of List-Id, and must be found in comments of silences."""
_ADDRESS = re.compile(r"https?://[A-Za-z0-9\[][^\s?#]*")
_MAX_NAME_LENGTH = 100
_ENTRY_HINT = "Each entry in channels must be a dictionary with 'name' and 'kind'."
_TYPES: dict[Any, tuple[Any, str]] = {
    bool: (bool, "True or False"),
    int: (int, "a whole number"),
    Sequence[str]: ((list, tuple), "a list of strings"),
    Mapping[str, str]: (Mapping, "a dictionary"),
}
"""What a key must be, by its annotation; all others are strings."""
_STRING = (str, "a string")


@dataclass(frozen=True)
class Channels:
    """The channels that are configured; one with a problem is in ``problems`` and not in ``entries``."""

    instance: str = ""
    """The name of this Nautobot, which has no default: test and live must differ."""
    entries: tuple[ChannelSettings, ...] = ()
    problems: tuple[SettingsProblem, ...] = ()
    nautobot_url: str = ""
    """The address under which people open this Nautobot, without a slash at its end; empty: messages have no links."""

    @property
    def names(self) -> set[str]:
        """The name of every channel in PLUGINS_CONFIG, also of misconfigured ones."""
        return {each.name for each in self.entries} | {each.source for each in self.problems if each.source}


def parse(config: Mapping[str, Any], reader: Callable[[Mapping[str, Any]], SecretReader]) -> Channels:
    """Turn these settings into values; ``reader`` returns what reads the secrets of an entry."""
    written = config.get("channels", [])
    if not isinstance(written, (list, tuple)):
        return Channels(problems=(SettingsProblem("E040", "channels is not a list.", _ENTRY_HINT),))
    instance = config.get("instance", "")
    unnamed = list(_instance_problems(instance, bool(written)))
    url = config.get("nautobot_url", "")
    problems = [*unnamed, *_url_problems(url)]
    entries: list[ChannelSettings] = []
    for position, entry in enumerate(written, start=1):
        found = list(_entry_problems(position, entry)) or list(
            _problems(entry, {each.name.lower() for each in entries})
        )
        problems += found
        if not found and not unnamed:
            kind = CHANNEL_KINDS[entry["kind"]]
            entries.append(kind.settings.from_entry({**entry, "instance": instance}, reader(entry)))
    address = url.rstrip("/") if isinstance(url, str) and _ADDRESS.fullmatch(url) else ""
    return Channels("" if unnamed else instance or "", tuple(entries), tuple(problems), address)


def _url_problems(url: Any) -> Iterator[SettingsProblem]:
    if url != "" and not (isinstance(url, str) and _ADDRESS.fullmatch(url)):
        message = "'nautobot_url' is not a web address."
        yield SettingsProblem("E055", message, "Use the address that people open: 'https://nautobot.example.com'.")


def _instance_problems(instance: Any, is_required: bool) -> Iterator[SettingsProblem]:
    is_missing = instance in ("", None)
    if is_missing and not is_required:
        return
    if not isinstance(instance, str) or not _INSTANCE.fullmatch(instance):
        message = "'instance' is missing." if is_missing else "'instance' is not a name for this Nautobot."
        hint = "Use letters, digits, dots and hyphens, another name in each Nautobot: 'nautobot-live', 'nautobot-test'."
        yield SettingsProblem("E041", message, hint)


def _entry_problems(position: int, entry: Any) -> Iterator[SettingsProblem]:
    """Yield what keeps an entry from becoming settings at all."""
    if not isinstance(entry, Mapping) or not all(isinstance(entry.get(key), str) for key in ("name", "kind")):
        yield SettingsProblem("E042", f"Entry {position} of channels has no name or no kind.", _ENTRY_HINT)
        return
    name = entry["name"]
    if not name or len(name) > _MAX_NAME_LENGTH:
        hint = f"Use 1 to {_MAX_NAME_LENGTH} characters."
        yield SettingsProblem("E042", f"The name of entry {position} of channels is empty or too long.", hint)
    elif entry["kind"] not in CHANNEL_KINDS:
        message = f"'kind' of channel '{name}' is {entry['kind']!r}, which is not known."
        yield SettingsProblem("E043", message, f"Use {', '.join(CHANNEL_KINDS)}.", name)
    else:
        yield from _key_problems(entry)


def _key_problems(entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
    """Yield the keys that a kind does not have, and those with a value of another type."""
    name = entry["name"]
    known = {each.name: each for each in fields(CHANNEL_KINDS[entry["kind"]].settings) if each.name != "instance"}
    for key, value in entry.items():
        if key not in known and key != "kind":
            hint = f"Valid settings: kind, {', '.join(known)}."
            yield SettingsProblem("E044", f"Unknown setting '{key}' in channel '{name}'.", hint, name)
        elif key in known and not _has_type(value, known[key]):
            wanted = _TYPES.get(known[key].type, _STRING)[1]
            yield SettingsProblem("E046", f"'{key}' of channel '{name}' is not {wanted}.", f"Use {wanted}.", name)


def _has_type(value: Any, key: "Field[Any]") -> bool:
    wanted = _TYPES.get(key.type, _STRING)[0]
    return isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))


def _problems(entry: Mapping[str, Any], names: set[str]) -> Iterator[SettingsProblem]:
    """Yield what is wrong in an entry whose keys and types are right."""
    if entry["name"].lower() in names:
        message = f"Duplicate channel name '{entry['name']}' (names are case-insensitive)."
        yield SettingsProblem("E047", message, "Give each channel its own name.", entry["name"])
    yield from CHANNEL_KINDS[entry["kind"]].settings.problems(entry)
