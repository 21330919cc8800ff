"""A proxy on loopback for tests and chaos: what stands between client and server changes, delays or cuts the bytes.

One loop forwards every connection; a kind of `Line` says what becomes of the bytes. `Wire` is the one that knows no
protocol: where TLS runs through it, a byte that it garbles is noticed by whoever gets it.
"""

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from random import Random

WIRE_FAULTS = ("wire-cut", "wire-delay", "wire-truncate", "wire-garble")


class Cut(OSError):
    """The connection ends here."""


@dataclass
class Fault:
    """Waits for its moment: a command, or a number of bytes that the server has sent."""

    kind: str
    command: str = ""
    bytes_left: int = 0


@dataclass
class FaultInjector:
    """What the proxies of one network share: at most one fault waits, and strikes once."""

    dice: Random
    delay: float
    """Seconds that a delay lasts: longer than the client waits."""
    bytes: int = 0
    """What went over the wire so far, in both directions."""
    answered: int = 0
    """What of it came from the server."""
    sessions: int = 0
    """How many are open now."""
    armed: Fault | None = None

    def take(self, kinds: tuple[str, ...], command: str = "", size: int = 0) -> Fault | None:
        """Return the fault if its moment has come."""
        fault = self.armed
        if fault is None or fault.kind not in kinds or fault.command != command:
            return None
        if fault.bytes_left > size:
            fault.bytes_left -= size
            return None
        self.armed = None
        return fault


@dataclass
class Line:
    """One connection through a proxy; this one leaves the bytes alone."""

    client: socket.socket
    server: socket.socket

    def ask(self, data: bytes) -> None:
        """Do with these bytes of the client what is to be done; raises OSError where the connection ends."""
        self.server.sendall(data)

    def answer(self, data: bytes) -> None:
        """Do with these bytes of the server what is to be done; raises OSError where the connection ends."""
        self.client.sendall(data)

    def forward(self) -> None:
        """Serve both directions in one thread: OpenSSL does not read and write one connection at the same time."""
        ends = {self.client: self.ask, self.server: self.answer}
        while True:
            # What OpenSSL has decrypted already is no longer in the socket.
            pending = [end for end in ends if isinstance(end, ssl.SSLSocket) and end.pending()]
            for end in pending or select.select(list(ends), [], [])[0]:
                data = end.recv(65536)
                if not data:
                    return
                ends[end](data)


@dataclass
class Wire(Line):
    """One connection as the network sees it; the faults are those of the ambush."""

    ambush: FaultInjector
    is_silent: bool = False

    def forward(self) -> None:
        """Count the session while it lasts."""
        self.ambush.sessions += 1
        try:
            super().forward()
        finally:
            self.ambush.sessions -= 1

    def ask(self, data: bytes) -> None:
        """Send it on."""
        self.ambush.bytes += len(data)
        self.server.sendall(data)

    def answer(self, data: bytes) -> None:
        """Send an answer on, or what the network leaves of it."""
        self.ambush.bytes += len(data)
        self.ambush.answered += len(data)
        if self.is_silent:
            return
        fault = self.ambush.take(WIRE_FAULTS, size=len(data))
        self.client.sendall(self._damaged(data, fault) if fault else data)
        if fault and fault.kind == "wire-cut":
            raise Cut
        self.is_silent = fault is not None and fault.kind == "wire-truncate"

    def _damaged(self, data: bytes, fault: Fault) -> bytes:
        place = max(0, min(fault.bytes_left, len(data) - 1))
        if fault.kind == "wire-garble":
            return data[:place] + bytes([data[place] ^ (1 << self.ambush.dice.randrange(8))]) + data[place + 1 :]
        if fault.kind == "wire-delay":
            time.sleep(self.ambush.delay)
            return data
        return data[:place]


@contextmanager
def listener() -> Iterator[socket.socket]:
    """Listen on a free port of the loopback interface."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


@contextmanager
def relay(
    line: Callable[[socket.socket, socket.socket], Line],
    port: int,
    *,
    accept: ssl.SSLContext | None = None,
    connect: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """Forward connections to a port of this machine until the block ends; yield the port to use instead.

    Each connection is a `line` made of the client's and the server's socket; a context ends TLS on that side.
    """

    def serve(client: socket.socket) -> None:
        with suppress(OSError), closing(client), closing(_connected(port)) as server:  # either side may hang up
            inside = accept.wrap_socket(client, server_side=True) if accept else client
            beyond = connect.wrap_socket(server, server_hostname="localhost") if connect else server
            with closing(inside), closing(beyond):
                line(inside, beyond).forward()

    with listener() as outside:
        threading.Thread(target=_accept, args=(outside, serve), daemon=True).start()
        try:
            yield outside.getsockname()[1]
        finally:
            with suppress(OSError):
                outside.shutdown(socket.SHUT_RDWR)  # ends accept()


def _accept(outside: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    """Give each connection a thread of its own."""
    with suppress(OSError):  # the listening socket was closed
        while True:
            client = outside.accept()[0]
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(client,), daemon=True).start()


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
