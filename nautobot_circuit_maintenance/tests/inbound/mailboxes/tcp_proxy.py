"""A TCP proxy in front of a TLS server: it sees the commands, and can change or cut the answers."""

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
    """Text in an answer after which the connection ends."""

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
            upstream = connect()
            for pump in (_commands, _answers):
                threading.Thread(target=pump, args=(proxy, client, upstream), daemon=True).start()


def _commands(proxy: Proxy, client: socket.socket, upstream: ssl.SSLSocket) -> None:
    with suppress(OSError), closing(client), closing(upstream):
        for line in client.makefile("rb"):
            proxy.commands.append(line.decode("latin-1").partition(" ")[2].strip())
            upstream.sendall(line)
        upstream.shutdown(socket.SHUT_RDWR)


def _answers(proxy: Proxy, client: socket.socket, upstream: ssl.SSLSocket) -> None:
    with suppress(OSError, ValueError), closing(client), closing(upstream):
        while piece := upstream.recv(65536):
            if proxy.cut_at and proxy.cut_at in piece:
                client.sendall(piece[: piece.index(proxy.cut_at) + len(proxy.cut_at)])
                break
            client.sendall(proxy.change(piece))
        client.shutdown(socket.SHUT_RDWR)
