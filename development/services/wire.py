"""A loopback proxy for tests and chaos that changes, delays or cuts the bytes between client and server.

One loop forwards every connection; a subclass of `Connection` decides what happens to the bytes. `Wire` knows no
protocol: if TLS runs through it, the receiver notices a byte that it garbles.
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
    """A fault that strikes at a command, or after the server has sent a number of bytes."""

    kind: str
    command: str = ""
    bytes_left: int = 0


@dataclass
class FaultInjector:
    """State shared by the proxies of one network: at most one fault is pending, and it strikes once."""

    dice: Random
    delay: float
    """Length of a delay in seconds, longer than the client waits."""
    bytes: int = 0
    """Bytes forwarded so far, in both directions."""
    answered: int = 0
    """Bytes of these that came from the server."""
    sessions: int = 0
    """Number of open connections."""
    pending: Fault | None = None

    def take(self, kinds: tuple[str, ...], command: str = "", size: int = 0) -> Fault | None:
        """Return the pending fault if it strikes now."""
        fault = self.pending
        if fault is None or fault.kind not in kinds or fault.command != command:
            return None
        if fault.bytes_left > size:
            fault.bytes_left -= size
            return None
        self.pending = None
        return fault


@dataclass
class Connection:
    """One connection through a proxy; this class forwards the bytes unchanged."""

    client: socket.socket
    server: socket.socket

    def to_server(self, data: bytes) -> None:
        """Forward bytes of the client; raise OSError to end the connection."""
        self.server.sendall(data)

    def to_client(self, data: bytes) -> None:
        """Forward bytes of the server; raise OSError to end the connection."""
        self.client.sendall(data)

    def forward(self) -> None:
        """Serve both directions in one thread: OpenSSL cannot read and write one connection at the same time."""
        ends = {self.client: self.to_server, self.server: self.to_client}
        while True:
            # select() does not see what OpenSSL has already decrypted.
            pending = [end for end in ends if isinstance(end, ssl.SSLSocket) and end.pending()]
            for end in pending or select.select(list(ends), [], [])[0]:
                data = end.recv(65536)
                if not data:
                    return
                ends[end](data)


@dataclass
class Wire(Connection):
    """One connection as the network sees it, with the faults of the injector."""

    injector: FaultInjector
    is_silent: bool = False

    def forward(self) -> None:
        """Count the session while it lasts."""
        self.injector.sessions += 1
        try:
            super().forward()
        finally:
            self.injector.sessions -= 1

    def to_server(self, data: bytes) -> None:
        """Count and forward the bytes."""
        self.injector.bytes += len(data)
        self.server.sendall(data)

    def to_client(self, data: bytes) -> None:
        """Forward a response, or what the fault leaves of it."""
        self.injector.bytes += len(data)
        self.injector.answered += len(data)
        if self.is_silent:
            return
        fault = self.injector.take(WIRE_FAULTS, size=len(data))
        self.client.sendall(self._damaged(data, fault) if fault else data)
        if fault and fault.kind == "wire-cut":
            raise Cut
        self.is_silent = fault is not None and fault.kind == "wire-truncate"

    def _damaged(self, data: bytes, fault: Fault) -> bytes:
        place = max(0, min(fault.bytes_left, len(data) - 1))
        if fault.kind == "wire-garble":
            return data[:place] + bytes([data[place] ^ (1 << self.injector.dice.randrange(8))]) + data[place + 1 :]
        if fault.kind == "wire-delay":
            time.sleep(self.injector.delay)
            return data
        return data[:place]


@contextmanager
def listener() -> Iterator[socket.socket]:
    """Listen on a free port of the loopback interface."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


@contextmanager
def relay(
    make: Callable[[socket.socket, socket.socket], Connection],
    port: int,
    *,
    accept: ssl.SSLContext | None = None,
    connect: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """Forward connections to a port of this machine until the block ends; yield the port to use instead.

    `make` builds a connection from the client's and the server's socket; a context terminates TLS on that side.
    """

    def serve(client: socket.socket) -> None:
        with suppress(OSError), closing(client), closing(_connected(port)) as server:  # either side may hang up
            inside = accept.wrap_socket(client, server_side=True) if accept else client
            beyond = connect.wrap_socket(server, server_hostname="localhost") if connect else server
            with closing(inside), closing(beyond):
                make(inside, beyond).forward()

    with listener() as outside:
        threading.Thread(target=_accept, args=(outside, serve), daemon=True).start()
        try:
            yield outside.getsockname()[1]
        finally:
            with suppress(OSError):
                outside.shutdown(socket.SHUT_RDWR)  # ends accept()


def _accept(outside: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    """Serve each connection in its own thread."""
    with suppress(OSError):  # the listening socket was closed
        while True:
            client = outside.accept()[0]
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(client,), daemon=True).start()


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
