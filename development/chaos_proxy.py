"""Between the app and the mail server: a proxy for the bytes on the wire, behind it one that knows IMAP's commands.

The first sees what TLS made of the session, as the network does: a byte that it garbles is noticed by whoever gets it.
The second ends TLS and disturbs the answer to a certain command.
"""

import random
import select
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from development.imap import ImapServer

ANSWER_SECONDS = 2.0
"""How long chaos's workers wait for an answer of the mail server."""

WIRE_FAULTS = ("wire-cut", "wire-delay", "wire-truncate", "wire-garble")
COMMAND_FAULTS = ("imap-cut", "imap-cut-answer", "imap-nonsense", "imap-delay", "imap-no")


@dataclass
class Armed:
    """A fault that waits for its moment: a command, or a number of bytes that the server has sent."""

    kind: str
    command: str = ""
    bytes_left: int = 0


class _Cut(OSError):
    """The connection ends here."""


@dataclass
class ImapProxy:
    """What both proxies share: at most one fault waits for its moment."""

    dice: random.Random
    port: int = 0
    bytes: int = 0
    """What went through so far, in both directions."""
    sessions: int = 0
    """How many are open now."""
    commands: Counter[str] = field(default_factory=Counter)
    """What the app asked for so far."""
    armed: Armed | None = None

    def take(self, kinds: tuple[str, ...], command: str = "", size: int = 0) -> Armed | None:
        """Return the fault if its moment has come; it strikes once."""
        fault = self.armed
        if fault is None or fault.kind not in kinds or fault.command != command:
            return None
        if fault.bytes_left > size:
            fault.bytes_left -= size
            return None
        self.armed = None
        return fault


@contextmanager
def imap_proxy(server: ImapServer, dice: random.Random) -> Iterator[ImapProxy]:
    """Forward connections to the server's TLS port until the block ends."""
    proxy = ImapProxy(dice)
    with closing(socket.create_server(("127.0.0.1", 0))) as outer, closing(_listener()) as inner:
        proxy.port = outer.getsockname()[1]
        _serve(outer, lambda client: _Wire(proxy, client, inner.getsockname()[1]).run())
        _serve(inner, lambda client: _Session(proxy, client, server).run())
        try:
            yield proxy
        finally:
            for listener in (outer, inner):
                with suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)  # ends accept()


def _listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def _serve(listener: socket.socket, work: Callable[[socket.socket], None]) -> None:
    """Accept connections in a thread, and give each a thread of its own."""

    def accept() -> None:
        with suppress(OSError):  # the listening socket was closed
            while True:
                client = listener.accept()[0]
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    def serve(client: socket.socket) -> None:
        with suppress(OSError), closing(client):  # either side may hang up at any time
            work(client)

    threading.Thread(target=accept, daemon=True).start()


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@dataclass
class _Wire:
    """One connection as the network sees it."""

    proxy: ImapProxy
    client: socket.socket
    port: int
    is_silent: bool = False

    def run(self) -> None:
        """Forward until either side hangs up."""
        self.proxy.sessions += 1
        try:
            with closing(_connect(self.port)) as upstream:
                while self._forward(upstream):
                    pass
        finally:
            self.proxy.sessions -= 1

    def _forward(self, upstream: socket.socket) -> bool:
        for source in select.select([self.client, upstream], [], [])[0]:
            data = source.recv(65536)
            if not data:
                return False
            self.proxy.bytes += len(data)
            if source is self.client:
                upstream.sendall(data)
            elif not self.is_silent:
                self._answer(data)
        return True

    def _answer(self, data: bytes) -> None:
        """Send an answer on, or what the network leaves of it."""
        fault = self.proxy.take(WIRE_FAULTS, size=len(data))
        if not fault:
            self.client.sendall(data)
            return
        place = max(0, min(fault.bytes_left, len(data) - 1))
        if fault.kind == "wire-garble":
            data = data[:place] + bytes([data[place] ^ (1 << self.proxy.dice.randrange(8))]) + data[place + 1 :]
        elif fault.kind == "wire-delay":
            time.sleep(ANSWER_SECONDS + 0.5)
        else:
            data = data[:place]
        self.client.sendall(data)
        if fault.kind == "wire-cut":
            raise _Cut
        self.is_silent = fault.kind == "wire-truncate"


@dataclass
class _Session:
    """One connection in clear text, with TLS on both sides."""

    proxy: ImapProxy
    client: socket.socket
    server: ImapServer
    asked: bytes = b""
    """The begin of a command."""
    answer_fault: str = ""
    """Strikes the next piece of an answer."""

    def run(self) -> None:
        """Serve the connection in one thread: OpenSSL does not read and write one connection at the same time."""
        folder = Path(self.server.ca_file).parent
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        with context.wrap_socket(self.client, server_side=True) as client:
            with self.server.tls_context().wrap_socket(
                _connect(self.server.tls_port), server_hostname="localhost"
            ) as up:
                while self._forward(client, up):
                    pass

    def _forward(self, client: ssl.SSLSocket, upstream: ssl.SSLSocket) -> bool:
        # What OpenSSL has decrypted already is no longer in the socket.
        pending = [each for each in (client, upstream) if each.pending()]
        for source in pending or select.select([client, upstream], [], [])[0]:
            data = source.recv(65536)
            if not data:
                return False
            if source is client:
                self._ask(data, client, upstream)
            else:
                client.sendall(self._changed(data))
                if self.answer_fault == "imap-cut-answer":
                    raise _Cut
                self.answer_fault = ""
        return True

    def _ask(self, data: bytes, client: ssl.SSLSocket, upstream: ssl.SSLSocket) -> None:
        """Send a command on, unless a fault waits for it."""
        self.asked += data
        if not self.asked.endswith(b"\r\n"):
            return  # a client may send a command in pieces
        data, self.asked = self.asked, b""
        tag, *words = data.upper().split(maxsplit=3)
        name = words[words[:1] == [b"UID"]].decode("latin-1")
        self.proxy.commands[name] += 1
        fault = self.proxy.take(COMMAND_FAULTS, command=name)
        kind = fault.kind if fault else ""
        if kind == "imap-cut":
            raise _Cut
        if kind == "imap-no":
            client.sendall(tag + b" NO [UNAVAILABLE] The store is being moved\r\n")
            return
        if kind == "imap-delay":
            time.sleep(ANSWER_SECONDS + 0.5)
        upstream.sendall(data)
        self.answer_fault = kind if kind in ("imap-cut-answer", "imap-nonsense") else ""

    def _changed(self, data: bytes) -> bytes:
        """Return what a fault leaves of the answer."""
        if self.answer_fault == "imap-cut-answer":
            return data[: self.proxy.dice.randrange(len(data))]
        if self.answer_fault == "imap-nonsense":
            return bytes(self.proxy.dice.randrange(128, 256) for _ in range(40)) + b"\r\n"
        return data
