"""Settings of a channel that leads to a chat service, by the library apprise."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nautobot_circuit_maintenance.channel_settings.base import ChannelSettings
from nautobot_circuit_maintenance.mailboxes.credentials import Secret, secret_field
from nautobot_circuit_maintenance.mailboxes.secret_settings import Required, SettingsProblem

SCHEMES = (
    *("slack", "workflows", "mmost", "mmosts", "discord", "pagerduty", "opsgenie", "tgram", "gchat", "wxteams"),
    *("matrix", "matrixs", "ntfy", "ntfys", "rocket", "rockets"),
)
"""The services that a channel may lead to, as apprise's URLs begin; the others reach files, programs and mail."""
_SCHEME = re.compile(r"([a-z]+)://[^\s,;]+")
PARAMETERS = frozenset(
    "action alias api-version auth avatar blocks botname channel channels class discovery entity fields flags footer group hsreq"
    " icon_url id image key mdv mode msgtype pa path powerautomate preview priority region route routeid severity sig silent"
    " sp sv tags team thread timestamp to token topic ver version webhook workspace wrap xtags".split()
)
"""Of the services; the others of apprise read files, reach other addresses, mention everyone, hide a failure, send twice, or
turn off what the app turns on."""


@dataclass(frozen=True)
class ChatSettings(ChannelSettings):
    """The service, as apprise writes it."""

    kind: ClassVar[str] = "chat"
    required: ClassVar[tuple[Required, ...]] = ("url",)

    url: Secret = secret_field("url")
    """One URL of apprise; its path and query are secrets."""

    @classmethod
    def problems(cls, entry: Mapping[str, Any]) -> Iterator[SettingsProblem]:
        """Yield what is wrong with the URL; one of a secrets group is looked at when it is used."""
        yield from super().problems(entry)
        problem = url_problem(entry["url"]) if entry.get("url") else ""
        if problem:
            hint = f"Use one URL of apprise: {', '.join(SCHEMES)}."
            yield SettingsProblem("E053", f"The url of channel '{entry['name']}' {problem}.", hint, entry["name"])


def url_problem(url: str) -> str:
    """Return what is wrong with a URL of apprise, without a part of it; empty if nothing is."""
    found = _SCHEME.fullmatch(url)
    if not found:
        return "is not one URL of a service"
    if "://" in url[found.end(1) + 3 :]:
        return "names more than one service, or another URL"
    if found[1] not in SCHEMES:
        return "begins with a scheme that is not supported"
    if any(key not in PARAMETERS for key in _keys(url)):
        return "has a parameter that is not supported (such as verify, redirect, template, attach, ping or time-outs)"
    return ""


def _keys(url: str) -> list[str]:
    """Return the names of the parameters, as they are written."""
    query = url.partition("?")[2]
    return [pair.partition("=")[0] for pair in query.replace("?", "&").split("&")] if query else []
