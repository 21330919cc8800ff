"""Sends messages to a chat service by the library apprise, behind walls: it logs, redirects and mentions what it is given."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from nautobot_circuit_maintenance.channel_settings.chat import ChatSettings, url_problem
from nautobot_circuit_maintenance.domain.text import shortened, storable
from nautobot_circuit_maintenance.outbound.channels.base import Channel, error_text
from nautobot_circuit_maintenance.outbound.channels.errors import ChannelUnavailable, TryAgain, Unsure
from nautobot_circuit_maintenance.outbound.channels.quiet import quiet
from nautobot_circuit_maintenance.outbound.messages import Message

_FORCED = "redirect=no&verify=yes&cto=5&rto=15&retry=0&optional=no&overflow=truncate&emojis=no&store=no"
"""Parameters of every URL: no redirects, short time-outs, one message, and a failure is one."""
_SHORTEST_SECRET = 6
"""Characters of a part of the URL that is taken for a secret."""
_LONGEST_TEXT = 30_000
_ZERO_WIDTH = "\N{ZERO WIDTH SPACE}"
_DEFUSED = str.maketrans({"@": f"@{_ZERO_WIDTH}", "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"})
_DEFUSED |= str.maketrans({">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"})
# What makes a link of words in Markdown: the words of a provider could show another address than the one behind them.
_LINK = re.compile(r"\](?=\()")


class ChatChannel(Channel):
    """One chat service."""

    settings: ChatSettings

    def __init__(self, settings: ChatSettings, service: Any) -> None:
        """Take an ``Apprise`` with exactly one service."""
        super().__init__(settings)
        self._service = service

    @classmethod
    @contextmanager
    def open(cls, settings: ChatSettings) -> Iterator["ChatChannel"]:
        """Have apprise read the URL; nothing is asked before the first message. Raises ChannelUnavailable."""
        url = settings.url.value()
        if problem := url_problem(url):  # before apprise sees it: it writes a URL that it does not know into its log
            raise ChannelUnavailable("CHAT-01", f"The url of channel '{settings.name}' {problem}.")
        for part in _secret_parts(url):
            settings.url.derive(part)
        yield cls(settings, _service(settings, url))

    def _send(self, message: Message) -> None:
        body = defused(message.text)[:_LONGEST_TEXT]
        with quiet() as lines:
            result = self._service.notify(
                body=body, title=defused(shortened(message.subject, 250)), body_format="text", interpret_escapes=False
            )
        if bool(result):  # an object, which is never True itself
            return
        reason = error_text(" ".join(lines) or "no reason was given", self.settings)
        if getattr(getattr(result, "status", None), "name", "") in ("TIMEOUT", "PARTIAL"):
            raise Unsure("CHAT-04", f"The chat service may have taken the message or a part of it ({reason}).")
        raise TryAgain("CHAT-05", f"The chat service did not accept the message ({reason}).")


def defused(text: str) -> str:
    """Return text in which no service finds a mention, a command, or a link with words of its own."""
    return _LINK.sub(f"]{_ZERO_WIDTH}", storable(text).translate(_DEFUSED))


def _service(settings: ChatSettings, url: str) -> Any:
    """Return an ``Apprise`` with the service of a URL."""
    try:
        import apprise  # pylint: disable=import-outside-toplevel  # of an extra
    except ImportError:
        sentence = "The library apprise is not installed; install the app's extra 'chat'."
        raise ChannelUnavailable("CHAT-02", sentence) from None
    with quiet() as lines:
        asset = apprise.AppriseAsset(
            app_id="Circuit Maintenance",
            app_desc="Nautobot",
            app_url="",
            secure_logging=True,
            storage_mode=apprise.PersistentStoreMode.MEMORY,
            plugin_paths=[],
            async_mode=False,
            http_redirects=False,
            interpret_emojis=False,
            default_service_retry=0,
            service_timeout=0,  # with one, it sends in a thread that continues after the time
        )
        found = apprise.Apprise(asset=asset)
        is_added = found.add(f"{url}{'&' if '?' in url else '?'}{_FORCED}")
    if not is_added or len(found) != 1 or not _is_walled(found[0]):
        reason = error_text(" ".join(lines) or "it is not one service", settings)
        raise ChannelUnavailable("CHAT-03", f"apprise does not accept the url of channel '{settings.name}' ({reason}).")
    return found


def _is_walled(service: Any) -> bool:
    """Return whether the service is one of apprise's own, and took over what is forced."""
    is_own = type(service).__module__.startswith("apprise.plugins.")
    is_strict = service.verify_certificate is True and service.redirects is False and service.optional is False
    return is_own and is_strict and not getattr(service, "template", None)


def _secret_parts(url: str) -> Iterator[str]:
    """Yield what follows the scheme, and its parts: in most services even the host is a token."""
    rest = url.partition("://")[2]
    for each in (rest, *re.split(r"[/?&=@:#]+", rest)):
        if len(each) >= _SHORTEST_SECRET:
            yield from {each, unquote(each)}
