"""A mail server on loopback (aiosmtpd) that can refuse, hang or hang up at each stage of a transaction."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from functools import lru_cache
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

ACCOUNT, PASSWORD = "nautobot", "correct-horse-battery"  # nosec B105 # of the tests
HANG, HANG_UP = "hang", "hang up"
"""Instead of a reply."""


@dataclass
class Received:
    """One message that the server took."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def email(self) -> Message:
        """The message, read leniently."""
        return message_from_bytes(self.content)


@dataclass
class MailServer:
    """What the server does, and what it has taken."""

    port: int = 0
    replies: dict[str, list[str]] = field(default_factory=dict)
    """By stage ("MAIL", "RCPT", "DATA", "END"): what to reply to the next commands, then as usual."""
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    logins: list[bytes] = field(default_factory=list)
    after_taking: Callable[[], object] | None = None
    """What happens when a message was taken, before the reply."""

    async def _reply(self, stage: str, server: SMTP) -> str | None:
        """Return what to reply instead of the usual; None: the usual."""
        planned = self.replies.get(stage)
        reply = planned.pop(0) if planned else None
        if reply == HANG:
            await asyncio.sleep(30)
        if reply in (HANG, HANG_UP):
            server.transport.abort()
            return "250 never seen"
        return reply

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802  # aiosmtpd's name
        """Count the sessions."""
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 # aiosmtpd looks the name up
        """Take or refuse the sender."""
        if reply := await self._reply("MAIL", server):
            return reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 # aiosmtpd looks the name up
        """Take or refuse a recipient."""
        if reply := await self._reply("RCPT", server):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 # aiosmtpd looks the name up
        """Take or refuse a message; what hangs or hangs up here has taken it."""
        planned = self.replies.get("END") or [""]
        if planned[0] in ("", HANG, HANG_UP):
            self.received.append(Received(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
            if self.after_taking:
                self.after_taking()
        return await self._reply("END", server) or "250 OK"

    def authenticate(self, server, session, envelope, mechanism, auth_data) -> AuthResult:
        """Take one account."""
        self.logins.append(auth_data.password)
        is_right = (auth_data.login, auth_data.password) == (ACCOUNT.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)


class _Server(SMTP):
    """Replies to the command DATA as planned: aiosmtpd has no hook for it."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 # aiosmtpd looks the name up
        """Refuse before the content, or take it."""
        if reply := await self.event_handler._reply("DATA", self):
            await self.push(reply)
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        self.handler.connections += 1
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def mail_server(**options: Any) -> Iterator[MailServer]:
    """Run a server; ``options`` are those of aiosmtpd, and ``ssl_context`` for TLS from the first byte."""
    server = MailServer()
    options = {"authenticator": server.authenticate, **options}
    controller = _Controller(server, hostname="127.0.0.1", port=_free_port(), **options)
    controller.start()
    server.port = controller.port
    server.connections = 0  # the controller itself has asked whether it is there
    try:
        yield server
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@lru_cache
def authority() -> trustme.CA:
    """Return a certificate authority of the tests."""
    return trustme.CA()


def server_context(name: str = "127.0.0.1") -> ssl.SSLContext:
    """Return what a server needs for TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority().issue_cert(name).configure_cert(context)
    return context


def ca_file(folder: Path) -> str:
    """Return the path of the authority's certificate."""
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return str(path)
