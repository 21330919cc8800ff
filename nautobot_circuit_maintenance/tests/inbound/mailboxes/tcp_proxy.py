"""A TCP proxy in front of a TLS server: it sees the commands, and can change or cut the answers."""

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Plain text on this side, TLS on the server's."""

    port: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    """What clients asked for: the command lines without their tags."""
    change: Callable[[bytes], bytes] = bytes
    """Applied to every piece of an answer."""
    cut_at: bytes = b""
    """Text in an answer at which the connection ends."""

    def names(self) -> list[str]:
        """Return the names of the commands."""
        return [" ".join(line.split()[: 2 if line.startswith("UID ") else 1]) for line in self.commands]


@contextmanager
def listener() -> Iterator[socket.socket]:
    """Listen on a free port of the loopback interface."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


@contextmanager
def proxy_to(host: str, port: int, context: ssl.SSLContext) -> Iterator[Proxy]:
    """Forward connections until the block ends."""
    with listener() as server:
        proxy = Proxy(server.getsockname()[1])
        threading.Thread(
            target=_accept, args=(server, proxy, lambda: _connect(host, port, context)), daemon=True
        ).start()
        try:
            yield proxy
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)  # ends accept()


def _connect(host: str, port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    connection = socket.create_connection((host, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(connection, server_hostname=host)


def _accept(server: socket.socket, proxy: Proxy, connect: Callable[[], ssl.SSLSocket]) -> None:
    with suppress(OSError):  # the listening socket was closed
        while True:
            client, _address = server.accept()
            proxy.connections += 1
            threading.Thread(target=_forward, args=(proxy, client, connect()), daemon=True).start()


def _forward(proxy: Proxy, client: socket.socket, upstream: ssl.SSLSocket) -> None:
    """Serve one connection in one thread: OpenSSL does not read and write one connection at the same time."""
    with suppress(OSError), closing(client), closing(upstream):
        begun = b""
        while True:
            # What OpenSSL has decrypted already is no longer in the socket.
            ready = [upstream] if upstream.pending() else select.select([client, upstream], [], [])[0]
            if client in ready:
                data = client.recv(65536)
                *lines, begun = (begun + data).split(b"\r\n")
                proxy.commands += [line.decode("latin-1").partition(" ")[2] for line in lines]
                upstream.sendall(data)
            else:
                data = upstream.recv(65536)
                cut = bool(proxy.cut_at) and proxy.cut_at in data
                client.sendall(data.partition(proxy.cut_at)[0] if cut else proxy.change(data))
                data = b"" if cut else data
            if not data:
                return
