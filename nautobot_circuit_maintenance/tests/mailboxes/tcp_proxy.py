"""A proxy in front of a TLS server: it sees the commands, and can change or cut the answers."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from development.services.wire import Connection, Cut, relay


@dataclass
class Proxy:
    """Plain text on this side, TLS on the server's."""

    port: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    """What clients asked for: the command lines without their tags."""
    change: Callable[[bytes], bytes] = bytes
    """Applied to every piece of an answer; raises OSError to end the connection."""
    cut_at: bytes = b""
    """Text in an answer at which the connection ends."""

    def names(self) -> list[str]:
        """Return the names of the commands."""
        return [" ".join(line.split()[: 2 if line.startswith("UID ") else 1]) for line in self.commands]

    def line(self, client: socket.socket, server: socket.socket) -> Connection:
        """Begin a connection."""
        self.connections += 1
        return _Session(client, server, self)


@dataclass
class _Session(Connection):
    """One connection; notes the commands."""

    proxy: Proxy
    begun: bytes = b""

    def to_server(self, data: bytes) -> None:
        """Note the commands, and send them on."""
        *lines, self.begun = (self.begun + data).split(b"\r\n")
        self.proxy.commands += [line.decode("latin-1").partition(" ")[2] for line in lines]
        super().to_server(data)

    def to_client(self, data: bytes) -> None:
        """Send on what is left of it."""
        if self.proxy.cut_at and self.proxy.cut_at in data:
            super().to_client(data.partition(self.proxy.cut_at)[0])
            raise Cut
        super().to_client(self.proxy.change(data))


@contextmanager
def proxy_to(port: int, context: ssl.SSLContext) -> Iterator[Proxy]:
    """Forward connections to a port of this machine until the block ends."""
    proxy = Proxy()
    with relay(proxy.line, port, connect=context) as proxy.port:
        yield proxy
